"""Stripe's error answers: one exception that knows its HTTP status and its JSON body."""

from __future__ import annotations

from typing import Any


class StripeError(Exception):
    """An answer other than 200. `details` are further members of the error object (`charge`, `payment_intent`, ...)."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        **details: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        error: dict[str, Any] = {"message": message, "type": kind, **details}
        if code:
            error["code"] = code
            error["doc_url"] = f"https://docs.stripe.com/error-codes/{code.replace('_', '-')}"
        if param:
            error["param"] = param
        self.body: dict[str, Any] = {"error": error}


def missing(kind: str, object_id: str, param: str = "id") -> StripeError:
    """A named object that isn't there: 404 for one in the address, 400 for one named by a parameter, as Stripe does."""
    status = 404 if param == "id" else 400
    name = kind.replace("checkout.session", "checkout session").replace("_", "")
    label = kind if kind in {"payment_intent", "setup_intent"} else name
    if kind == "payment_method":
        label = "PaymentMethod"
    return StripeError(f"No such {label}: '{object_id}'", status=status, code="resource_missing", param=param)


def api_error() -> StripeError:
    """Stripe's own 500."""
    return StripeError(
        "An unknown error occurred. Please retry your request, or contact support if the problem persists.",
        status=500,
        kind="api_error",
    )

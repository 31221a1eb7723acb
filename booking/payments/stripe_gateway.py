"""Stripe behind our protocol. The only file that knows its library."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import stripe
from django.conf import settings

from booking.payments.gateway import Gone, IntentSeen, RefundSeen, Refused, Seen, SessionSeen, Unknown

CONNECT_SECONDS = 3
READ_SECONDS = 10  # the library's own default is 80
PAGE = 100

stripe.enable_telemetry = False


def connect() -> "StripeGateway":
    """The gateway that the settings describe."""
    return _connect(settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE, settings.STRIPE_VERSION)


@lru_cache(maxsize=8)
def _connect(key: str, address: str, version: str) -> "StripeGateway":
    client = stripe.StripeClient(
        key,
        stripe_version=version,
        base_addresses={"api": address},
        max_network_retries=0,  # whether to ask again is decided by our command rows
        http_client=stripe.RequestsClient(timeout=(CONNECT_SECONDS, READ_SECONDS)),
    )
    return StripeGateway(client)


class StripeGateway:
    """Stripe's Checkout with manual capture. Ours are found again by `metadata[payment]`."""

    def __init__(self, client: stripe.StripeClient) -> None:
        self._api = client.v1

    def open_session(self, *, order: dict[str, Any], key: str) -> SessionSeen:
        """Open a page to pay on. What Stripe learns: amount, currency, language, addresses to return to, our id."""
        with _own_failures():
            session = self._api.checkout.sessions.create(_session_form(order), {"idempotency_key": key})
            return _session(session.to_dict())

    def expire_session(self, *, session_id: str, key: str) -> None:
        with _own_failures():
            self._api.checkout.sessions.expire(session_id, options={"idempotency_key": key})

    def look_up(self, *, session_id: str, intent_id: str) -> Seen:
        with _own_failures():
            session = self._session_with_intent(session_id) if session_id else None
            intent = session["payment_intent"] if session else None
            if intent is None and intent_id:
                intent = self._api.payment_intents.retrieve(intent_id).to_dict()
            refunds = self._refunds(intent["id"]) if intent and intent["status"] == "succeeded" else ()
            return Seen(_session(session) if session else None, _intent(intent) if intent else None, refunds)

    def find_session(self, *, payment_ref: str, since: datetime) -> SessionSeen | None:
        """The newest session of a payment. Lists, because Stripe's search lags behind."""
        ours = (session for session in self.sessions_since(since) if session.payment_ref == payment_ref)
        return next(ours, None)

    def sessions_since(self, since: datetime) -> Iterator[SessionSeen]:
        with _own_failures():
            page = self._api.checkout.sessions.list({"created": {"gte": int(since.timestamp())}, "limit": PAGE})
            for session in page.auto_paging_iter():
                yield _session(session.to_dict())

    def intents_since(self, since: datetime) -> Iterator[IntentSeen]:
        with _own_failures():
            page = self._api.payment_intents.list({"created": {"gte": int(since.timestamp())}, "limit": PAGE})
            for intent in page.auto_paging_iter():
                yield _intent(intent.to_dict())

    def capture(self, *, intent_id: str, amount: int, key: str) -> str:
        """Take `amount` minor units of what is authorised; the rest is released by Stripe."""
        with _own_failures():
            intent = self._api.payment_intents.capture(
                intent_id, {"amount_to_capture": amount}, {"idempotency_key": key}
            )
            return intent.id

    def void(self, *, intent_id: str, key: str) -> str:
        with _own_failures():
            return self._api.payment_intents.cancel(intent_id, options={"idempotency_key": key}).id

    def refund(self, *, intent_id: str, amount: int, payment_ref: str, command: str, key: str) -> str:
        with _own_failures():
            refund = self._api.refunds.create(
                {
                    "payment_intent": intent_id,
                    "amount": amount,
                    "metadata": {"payment": payment_ref, "command": command},
                },
                {"idempotency_key": key},
            )
            return refund.id

    def _session_with_intent(self, session_id: str) -> dict[str, Any]:
        session: dict[str, Any] = self._api.checkout.sessions.retrieve(
            session_id, {"expand": ["payment_intent"]}
        ).to_dict()
        return session

    def _refunds(self, intent_id: str) -> tuple[RefundSeen, ...]:
        """What went back of money that was taken; a released authorisation moves no balance and is left out."""
        page = self._api.refunds.list({"payment_intent": intent_id, "limit": PAGE})
        found = (refund.to_dict() for refund in page.auto_paging_iter())
        return tuple(_refund(refund) for refund in found if refund["balance_transaction"])


@contextmanager
def _own_failures() -> Iterator[None]:
    try:
        yield
    except stripe.InvalidRequestError as error:
        if error.http_status == 404 or error.code == "resource_missing":
            raise Gone(_said(error)) from error
        raise Refused(_said(error)) from error
    except (stripe.CardError, stripe.IdempotencyError) as error:
        raise Refused(_said(error)) from error
    except stripe.StripeError as error:
        # 500 is the one failure that Stripe keeps for a key; a gateway's 502 or a key in use is not an answer at all.
        busy = error.http_status == 409
        raise Unknown(_said(error), kept=error.http_status == 500, busy=busy) from error


def _said(error: stripe.StripeError) -> str:
    return f"{error.code or type(error).__name__}: {error.user_message or error.http_status or 'no answer'}"[:255]


def _session_form(order: dict[str, Any]) -> Any:
    ours = {"payment": order["payment"]}
    price = {
        "currency": order["currency"].lower(),
        "unit_amount": order["amount"],
        "product_data": {"name": order["description"]},
    }
    return {
        "mode": "payment",
        "client_reference_id": order["payment"],
        "line_items": [{"price_data": price, "quantity": 1}],
        "payment_intent_data": {
            "capture_method": "manual",
            "description": order["description"],
            "metadata": ours,
        },
        "metadata": ours,
        "payment_method_types": ["card"],
        "locale": order["locale"],
        "success_url": order["success_url"],
        "cancel_url": order["cancel_url"],
        "expires_at": order["expires_at"],
    }


def _session(body: dict[str, Any]) -> SessionSeen:
    intent = body.get("payment_intent") or ""
    return SessionSeen(
        id=body["id"],
        status=body["status"] or "",
        url=body.get("url") or "",
        intent_id=intent["id"] if isinstance(intent, dict) else intent,
        payment_ref=(body.get("metadata") or {}).get("payment", ""),
        created_at=datetime.fromtimestamp(body["created"], UTC),
    )


def _intent(body: dict[str, Any]) -> IntentSeen:
    return IntentSeen(
        id=body["id"],
        status=body["status"],
        amount=body["amount"],
        capturable=body.get("amount_capturable") or 0,
        received=body.get("amount_received") or 0,
        currency=body["currency"].upper(),
        payment_ref=(body.get("metadata") or {}).get("payment", ""),
        created_at=datetime.fromtimestamp(body["created"], UTC),
    )


def _refund(body: dict[str, Any]) -> RefundSeen:
    return RefundSeen(
        id=body["id"],
        amount=body["amount"],
        status=body["status"] or "",
        command=(body.get("metadata") or {}).get("command", ""),
    )

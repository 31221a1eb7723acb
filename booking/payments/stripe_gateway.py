"""Stripe behind our protocol. The only file that knows its library."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from typing import Any

import stripe
from django.conf import settings

from booking.payments.gateway import (
    DisputeSeen,
    Gone,
    IntentSeen,
    MethodSeen,
    MovementSeen,
    RefundSeen,
    Refused,
    Seen,
    SessionSeen,
    Unknown,
)
from booking.payments.stripe_bodies import (
    dispute_seen,
    intent_seen,
    is_disputed,
    method_kept,
    movement_seen,
    refund_seen,
    session_seen,
)

CONNECT_SECONDS = 3
READ_SECONDS = 10  # the library's own default is 80
PAGE = 100
_OF_INTENT = ["latest_charge", "payment_method"]

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
            return session_seen(session.to_dict())

    def expire_session(self, *, session_id: str, key: str) -> None:
        with _own_failures():
            self._api.checkout.sessions.expire(session_id, options={"idempotency_key": key})

    def look_up(self, *, session_id: str, intent_id: str) -> Seen:
        with _own_failures():
            session = self._session_with_intent(session_id) if session_id else None
            intent = session["payment_intent"] if session else None
            if intent is None and intent_id:
                intent = self._api.payment_intents.retrieve(intent_id, {"expand": _OF_INTENT}).to_dict()
            taken = intent is not None and intent["status"] == "succeeded"
            return Seen(
                session=session_seen(session) if session else None,
                intent=intent_seen(intent) if intent else None,
                refunds=self._refunds(intent["id"]) if intent and taken else (),
                disputes=self._disputes(intent["id"]) if intent and is_disputed(intent) else (),
            )

    def find_session(self, *, payment_ref: str, since: datetime) -> SessionSeen | None:
        """The newest session of a payment. Lists, because Stripe's search lags behind."""
        ours = (session for session in self.sessions_since(since) if session.payment_ref == payment_ref)
        return next(ours, None)

    def sessions_since(self, since: datetime) -> Iterator[SessionSeen]:
        with _own_failures():
            page = self._api.checkout.sessions.list({"created": {"gte": int(since.timestamp())}, "limit": PAGE})
            for session in page.auto_paging_iter():
                yield session_seen(session.to_dict())

    def intents_since(self, since: datetime) -> Iterator[IntentSeen]:
        with _own_failures():
            page = self._api.payment_intents.list({"created": {"gte": int(since.timestamp())}, "limit": PAGE})
            for intent in page.auto_paging_iter():
                yield intent_seen(intent.to_dict())

    def movements_since(self, since: datetime) -> Iterator[MovementSeen]:
        """What came to our account and left it, the newest first; what is only held moves nothing."""
        return self._movements({"created": {"gte": int(since.timestamp())}})

    def movements_of(self, payout_id: str) -> Iterator[MovementSeen]:
        """What went to the bank with a payout, the payout itself included."""
        return self._movements({"payout": payout_id})

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

    def charge(self, *, order: dict[str, Any], key: str) -> str:
        """Take money from a kept card while its holder is away, as they agreed to."""
        with _own_failures():
            return self._api.payment_intents.create(_charge_form(order), {"idempotency_key": key}).id

    def find_intent(self, *, payment_ref: str, since: datetime) -> IntentSeen | None:
        """The newest intent of a payment. Lists, because Stripe's search lags behind."""
        return next((intent for intent in self.intents_since(since) if intent.payment_ref == payment_ref), None)

    def look_up_card(self, *, session_id: str) -> tuple[SessionSeen, MethodSeen | None]:
        """A page on which a card is left, and the card, once it can be charged."""
        with _own_failures():
            session = self._api.checkout.sessions.retrieve(
                session_id, {"expand": ["setup_intent.payment_method"]}
            ).to_dict()
            return session_seen(session), method_kept(session["setup_intent"])

    def find_card_session(self, *, card_ref: str, since: datetime) -> SessionSeen | None:
        """The newest page on which this card was asked for."""
        return next((session for session in self.sessions_since(since) if session.card_ref == card_ref), None)

    def detach(self, *, method_id: str, key: str) -> str:
        """Forget a card: it can't be charged any more."""
        with _own_failures():
            return self._api.payment_methods.detach(method_id, options={"idempotency_key": key}).id

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

    def _movements(self, wanted: dict[str, Any]) -> Iterator[MovementSeen]:
        form: Any = wanted | {"limit": PAGE, "expand": ["data.source"]}
        with _own_failures():
            for moved in self._api.balance_transactions.list(form).auto_paging_iter():
                yield movement_seen(moved.to_dict())

    def _session_with_intent(self, session_id: str) -> dict[str, Any]:
        session: dict[str, Any] = self._api.checkout.sessions.retrieve(
            session_id, {"expand": [f"payment_intent.{name}" for name in _OF_INTENT]}
        ).to_dict()
        return session

    def _refunds(self, intent_id: str) -> tuple[RefundSeen, ...]:
        """What went back of money that was taken; a released authorisation moves no balance and is left out."""
        page = self._api.refunds.list({"payment_intent": intent_id, "limit": PAGE})
        found = (refund.to_dict() for refund in page.auto_paging_iter())
        return tuple(refund_seen(refund) for refund in found if refund["balance_transaction"])

    def _disputes(self, intent_id: str) -> tuple[DisputeSeen, ...]:
        page = self._api.disputes.list({"payment_intent": intent_id, "limit": PAGE})
        return tuple(dispute_seen(dispute.to_dict()) for dispute in page.auto_paging_iter())


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
    """What opens a page: to pay on, to pay and leave the card on, or only to leave it on."""
    page = {
        "payment_method_types": ["card"],
        "locale": order["locale"],
        "success_url": order["success_url"],
        "cancel_url": order["cancel_url"],
        "expires_at": order["expires_at"],
    }
    if "payment" not in order:
        ours = {"card": order["card"]}
        setup = {"mode": "setup", "customer_creation": "always", "setup_intent_data": {"metadata": ours}}
        return page | setup | {"client_reference_id": order["card"], "metadata": ours}
    ours = {"payment": order["payment"]}
    price = {
        "currency": order["currency"].lower(),
        "unit_amount": order["amount"],
        "product_data": {"name": order["description"]},
    }
    intent = {"capture_method": "manual", "description": order["description"], "metadata": ours}
    if "card" in order:
        page |= {"customer_creation": "always"}
        intent |= {"setup_future_usage": "off_session"}
    return page | {
        "mode": "payment",
        "client_reference_id": order["payment"],
        "line_items": [{"price_data": price, "quantity": 1}],
        "payment_intent_data": intent,
        "metadata": ours,
    }


def _charge_form(order: dict[str, Any]) -> Any:
    return {
        "amount": order["amount"],
        "currency": order["currency"].lower(),
        "customer": order["customer"],
        "payment_method": order["method"],
        "payment_method_types": ["card"],
        "confirm": True,
        "off_session": True,
        "description": order["description"],
        "metadata": {"payment": order["payment"]},
    }

"""What Stripe's answers say, in the words of our protocol. Knows their form, not the library."""

from datetime import UTC, datetime
from typing import Any

from booking.payments.gateway import (
    DisputeMove,
    DisputeSeen,
    IntentSeen,
    MethodSeen,
    MovementSeen,
    PayoutSeen,
    RefundSeen,
    SessionSeen,
)


def session_seen(body: dict[str, Any]) -> SessionSeen:
    intent = body.get("payment_intent") or ""
    return SessionSeen(
        id=body["id"],
        status=body["status"] or "",
        url=body.get("url") or "",
        intent_id=intent["id"] if isinstance(intent, dict) else intent,
        payment_ref=_our_mark(body),
        created_at=_moment(body["created"]),
        card_ref=(body.get("metadata") or {}).get("card", ""),
    )


def intent_seen(body: dict[str, Any]) -> IntentSeen:
    return IntentSeen(
        id=body["id"],
        status=body["status"],
        amount=body["amount"],
        capturable=body.get("amount_capturable") or 0,
        received=body.get("amount_received") or 0,
        currency=body["currency"].upper(),
        payment_ref=_our_mark(body),
        created_at=_moment(body["created"]),
        method=method_kept(body) if body.get("setup_future_usage") == "off_session" else None,
    )


def method_kept(intent: dict[str, Any] | None) -> MethodSeen | None:
    """The card that an intent whose `payment_method` is expanded has left with its customer."""
    method = (intent or {}).get("payment_method")
    if intent is None or intent["status"] not in ("succeeded", "requires_capture") or not isinstance(method, dict):
        return None
    if not intent["customer"] or not method.get("card"):
        return None
    card = method["card"]
    return MethodSeen(
        id=method["id"],
        customer_id=intent["customer"],
        brand=card["brand"] or "",
        last4=card["last4"] or "",
        exp_year=card["exp_year"],
        exp_month=card["exp_month"],
    )


def refund_seen(body: dict[str, Any]) -> RefundSeen:
    return RefundSeen(
        id=body["id"],
        amount=body["amount"],
        status=body["status"] or "",
        command=(body.get("metadata") or {}).get("command", ""),
    )


def dispute_seen(body: dict[str, Any]) -> DisputeSeen:
    answer_by = body["evidence_details"].get("due_by")
    moves = (DisputeMove(moved["id"], moved["amount"], moved["fee"]) for moved in body["balance_transactions"])
    return DisputeSeen(
        id=body["id"],
        status=body["status"],
        amount=body["amount"],
        answer_by=_moment(answer_by) if answer_by else None,
        moves=tuple(moves),
    )


def movement_seen(body: dict[str, Any]) -> MovementSeen:
    """Of a balance transaction whose `source` is expanded."""
    source = body["source"] if isinstance(body["source"], dict) else {"id": body["source"] or ""}
    return MovementSeen(
        id=body["id"],
        category=body["reporting_category"],
        intent_id=source.get("payment_intent") or "",
        source_id=source["id"],
        amount=body["amount"],
        fee=body["fee"],
        created_at=_moment(body["created"]),
        currency=body["currency"].upper(),
        payout=payout_seen(source) if source.get("object") == "payout" else None,
    )


def payout_seen(body: dict[str, Any]) -> PayoutSeen:
    """Stripe gives the day of arrival as its midnight in UTC."""
    return PayoutSeen(
        id=body["id"],
        amount=body["amount"],
        currency=body["currency"].upper(),
        status=body["status"],
        created_at=_moment(body["created"]),
        arrives_on=_moment(body["arrival_date"]).date(),
    )


def is_disputed(intent: dict[str, Any]) -> bool:
    """Of an intent whose `latest_charge` is expanded: whether its cardholder has ever disputed it."""
    charge = intent.get("latest_charge")
    return isinstance(charge, dict) and bool(charge.get("disputed"))


def _our_mark(body: dict[str, Any]) -> str:
    mark: str = (body.get("metadata") or {}).get("payment", "")
    return mark


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)

"""Commands to Stripe: the row is committed first, its key makes asking twice harmless, its outcome is written down.

They are about a payment or a kept card, here called the payment in both cases.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import F

from booking.models import KeptCard
from booking.payments.gateway import Gateway, Gone, Refused, Seen, Unknown
from booking.payments.models import GatewayCommand, Payment

KEY_LIVES = timedelta(hours=23)  # Stripe forgets a key after 24 hours
SURELY_ANSWERED = timedelta(seconds=60)  # after this a request of ours is no longer on its way
REST = timedelta(hours=1)  # before a refused operation is tried again
ATTEMPTS = 5
NOT_NEEDED = "Not needed any more."
Outcome = GatewayCommand.Outcome


def next_command(
    *,
    payment: Payment | KeptCard,
    operation: str,
    amount: int | None = None,
    parameters: dict[str, Any] | None = None,
    rest: timedelta = REST,
    now: datetime,
) -> GatewayCommand | None:
    """The row to ask with, the payment being locked; None if there is nothing to ask now.

    The caller has looked at Stripe since the last change of this payment and has not found the operation's effect. That
    is the proof of absence which a new attempt needs after a failure that Stripe would only repeat; after a timeout the
    same row is asked again, for 23 hours.
    """
    last = payment.commands.filter(operation=operation).order_by("-attempt").first()
    attempt = 1
    if last is not None:
        if last.outcome == Outcome.DONE:
            return None
        refused = last.outcome == Outcome.REFUSED and last.problem != NOT_NEEDED
        if refused and last.amount == amount and (last.attempt >= ATTEMPTS or _answered(last) + rest > now):
            return None
        if last.outcome == Outcome.UNKNOWN:
            if not last.kept_failure and last.first_asked_at + KEY_LIVES > now:
                return last
            close(last, Outcome.REFUSED, "Stripe shows that it was not done.", now=now)
        attempt = last.attempt + 1
    return payment.commands.create(
        operation=operation,
        attempt=attempt,
        amount=amount,
        parameters=parameters or {},
        first_asked_at=now,
    )


def ask(*, command: GatewayCommand, gateway: Gateway, now: datetime) -> GatewayCommand:
    """Send a committed command and write down what came of it; never raises a gateway's failure."""
    assert not connection.in_atomic_block, "Stripe is never asked inside a transaction"
    changes: dict[str, Any] = {}
    try:
        result_id = _send(command, gateway, changes)
    except Unknown as failure:
        command.problem, command.kept_failure, command.busy = str(failure), failure.kept, failure.busy
    except (Refused, Gone) as refusal:
        command.outcome, command.problem, command.answered_at = Outcome.REFUSED, str(refusal), now
    else:
        command.outcome, command.result_id, command.answered_at = Outcome.DONE, result_id, now
    _write_down(command, changes)
    return command


def recognise(*, payment: Payment | KeptCard, seen: Seen, now: datetime) -> None:
    """Close commands without an answer whose effect can be seen, or can't come about any more."""
    for command in payment.commands.filter(outcome=Outcome.UNKNOWN):
        outcome = _visible(command.operation, seen)
        if outcome:
            close(command, outcome, "", now=now)


def close(command: GatewayCommand, outcome: Outcome, problem: str, *, now: datetime) -> None:
    """Write an outcome that was found by looking."""
    command.outcome, command.answered_at = outcome, now
    command.problem = problem or command.problem
    command.save(update_fields=["outcome", "answered_at", "problem"])


def are_all_answered(payment: Payment | KeptCard, now: datetime) -> bool:
    """Whether no command of a payment waits for its outcome, when nothing is left to ask.

    One that has not been carried out by now never will be: what it was for came about in another way.
    """
    waiting = list(payment.commands.filter(outcome=Outcome.UNKNOWN))
    for command in waiting:
        if is_surely_absent(command, now):
            close(command, Outcome.REFUSED, NOT_NEEDED, now=now)
    return all(command.outcome != Outcome.UNKNOWN for command in waiting)


def is_surely_absent(command: GatewayCommand, now: datetime) -> bool:
    """Whether a look that shows nothing proves that this command was not carried out."""
    return command.kept_failure or command.first_asked_at + SURELY_ANSWERED <= now


def _visible(operation: str, seen: Seen) -> Outcome | None:
    session, intent = seen.session_status, seen.intent_status
    done = {
        "open_session": bool(session),
        "charge": bool(intent),
        "expire_session": session == "expired",
        "capture": intent == "succeeded",
        "void": intent == "canceled",
    }
    moot = {
        "expire_session": session == "complete",
        "capture": intent == "canceled",
        "void": intent == "succeeded",
    }
    if done.get(operation) or any(refund.command == operation for refund in seen.refunds):
        return Outcome.DONE
    return Outcome.REFUSED if moot.get(operation) else None


def _send(command: GatewayCommand, gateway: Gateway, changes: dict[str, Any]) -> str:
    payment, key = command.payment or command.card, command.idempotency_key
    assert payment is not None
    if command.operation == "open_session":
        session = gateway.open_session(order=command.parameters, key=key)
        changes.update(session_id=session.id, session_url=session.url, session_created_at=session.created_at)
        return session.id
    if command.operation == "expire_session":
        gateway.expire_session(session_id=payment.session_id, key=key)
        return payment.session_id
    if isinstance(payment, KeptCard):
        return gateway.detach(method_id=payment.method_id, key=key)
    if command.operation == "charge":
        changes["intent_id"] = gateway.charge(order=command.parameters, key=key)
        return str(changes["intent_id"])
    if command.operation == "capture":
        return gateway.capture(intent_id=payment.intent_id, amount=command.amount or 0, key=key)
    if command.operation == "void":
        return gateway.void(intent_id=payment.intent_id, key=key)
    return gateway.refund(
        intent_id=payment.intent_id,
        amount=command.amount or 0,
        payment_ref=str(payment.pk),
        command=command.operation,
        key=key,
    )


def _write_down(command: GatewayCommand, changes: dict[str, Any]) -> None:
    with transaction.atomic(durable=True):
        changes["revision"] = F("revision") + 1
        if command.card is not None:
            KeptCard.objects.filter(pk=command.card.pk).update(**changes)
        elif command.payment is not None:
            Payment.objects.filter(pk=command.payment.pk).update(**changes)
        # Somebody who looked meanwhile may have closed it already.
        GatewayCommand.objects.filter(pk=command.pk, outcome=Outcome.UNKNOWN).update(
            outcome=command.outcome,
            problem=command.problem,
            kept_failure=command.kept_failure,
            result_id=command.result_id,
            answered_at=command.answered_at,
        )


def _answered(command: GatewayCommand) -> datetime:
    return command.answered_at or command.first_asked_at

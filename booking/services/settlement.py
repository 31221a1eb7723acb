"""Settling: ask Stripe how a payment stands now, move it and its appointment forward, and make both agree.

The one way in for the webhook's task, the return page, the sweeps and the reconciler. It takes turns between looking
(no lock, no transaction), one short transaction under the locks of the common order, and at most one command (no
transaction again), until nothing is left to ask. Who finds that the payment changed since they looked, looks again: so
it does no harm to be called twice, late, or side by side.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import connection, transaction

from booking.errors import NotPossibleNow, StripeUnavailable
from booking.models import Appointment
from booking.payments.commands import ask, is_surely_absent, next_command, recognise
from booking.payments.findings import report
from booking.payments.gateway import Gateway, Gone, Seen, Unknown
from booking.payments.ledger import Kind, total, write_entry
from booking.payments.models import Finding, GatewayCommand, Payment
from booking.payments.services import keep
from booking.payments.stripe_gateway import connect
from booking.reminders.services import announce_cancellation
from booking.reminders.switch import senders_released
from booking.rules.settlement import RANK, Step, next_step, state_seen
from booking.services.appointments import payment_authorised
from booking.services.constraints import named_constraints
from booking.services.documents import correct_documents
from booking.services.freed_time import note_freed_time
from booking.services.locks import lock_appointment
from booking.services.places import rooms_there
from booking.services.states import SYSTEM, end_as_cancelled, record_change

ROUNDS: Final = 8
CLOCKS_DIFFER: Final = timedelta(minutes=5)
LOOK_AGAIN: Final = "look again"
State = Payment.State
Outcome = GatewayCommand.Outcome
OnLapse = Callable[[Appointment, Payment, datetime], None]


def settle(*, payment: Payment, now: datetime) -> Payment:
    """Bring a payment, its appointment and Stripe into agreement; the payment as it stands then.

    :raises StripeUnavailable: Stripe gives no clear answer; nothing is lost, the sweeps go on
    """
    return converge(payment=payment, now=now)


def release_unpaid(appointment: Appointment, _payment: Payment | None, now: datetime) -> None:
    """Let the time of a locked appointment go that waited for this payment, and say so."""
    if is_waiting_for_payment(appointment):
        end_as_cancelled(appointment, reason=Appointment.CancelReason.PAYMENT_LAPSED, now=now)
        appointment.save()
        note_freed_time(appointment=appointment, due_at=now, now=now)
        record_change(appointment=appointment, action="payment-lapsed", role=SYSTEM, now=now)
        announce_cancellation(appointment=appointment, now=now)


def is_waiting_for_payment(appointment: Appointment) -> bool:
    return appointment.status == Appointment.Status.PENDING and appointment.awaiting == Appointment.Awaiting.PAYMENT


def converge(
    *,
    payment: Payment,
    ends: Callable[[Payment], bool] = lambda _: False,
    on_lapse: OnLapse = release_unpaid,
    now: datetime,
) -> Payment:
    """`settle`, and if `ends(payment)` says so, let nobody pay any more.

    :param on_lapse: what becomes of the appointment when it is certain that this payment will not be made
    """
    assert not connection.in_atomic_block, "Stripe is never asked inside a transaction"
    if payment.gateway != Payment.Gateway.STRIPE:
        return payment
    gateway, failures = connect(), 0
    for _ in range(ROUNDS):
        before = Payment.objects.get(pk=payment.pk)
        seen = _look(before, gateway, now)
        if seen is None:
            return before
        with named_constraints(), transaction.atomic(durable=True):
            found = _agree(before, seen, ends(before), on_lapse, now)
        if isinstance(found, Payment):
            return found
        if isinstance(found, GatewayCommand):
            asked = ask(command=found, gateway=gateway, now=now)
            failures += asked.outcome == Outcome.UNKNOWN
            if asked.outcome == Outcome.UNKNOWN and (failures > 1 or not asked.kept_failure):
                raise StripeUnavailable
    raise StripeUnavailable


def _look(payment: Payment, gateway: Gateway, now: datetime) -> Seen | None:
    try:
        if payment.session_id or payment.intent_id:
            return gateway.look_up(session_id=payment.session_id, intent_id=payment.intent_id)
        opening = payment.commands.filter(operation="open_session", outcome=Outcome.UNKNOWN).first()
        if opening is None:
            return Seen()
        # Opened without an answer: our id stands in its metadata.
        session = gateway.find_session(payment_ref=str(payment.pk), since=opening.first_asked_at - CLOCKS_DIFFER)
        return gateway.look_up(session_id=session.id, intent_id="") if session else Seen()
    except Unknown as failure:
        Payment.objects.filter(pk=payment.pk).update(checked_at=now)
        raise StripeUnavailable from failure
    except Gone as failure:
        Payment.objects.filter(pk=payment.pk).update(checked_at=now)
        report(
            kind=Finding.Kind.MISSING_AT_STRIPE,
            object_id=payment.session_id or payment.intent_id,
            payment=payment,
            said=str(failure),
            now=now,
        )
        return None


def _agree(
    before: Payment, seen: Seen, ending: bool, on_lapse: OnLapse, now: datetime
) -> Payment | GatewayCommand | str:
    """Under the locks: write down what was seen, decide, and say what to ask next."""
    try:
        appointment = lock_appointment(before.appointment, rooms=_rooms_to_take_again(before.appointment))
    except NotPossibleNow:
        return LOOK_AGAIN
    payment = Payment.objects.get(pk=before.pk)
    if payment.revision != before.revision:
        return LOOK_AGAIN
    _adopt(payment, seen)
    recognise(payment=payment, seen=seen, now=now)
    _move_forward(payment, appointment, seen, on_lapse, now)
    if seen.refunds:
        correct_documents(appointment=appointment, now=now)
    if not seen.session and not seen.intent and (ending or payment.keep_amount == 0):
        _give_up_unopened(payment, appointment, on_lapse, now)
    step = _next_step(payment, seen, ending)
    command = _prepare(payment, step, now)
    if step is None and payment.state in Payment.FINAL and payment.settled_at is None:
        payment.settled_at = now
    payment.checked_at = now
    payment.revision += payment.state != before.state or command is not None
    payment.save()
    return command or payment


def _rooms_to_take_again(appointment: Appointment) -> list[UUID]:
    """A booking that lapsed while it was paid may have to find another room."""
    if appointment.status != Appointment.Status.CANCELLED:
        return []
    return rooms_there(service=appointment.service, practitioner=appointment.practitioner)


def _adopt(payment: Payment, seen: Seen) -> None:
    if seen.session and not payment.session_id:
        payment.session_id = seen.session.id
        payment.session_created_at = seen.session.created_at
    if seen.session:
        payment.session_url = seen.session.url
    if seen.intent:
        payment.intent_id = seen.intent.id


def _move_forward(payment: Payment, appointment: Appointment, seen: Seen, on_lapse: OnLapse, now: datetime) -> None:
    _write_movements(payment, seen, now)
    was_authorised = total(payment, Kind.AUTHORISATION) > 0
    state = state_seen(session=seen.session_status, intent=seen.intent_status, was_authorised=was_authorised)
    if RANK[state] <= RANK[payment.state]:
        if payment.state in Payment.FINAL and RANK[state] and state != payment.state:
            report(
                kind=Finding.Kind.STATE,
                object_id=str(payment.pk),
                payment=payment,
                ours=payment.state,
                seen=state,
                now=now,
            )
        return
    payment.state = State(state)
    payment.save()
    record_change(appointment=appointment, action=f"payment-{state}", role=SYSTEM, amount=payment.amount, now=now)
    if state in ("authorised", "captured") and payment.keep_amount != 0:
        _decide(payment, appointment, now)
    elif state == "voided" and payment.keep_amount != 0:
        report(kind=Finding.Kind.AUTHORISATION_LAPSED, object_id=str(payment.pk), payment=payment, now=now)
        keep(payment=payment, amount=0, now=now)
    elif state == "lapsed":
        _lapse(payment, appointment, on_lapse, now)


def _decide(payment: Payment, appointment: Appointment, now: datetime) -> None:
    """Take the money if it bought the time; wait if a therapist is asked first; release it if the time is gone."""
    outcome = "booked"
    if payment.purpose == Payment.Purpose.DEPOSIT:
        outcome = payment_authorised(appointment=appointment, payment=payment, now=now)
        payment.refresh_from_db()
    if outcome != "review" and payment.keep_amount is None:
        keep(payment=payment, amount=payment.amount if outcome == "booked" else 0, now=now)


def _give_up_unopened(payment: Payment, appointment: Appointment, on_lapse: OnLapse, now: datetime) -> None:
    """Nothing of this payment is at Stripe; end it here once that is certain."""
    opening = payment.commands.filter(operation="open_session", outcome=Outcome.UNKNOWN)
    if payment.state != State.OPEN or not all(is_surely_absent(command, now) for command in opening):
        return
    opening.update(outcome=Outcome.REFUSED, answered_at=now)
    payment.state = State.LAPSED
    payment.save()
    _lapse(payment, appointment, on_lapse, now)


def _lapse(payment: Payment, appointment: Appointment, on_lapse: OnLapse, now: datetime) -> None:
    keep(payment=payment, amount=0, now=now)
    on_lapse(appointment, payment, now)


def _write_movements(payment: Payment, seen: Seen, now: datetime) -> None:
    intent = seen.intent
    if intent is None:
        return
    if intent.amount != payment.amount or intent.currency != payment.currency:
        report(
            kind=Finding.Kind.AMOUNT,
            object_id=intent.id,
            payment=payment,
            ours=payment.amount,
            seen=intent.amount,
            now=now,
        )

    def write(kind: Kind, amount: int, reference: str) -> None:
        if amount > 0:
            write_entry(payment=payment, kind=kind, amount=amount, reference=reference, method="card", now=now)

    if intent.status in ("requires_capture", "succeeded"):
        write(Kind.AUTHORISATION, intent.amount, intent.id)
    if intent.status == "succeeded":
        write(Kind.CAPTURE, intent.received, intent.id)
        write(Kind.VOID, intent.amount - intent.received, intent.id)
    if intent.status == "canceled":
        write(Kind.VOID, total(payment, Kind.AUTHORISATION), intent.id)
    for refund in seen.refunds:
        write(Kind.REFUND, refund.amount, refund.id)
        if refund.status in ("failed", "canceled"):
            write(Kind.REFUND_FAILED, refund.amount, refund.id)
            report(kind=Finding.Kind.REFUND_FAILED, object_id=refund.id, payment=payment, amount=refund.amount, now=now)


def _next_step(payment: Payment, seen: Seen, ending: bool) -> Step | None:
    return next_step(
        session=seen.session_status,
        intent=seen.intent_status,
        capturable=seen.intent.capturable if seen.intent else 0,
        received=seen.intent.received if seen.intent else 0,
        sent_back=_sent_back(payment, seen),
        keep=payment.keep_amount,
        end_checkout=ending and payment.state == State.OPEN,
    )


def _sent_back(payment: Payment, seen: Seen) -> int:
    """What was sent back, also if the bank returned it: that is a person's matter, not one to repeat."""
    ours = payment.commands.filter(operation__startswith="refund-", outcome=Outcome.DONE).exclude(result_id="")
    done = {command.result_id: command.amount or 0 for command in ours}
    return sum((done | {refund.id: refund.amount for refund in seen.refunds}).values())


def _prepare(payment: Payment, step: Step | None, now: datetime) -> GatewayCommand | None:
    if step is None or not senders_released():
        return None
    operation, amount = _named(payment, step)
    command = next_command(payment=payment, operation=operation, amount=amount, now=now)
    if command is None:
        last = payment.commands.filter(operation=operation, outcome=Outcome.REFUSED).order_by("attempt").last()
        if last is not None:
            report(
                kind=Finding.Kind.REFUSED,
                object_id=f"{payment.pk}:{operation}",
                payment=payment,
                amount=amount,
                said=last.problem,
                now=now,
            )
    return command


def _named(payment: Payment, step: Step) -> tuple[str, int]:
    """The operation's name and amount; refunds are numbered, and one without an answer comes before the next."""
    if step.operation != "refund":
        return step.operation, step.amount
    refunds = payment.commands.filter(operation__startswith="refund-")
    open_one = refunds.filter(outcome=Outcome.UNKNOWN).first()
    if open_one is not None:
        return open_one.operation, open_one.amount or 0
    return f"refund-{refunds.filter(outcome=Outcome.DONE).count() + 1}", step.amount

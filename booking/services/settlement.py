"""Settling: ask Stripe how a payment stands now, move it and what it buys forward, and make both agree.

The one way in for the webhook's task, the return page, the sweeps and the reconciler.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from booking.payments.commands import are_all_answered, is_surely_absent, next_command, recognise
from booking.payments.findings import report, settle_itself
from booking.payments.gateway import Gateway, Gone, Seen
from booking.payments.ledger import Kind, total
from booking.payments.models import Finding, GatewayCommand, Payment
from booking.payments.services import keep
from booking.reminders.switch import senders_released
from booking.rules.settlement import RANK, Step, next_step, state_seen
from booking.services.convergence import as_it_was, until_agreed
from booking.services.movements_in import is_other_money, keep_what_is_left, write_movements
from booking.services.off_session import OPERATION, cant_be_charged, charge_order, last_charge, may_be_charged
from booking.services.subjects import Subject, lock_subject

CLOCKS_DIFFER: Final = timedelta(minutes=5)
State = Payment.State
Outcome = GatewayCommand.Outcome
# What was found and is over once everything agrees.
PASSING: Final = (Finding.Kind.REFUSED, Finding.Kind.AUTHORISATION_AGEING, Finding.Kind.MISSING_AT_STRIPE)
OnLapse = Callable[[Subject, Payment, datetime], None]


def settle(*, payment: Payment, now: datetime) -> Payment:
    """Bring a payment, what it is for and Stripe into agreement; the payment as it stands then.

    :raises StripeUnavailable: Stripe gives no clear answer; nothing is lost, the sweeps go on
    """
    return converge(payment=payment, now=now)


def let_go(subject: Subject, payment: Payment, now: datetime) -> None:
    """Nobody pays: what waited for this payment waits no longer."""
    subject.lapsed(payment, now=now)


def converge(
    *,
    payment: Payment,
    ends: Callable[[Payment], bool] = lambda _: False,
    on_lapse: OnLapse = let_go,
    now: datetime,
) -> Payment:
    """`settle`, and if `ends(payment)` says so, let nobody pay any more.

    :param on_lapse: what becomes of its subject when it is certain that this payment will not be made
    :raises StripeUnavailable: as `settle`
    """
    if payment.gateway != Payment.Gateway.STRIPE:
        return payment
    return until_agreed(
        payment,
        look=lambda before, gateway: _look(before, gateway, now),
        agree=lambda before, seen: _agree(before, seen, ends(before), on_lapse, now),
        now=now,
    )


def _look(payment: Payment, gateway: Gateway, now: datetime) -> Seen | None:
    try:
        if payment.session_id or payment.intent_id:
            return gateway.look_up(session_id=payment.session_id, intent_id=payment.intent_id)
        charging = last_charge(payment)
        if charging is not None:  # whatever came of it: a refused charge leaves its intent there, too
            since = charging.first_asked_at - CLOCKS_DIFFER
            intent = gateway.find_intent(payment_ref=str(payment.pk), since=since)
            return gateway.look_up(session_id="", intent_id=intent.id) if intent else Seen()
        opening = payment.commands.filter(operation="open_session", outcome=Outcome.UNKNOWN).first()
        if opening is None:
            return Seen()
        # Opened without an answer: our id stands in its metadata.
        session = gateway.find_session(payment_ref=str(payment.pk), since=opening.first_asked_at - CLOCKS_DIFFER)
        return gateway.look_up(session_id=session.id, intent_id="") if session else Seen()
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


def _agree(before: Payment, seen: Seen, ending: bool, on_lapse: OnLapse, now: datetime) -> Payment | GatewayCommand:
    """Under the locks: write down what was seen, decide, and say what to ask next."""
    subject = lock_subject(before)
    payment = as_it_was(before)
    if is_other_money(payment, seen, now):
        payment.checked_at = now
        payment.save()
        return payment
    _adopt(payment, seen)
    recognise(payment=payment, seen=seen, now=now)
    if cant_be_charged(payment, seen):
        keep(payment=payment, amount=0, now=now)
        if payment.state == State.LAPSED:  # the card was never asked
            on_lapse(subject, payment, now)
    _move_forward(payment, subject, seen, on_lapse, now)
    subject.card_left(payment, seen.intent.method if seen.intent else None, now=now)
    keep_what_is_left(payment, now)
    if seen.refunds or seen.disputes:
        subject.money_went_back(now=now)
    if not seen.session and not seen.intent and (ending or payment.keep_amount == 0):
        _give_up_unopened(payment, subject, on_lapse, now)
    step = _next_step(payment, seen, ending)
    command = _prepare(payment, step, now)
    if step is None and payment.state in Payment.FINAL and are_all_answered(payment, now):
        payment.settled_at = payment.settled_at or now
        settle_itself(payment=payment, kinds=PASSING, now=now)
    payment.checked_at = now
    payment.revision += payment.state != before.state or command is not None
    payment.save()
    return command or payment


def _adopt(payment: Payment, seen: Seen) -> None:
    if seen.session and not payment.session_id:
        payment.session_id = seen.session.id
        payment.session_created_at = seen.session.created_at
    if seen.session:
        payment.session_url = seen.session.url
    if seen.intent:
        payment.intent_id = seen.intent.id


def _move_forward(payment: Payment, subject: Subject, seen: Seen, on_lapse: OnLapse, now: datetime) -> None:
    if write_movements(payment, seen, now):
        subject.needs_a_look(payment, now=now)
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
    subject.record(f"payment-{state}", amount=payment.amount, now=now)
    if state in ("authorised", "captured") and payment.keep_amount != 0:
        _decide(payment, subject, now)
    elif state == "voided" and payment.keep_amount != 0:
        report(kind=Finding.Kind.AUTHORISATION_LAPSED, object_id=str(payment.pk), payment=payment, now=now)
        subject.needs_a_look(payment, now=now)
        keep(payment=payment, amount=0, now=now)
    elif state == "lapsed":
        _lapse(payment, subject, on_lapse, now)


def _decide(payment: Payment, subject: Subject, now: datetime) -> None:
    """Take the money if it bought the time; wait if a therapist is asked first; release it if the time is gone."""
    outcome = subject.arrived(payment, now=now)
    payment.refresh_from_db()
    if outcome != "review" and payment.keep_amount is None:
        keep(payment=payment, amount=payment.amount if outcome == "booked" else 0, now=now)


def _give_up_unopened(payment: Payment, subject: Subject, on_lapse: OnLapse, now: datetime) -> None:
    """Nothing of this payment is at Stripe; end it here once that is certain."""
    opening = payment.commands.filter(operation__in=["open_session", OPERATION], outcome=Outcome.UNKNOWN)
    if payment.state != State.OPEN or not all(is_surely_absent(command, now) for command in opening):
        return
    opening.update(outcome=Outcome.REFUSED, answered_at=now)
    payment.state = State.LAPSED
    payment.save()
    _lapse(payment, subject, on_lapse, now)


def _lapse(payment: Payment, subject: Subject, on_lapse: OnLapse, now: datetime) -> None:
    keep(payment=payment, amount=0, now=now)
    on_lapse(subject, payment, now)


def _next_step(payment: Payment, seen: Seen, ending: bool) -> Step | None:
    return next_step(
        session=seen.session_status,
        intent=seen.intent_status,
        capturable=seen.intent.capturable if seen.intent else 0,
        received=seen.intent.received if seen.intent else 0,
        sent_back=_sent_back(payment, seen),
        disputed=sum(dispute.gone for dispute in seen.disputes),
        keep=payment.keep_amount,
        charge=may_be_charged(payment, seen),
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
    order = charge_order(payment) if operation == OPERATION else None
    command = next_command(payment=payment, operation=operation, amount=amount, parameters=order, now=now)
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

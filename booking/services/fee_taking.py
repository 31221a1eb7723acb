"""Taking approved fees from kept cards, when the day in which a manager could change their mind is over."""

from datetime import datetime

from django.db import transaction

from booking.models import Appointment, FeeCase, KeptCard
from booking.payments.asking import ask_for
from booking.payments.ledger import balance_of
from booking.payments.models import Payment
from booking.reminders.switch import senders_released
from booking.rules import fee_cases as rules
from booking.rules.walltime import wall_date
from booking.selectors.cards import good_card_of, kept_card_of
from booking.selectors.terms import agreement_of
from booking.services.batches import work_off
from booking.services.constraints import named_constraints
from booking.services.fee_cases import ask_by_link, is_owed, look_at_fees
from booking.services.locks import lock_appointment
from booking.services.settlement import settle
from booking.services.states import SYSTEM, record_change

BATCH = 50
State = FeeCase.State


def take_due_fees(*, now: datetime) -> int:
    """Take every approved fee whose 24 hours are over; how many were looked at. What Stripe gives no answer to is gone
    on with by `carry_out_wanted`, as with every payment.
    """
    if not senders_released():
        return 0
    due = FeeCase.objects.filter(state=State.APPROVED, take_at__lte=now).select_related("appointment")
    return work_off(due.order_by("take_at", "pk")[:BATCH], lambda case: _take(case, now))


def _take(case: FeeCase, now: datetime) -> None:
    with named_constraints(), transaction.atomic(durable=True):
        payment = begin_taking(case, now=now)
    if payment is not None:
        settle(payment=payment, now=now)


def begin_taking(case: FeeCase, *, now: datetime) -> Payment | None:
    """The payment by which a fee is taken, written before Stripe is asked; None if there is none to make."""
    visit = lock_appointment(case.appointment, stays=True)
    locked = FeeCase.objects.get(pk=case.pk)
    if locked.state != State.APPROVED or locked.take_at is None or now < locked.take_at:
        return None  # somebody else has begun, or it was undone
    card = good_card_of(visit.patient, on=wall_date(now, visit.time_zone))
    left = rules.left_to_pay(fee=locked.amount, due=balance_of(visit).due)
    agreed = agreement_of(visit) is not None  # without it nobody has said that the card may be charged for this visit
    step = rules.step_when_due(owed=is_owed(locked, visit), left=left, has_card=agreed and card is not None)
    if step == "ask":
        ask_by_link(locked, visit, problem=_why_by_link(card, visit), now=now)
    elif step != "charge":
        look_at_fees(visit, now=now)
    elif not _is_being_paid(visit):
        return _charge(locked, visit, left, now)
    return None


def _why_by_link(card: KeptCard | None, visit: Appointment) -> str:
    if card is not None:
        return "not-agreed"
    return "expired_card" if kept_card_of(visit.patient) else "no-card"


def _is_being_paid(visit: Appointment) -> bool:
    """Whether the patient pays online at this moment: then we wait."""
    return visit.payments.filter(
        gateway=Payment.Gateway.STRIPE, state__in=[Payment.State.OPEN, Payment.State.AUTHORISED]
    ).exists()


def _charge(case: FeeCase, visit: Appointment, amount: int, now: datetime) -> Payment:
    assert visit.patient is not None
    payment = ask_for(
        visit,
        payer=visit.patient,
        purpose=Payment.Purpose.FEE,
        gateway=Payment.Gateway.STRIPE,
        amount=amount,
        keep_amount=amount,
        card=kept_card_of(visit.patient),
        fee_case=case,
        now=now,
    )
    case.state = State.TAKING
    case.save(update_fields=["state"])
    record_change(appointment=visit, action="fee-being-taken", role=SYSTEM, amount=amount, now=now)
    return payment

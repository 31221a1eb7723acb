"""What is done about a fee that no deposit covers: proposed, approved by a manager, taken, waived, owed no more.

The ledger says what is owed; here it is decided what follows. Every change is made with the visit locked.
"""

import logging
from datetime import datetime

from django.db import transaction

from booking.errors import BookingError, NotPossibleNow
from booking.models import Appointment, FeeCase
from booking.payments.ledger import Kind, balance_of, write_entry
from booking.payments.models import LedgerEntry, Payment
from booking.payments.services import fee_reference, keep, release_payments
from booking.reminders.of_money import announce_fee, unsay_fee
from booking.rules import fee_cases as rules
from booking.rules.walltime import wall_date
from booking.selectors.cards import good_card_of
from booking.selectors.terms import agreement_of
from booking.services.constraints import named_constraints
from booking.services.documents import correct_documents
from booking.services.locks import lock_appointment
from booking.services.off_session import is_charge, why_not
from booking.services.pay_links import ask_to_pay
from booking.services.states import SYSTEM, record_change
from intake.access import manages, works_at_desk
from intake.errors import NotAllowed
from intake.models import User

State = FeeCase.State
Cause = FeeCase.Cause
log = logging.getLogger(__name__)


def propose_fee(
    visit: Appointment, *, cause: FeeCase.Cause, charged: Payment | None, fee: int, now: datetime
) -> FeeCase | None:
    """Put a fee that was just charged to a locked visit before a manager, unless the deposit covers it.

    :param charged: what `charge_fee` gave
    """
    if charged is None or charged.purpose != Payment.Purpose.FEE:
        return None
    left = fee if cause == Cause.LATE_MOVE else rules.left_to_pay(fee=fee, due=balance_of(visit).due)
    if left <= 0:
        return None
    reference = fee_reference(visit)
    case = FeeCase.objects.filter(appointment=visit, reference=reference).first()
    if case is None:
        case = FeeCase(appointment=visit, cause=cause, reference=reference, currency=visit.currency, created_at=now)
    elif case.state != State.WITHDRAWN:
        return case
    case.amount, case.state, case.closed_at, case.closed_by = left, State.PROPOSED, None, None
    case.save()
    return case


def approve_fee(*, case: FeeCase, by: User, now: datetime) -> FeeCase:
    """A manager says that a fee is to be taken; it can be undone for 24 hours. Pressed twice it is the same.

    :raises NotAllowed: somebody else
    :raises NotPossibleNow: it is paid, waived or owed no more
    """
    if not manages(by):
        raise NotAllowed
    with named_constraints(), transaction.atomic(durable=True):
        visit, locked = _locked(case)
        look_at_fees(visit, now=now)
        locked.refresh_from_db()
        if locked.state == State.PROPOSED:
            locked.approved_by, locked.take_at = by, now + rules.UNDO_FOR
            _move(locked, State.APPROVED)
            _tell_patient(locked, visit, now)
            record_change(appointment=visit, action="fee-approved", by=by, amount=locked.amount, now=now)
    if locked.state != State.APPROVED:
        raise NotPossibleNow
    return locked


def undo_approval(*, case: FeeCase, by: User, now: datetime) -> FeeCase:
    """Take the yes back while nothing has been asked of the card.

    :raises NotAllowed: not a manager
    :raises NotPossibleNow: the 24 hours are over, or it was never approved
    """
    if not manages(by):
        raise NotAllowed
    with named_constraints(), transaction.atomic(durable=True):
        visit, locked = _locked(case)
        if locked.state != State.APPROVED or locked.take_at is None or now >= locked.take_at:
            raise NotPossibleNow
        locked.approved_by = locked.take_at = None
        _move(locked, State.PROPOSED)
        unsay_fee(appointment=visit, now=now)
        record_change(appointment=visit, action="fee-approval-undone", by=by, now=now)
        return locked


def waive_fee(*, case: FeeCase, reason: FeeCase.Reason | str, by: User, now: datetime) -> FeeCase:
    """Ask for a fee no more, and give back what was taken for it. Reception and managers.

    :raises NotAllowed: somebody else
    :raises NotPossibleNow: it is waived, or owed no more
    """
    if not works_at_desk(by):
        raise NotAllowed
    with named_constraints(), transaction.atomic(durable=True):
        visit, locked = _locked(case)
        locked.closed_at, locked.closed_by, locked.reason = now, by, FeeCase.Reason(reason)
        _move(locked, State.WAIVED)
        _take_back_fee(locked, by, now)
        unsay_fee(appointment=visit, now=now)
        _ask_no_more(visit, locked, now)
        if locked.cause == Cause.LATE_MOVE:
            visit.late_moves = max(0, visit.late_moves - 1)
        else:
            visit.excused = True
        visit.save()
        correct_documents(appointment=visit, by=by, now=now)
        record_change(
            appointment=visit, action="fee-waived", by=by, reason=locked.reason, amount=locked.amount, now=now
        )
        return locked


def look_at_fees(visit: Appointment, *, now: datetime) -> None:
    """Close the open cases of a locked visit that are paid by now, or owed no more; joins the caller's transaction."""
    due = balance_of(visit).due
    for case in FeeCase.objects.filter(appointment=visit, state__in=FeeCase.OPEN).order_by("created_at"):
        if not is_owed(case, visit):
            _close(case, State.WITHDRAWN, visit, now)
        elif due <= 0:
            _close(case, State.PAID, visit, now)


def withdraw_fees(visit: Appointment, *, now: datetime) -> None:
    """A locked visit's fees that its state bears no more: they have come after all, or it was entered by mistake."""
    for case in FeeCase.objects.filter(appointment=visit).exclude(state__in=[State.WITHDRAWN, State.WAIVED]):
        if not is_owed(case, visit):
            _close(case, State.WITHDRAWN, visit, now)


def is_owed(case: FeeCase, visit: Appointment) -> bool:
    """Whether the visit as it stands bears this fee."""
    return rules.is_owed(cause=case.cause, status=visit.status, cancel_reason=visit.cancel_reason)


def note_fee_paid(payment: Payment, visit: Appointment, now: datetime) -> None:
    """Money came for a locked visit; if it was taken from the kept card, its fee is done."""
    if payment.state != Payment.State.CAPTURED:
        return
    case = payment.fee_case
    if case is not None and is_charge(payment) and case.state == State.TAKING:
        _close(case, State.TAKEN, visit, now)
    look_at_fees(visit, now=now)


def note_fee_not_taken(payment: Payment, visit: Appointment, now: datetime) -> None:
    """The card could not be charged: the patient is asked for the fee by a link."""
    case = payment.fee_case
    if case is not None and is_charge(payment) and case.state == State.TAKING:
        ask_by_link(case, visit, problem=why_not(payment), now=now)


def ask_by_link(case: FeeCase, visit: Appointment, *, problem: str, now: datetime) -> None:
    """Send a link to pay a fee that can't be taken from a card. Where none can be sent, it waits for the desk."""
    case.problem = problem
    _move(case, State.DECLINED)
    record_change(appointment=visit, action="fee-not-taken", role=SYSTEM, amount=case.amount, now=now)
    try:
        with transaction.atomic():
            ask_to_pay(appointment=visit, now=now)
    except BookingError as refusal:
        log.info("Fee %s is asked for at the desk: %s", case.pk, refusal.code)


def _tell_patient(case: FeeCase, visit: Appointment, now: datetime) -> None:
    """A day before, so that they can say if something is wrong. Where no card can be charged, the link says it."""
    assert case.take_at is not None
    if good_card_of(visit.patient, on=wall_date(case.take_at, visit.time_zone)) and agreement_of(visit):
        about = f"/fee/{case.pk}/{case.take_at.timestamp():.0f}"
        announce_fee(appointment=visit, about=about, take_at=case.take_at, now=now)


def _close(case: FeeCase, state: FeeCase.State, visit: Appointment, now: datetime) -> None:
    case.closed_at = now
    _move(case, state)
    if state in (State.PAID, State.WITHDRAWN):
        for payment in case.payments.filter(state=Payment.State.OPEN):  # it is in no hurry any more
            keep(payment=payment, amount=0, now=now)
        unsay_fee(appointment=visit, now=now)
    _forget_at_desk(visit, now)
    record_change(appointment=visit, action=f"fee-{state}", role=SYSTEM, amount=case.amount, now=now)


def _move(case: FeeCase, state: FeeCase.State) -> None:
    """:raises NotPossibleNow: the present state does not lead there"""
    if not rules.may_become(case.state, state):
        raise NotPossibleNow
    case.state = state
    case.save()


def _take_back_fee(case: FeeCase, by: User, now: datetime) -> None:
    entry = LedgerEntry.objects.filter(
        payment__appointment=case.appointment, kind=Kind.FEE, reference=case.reference
    ).get()
    write_entry(
        payment=entry.payment,
        kind=Kind.WAIVER,
        amount=entry.amount,
        reference=entry.reference,
        method=entry.method,
        by=by,
        now=now,
    )


def _ask_no_more(visit: Appointment, case: FeeCase, now: datetime) -> None:
    """What was asked for or taken for it goes back; of a visit that ended, everything beyond its other fees."""
    if case.cause != Cause.LATE_MOVE:
        release_payments(appointment=visit, keep=0, now=now)
        return
    for payment in case.payments.all():
        keep(payment=payment, amount=0, now=now)
    _forget_at_desk(visit, now)


def _forget_at_desk(visit: Appointment, now: datetime) -> None:
    """What the desk was to ask for is done, if nothing is due any more."""
    if balance_of(visit).due <= 0:
        asked = visit.payments.filter(
            gateway=Payment.Gateway.DESK, purpose=Payment.Purpose.FEE, state=Payment.State.OPEN
        )
        for payment in asked:
            keep(payment=payment, amount=0, now=now)


def _locked(case: FeeCase) -> tuple[Appointment, FeeCase]:
    visit = lock_appointment(case.appointment, stays=True)
    return visit, FeeCase.objects.get(pk=case.pk)

"""A therapist answers a request, or nobody does in time."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from booking.errors import NotCleared, NotPossibleNow
from booking.models import Appointment, Practitioner
from booking.payments.services import release_payments
from booking.reminders.services import announce_decision
from booking.rules.walltime import wall_date
from booking.selectors.practitioners import practitioners_on_duty
from booking.services.admission import admit, clearance_for, take_what_is_authorised
from booking.services.cancellations import cancel
from booking.services.constraints import named_constraints
from booking.services.locks import lock_appointment
from booking.services.needle_free import take_needles_out
from booking.services.records import stand_in
from booking.services.states import SYSTEM, end_as_cancelled, record_change
from booking.services.sweeps import sweep_one
from intake.access import cares_for
from intake.errors import NotAllowed
from intake.models import Screening, ScreeningDecision, User
from intake.services.reviews import record_decision

Status = Appointment.Status
Awaiting = Appointment.Awaiting
Reason = Appointment.CancelReason


def decide_request(
    *,
    appointment: Appointment,
    decision: str,
    reason: str,
    regions: Sequence[str] = (),
    conditions: str = "",
    by: User,
    now: datetime,
) -> Appointment:
    """Approve a request (it is booked, the money is taken) or decline it (it is cancelled, the money is released).

    :raises NotAllowed: not the patient's therapist, nor one on duty; or an approval against a STOP
    :raises NotCleared: the answers forbid the visit all the same
    :raises NotPossibleNow: it does not wait for a therapist
    :raises InvalidAnswers: no reason
    """
    with named_constraints(), transaction.atomic(durable=True):
        visit = lock_appointment(appointment)
        if not _waits_for_therapist(visit):
            raise NotPossibleNow
        screening = _answers_of(visit, by, now)
        record_decision(
            screening=screening,
            decision=decision,
            reason=reason,
            regions=regions,
            conditions=conditions,
            by=by,
            now=now,
        )
        if decision == ScreeningDecision.Decision.APPROVED:
            _approve(visit, now)
        else:
            _decline(visit, by, now)
        announce_decision(appointment=visit, decision=decision, now=now)
        record_change(appointment=visit, action=decision, by=by, now=now)
        return visit


def begin_review(*, appointment: Appointment, by: User, now: datetime) -> Appointment:
    """A therapist on duty opens a colleague's request to answer it: from here on they may see its answers.

    :raises NotAllowed: not the patient's therapist, nor one on duty
    :raises NotPossibleNow: it does not wait for a therapist
    """
    with named_constraints(), transaction.atomic(durable=True):
        visit = lock_appointment(appointment)
        if not _waits_for_therapist(visit):
            raise NotPossibleNow
        _answers_of(visit, by, now)
        return visit


def lapse_requests(*, now: datetime) -> int:
    """End the requests that no therapist answered in time: without needles where the patient agreed to that, else
    cancelled, and nothing is charged; how many.
    """
    due = Appointment.objects.filter(status=Status.PENDING, awaiting=Awaiting.REVIEW, decide_by__lte=now)
    return sum(sweep_one(_lapse, one, now) for one in due.order_by("decide_by")[:100])


def _waits_for_therapist(visit: Appointment) -> bool:
    return visit.awaiting == Awaiting.REVIEW or visit.status == Status.ARRIVED


def _answers_of(visit: Appointment, by: User, now: datetime) -> Screening:
    """The answers, opened to whoever is on duty if need be; that is written down."""
    if visit.screening is None or visit.patient is None:
        raise NotPossibleNow
    if not cares_for(by, visit.patient, now):
        day = wall_date(now, visit.location.time_zone)
        on_duty: Practitioner | None = practitioners_on_duty(day).filter(user=by).first()
        if on_duty is None:
            raise NotAllowed
        stand_in(
            practitioner=on_duty, patient=visit.patient, until=max(visit.end, visit.screening.valid_until), now=now
        )
        record_change(appointment=visit, action="stands-in", by=by, now=now)
    return visit.screening


def _approve(visit: Appointment, now: datetime) -> None:
    clearance = clearance_for(visit, now=now)
    if clearance.decision != "yes":
        raise NotCleared
    if visit.status == Status.PENDING:
        admit(visit, clearance, now=now)
    visit.save()
    take_what_is_authorised(visit, now=now)


def _decline(visit: Appointment, by: User, now: datetime) -> None:
    end_as_cancelled(visit, reason=Reason.DECLINED, by=by, now=now)
    visit.save()
    release_payments(appointment=visit, keep=0, now=now)


def _lapse(appointment: Appointment, now: datetime) -> bool:
    with named_constraints(), transaction.atomic(durable=True):
        visit = lock_appointment(appointment)
        if visit.awaiting != Awaiting.REVIEW or visit.decide_by is None or visit.decide_by > now:
            return False
        if visit.accepts_assessment and _went_on_without_needles(visit, now):
            return True
        cancel(visit, reason=Reason.REVIEW_LAPSED, role=SYSTEM, now=now)
        return True


def _went_on_without_needles(visit: Appointment, now: datetime) -> bool:
    try:
        with transaction.atomic():
            take_needles_out(visit, role=SYSTEM, now=now)
    except (NotPossibleNow, NotCleared):
        visit.refresh_from_db()
        return False
    return True

"""A therapist answers a request, or nobody does in time."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from booking.errors import DecidedAlready, NotCleared, NotPossibleNow
from booking.models import Appointment, Practitioner, Task
from booking.payments.services import release_payments
from booking.reminders.services import announce_decision, plan_booking_messages, tell_staff
from booking.rules.errands import call_back_by
from booking.rules.opening_hours import next_opening
from booking.rules.walltime import wall_date
from booking.selectors.courses import waiting_with
from booking.selectors.openings import Notice
from booking.selectors.practitioners import authorised_to_needle
from booking.selectors.slots import nearest_slots
from booking.selectors.stand_ins import managers, practitioners_on_duty, stands_in_for
from booking.services.admission import admit, clearance_for, take_what_is_authorised
from booking.services.cancellations import cancel
from booking.services.constraints import named_constraints
from booking.services.errands import open_task
from booking.services.fee_cases import withdraw_fees
from booking.services.freed_time import note_freed_time
from booking.services.locks import lock_appointment, lock_appointments
from booking.services.needle_free import take_needles_out
from booking.services.records import stand_in
from booking.services.states import SYSTEM, end_as_cancelled, record_change
from booking.services.sweeps import sweep_one
from intake.access import cares_for
from intake.errors import InvalidAnswers, NotAllowed
from intake.models import Screening, ScreeningDecision, User
from intake.rules.decisions import ALLOWING, MAX_DAYS
from intake.selectors.clearance import Clearance
from intake.selectors.decisions import standing_decision
from intake.services.reviews import record_decision

Status = Appointment.Status
Awaiting = Appointment.Awaiting
Reason = Appointment.CancelReason
_REQUEST = Clearance(decision="request", complete=True)


def decide_request(
    *,
    appointment: Appointment,
    decision: str,
    reason: str,
    regions: Sequence[str] = (),
    excluded: Sequence[str] = (),
    conditions: str = "",
    visits: int | None = None,
    days: int | None = None,
    offered: Sequence[str] = (),
    by: User,
    now: datetime,
) -> Appointment:
    """Approve a request or lower it to "with care" (it is booked, the money is taken), or decline it or rule needling
    out (it is cancelled and the money released; where the patient chose that and the therapist offers it, it goes on
    without needles). The sessions of its course that wait on the same answers go the same way.

    A yes leaves out the `excluded` regions, brings back `regions` that the answers exclude, and holds for `visits` and
    `days` from now (each without limit, but never longer than the answers).

    :raises NotAllowed: not an authorised therapist of the patient, on duty or standing in; or a yes to a STOP
    :raises NotCleared: the answers forbid the visit all the same
    :raises DecidedAlready: somebody was faster; it says who
    :raises NotPossibleNow: it does not wait for a therapist
    :raises InvalidAnswers: no reason, or regions, visits or days that can't be
    """
    with named_constraints(), transaction.atomic(durable=True):
        visit, *others = lock_appointments([appointment, *waiting_with(appointment)])
        require_waiting(visit)
        made = record_decision(
            screening=open_answers(visit, by, now),
            decision=decision,
            reason=reason,
            regions=regions,
            excluded=excluded,
            conditions=conditions,
            visits=visits,
            offered=offered,
            valid_until=_until(visit, days, now) if decision in ALLOWING else None,
            by=by,
            now=now,
        )
        for one in (visit, *others):
            if decision not in ALLOWING:
                _refuse(one, made, by, now)
            elif not _approve(one, now, covered=one is visit):
                continue
            record_change(appointment=one, action=decision, by=by, now=now)
        if decision not in ALLOWING:
            _offer_call(visit, made, now)
        return visit


def begin_review(*, appointment: Appointment, by: User, now: datetime) -> Appointment:
    """A therapist on duty or standing in opens a colleague's request: from here on they may see its answers.

    :raises NotAllowed: not an authorised therapist of the patient, on duty or standing in
    :raises NotPossibleNow: it does not wait for a therapist
    """
    with named_constraints(), transaction.atomic(durable=True):
        visit = lock_appointment(appointment)
        require_waiting(visit)
        open_answers(visit, by, now)
        return visit


def lapse_requests(*, now: datetime) -> int:
    """End the requests that no therapist answered in time, once the managers are told: without needles where the
    patient agreed to that, else cancelled with other times, and nothing is charged; how many.
    """
    due = Appointment.objects.filter(status=Status.PENDING, awaiting=Awaiting.REVIEW, decide_by__lte=now)
    return sum(sweep_one(_lapse, one, now) for one in due.order_by("decide_by")[:100])


def require_waiting(visit: Appointment) -> None:
    """That a locked visit waits for a therapist, or has come and may still be decided about.

    :raises DecidedAlready: it did until somebody answered
    :raises NotPossibleNow: it does not
    """
    if visit.awaiting == Awaiting.REVIEW or visit.status == Status.ARRIVED:
        return
    made = standing_decision(visit.screening) if visit.screening is not None else None
    if made is not None and visit.review_since is not None and made.decided_at >= visit.review_since:
        raise DecidedAlready(_("%(name)s has answered this request already.") % {"name": made.decided_by})
    raise NotPossibleNow


def open_answers(visit: Appointment, by: User, now: datetime) -> Screening:
    """The answers of a locked visit, opened to whoever is on duty or stands in if need be; that is written down.

    :raises NotAllowed: not authorised to needle on this day, or neither the patient's therapist nor one of those
    """
    if visit.screening is None or visit.patient is None:
        raise NotPossibleNow
    today = wall_date(now, visit.location.time_zone)
    therapist: Practitioner | None = authorised_to_needle(today).filter(user=by).first()
    if therapist is None:
        raise NotAllowed
    if not cares_for(by, visit.patient, now):
        is_named = stands_in_for(by, now=now).filter(pk=visit.practitioner_id).exists()
        if not is_named and not practitioners_on_duty(now).filter(pk=therapist.pk).exists():
            raise NotAllowed
        until = max(visit.end, visit.screening.valid_until)
        stand_in(practitioner=therapist, patient=visit.patient, until=until, now=now)
        record_change(appointment=visit, action="stands-in", by=by, named=is_named, now=now)
    return visit.screening


def _until(visit: Appointment, days: int | None, now: datetime) -> datetime | None:
    """:raises InvalidAnswers: it would end before this visit"""
    if days is None or visit.screening is None:
        return None
    if not 1 <= days <= MAX_DAYS:
        raise InvalidAnswers(_("Please choose 1 to 365 days."))
    until = min(now + timedelta(days=days), visit.screening.valid_until)
    if until < visit.start <= visit.screening.valid_until:
        raise InvalidAnswers(_("That would end before this visit. Please choose more days."))
    return until


def _approve(visit: Appointment, now: datetime, *, covered: bool) -> bool:
    """Whether it is booked now. `covered`: the decision is about this one; another session of its course goes on
    waiting if the days or visits of the yes don't reach it.
    """
    clearance = clearance_for(visit, now=now)
    if clearance.decision != "yes":
        if covered:
            raise NotCleared
        return False
    if visit.status == Status.PENDING:
        admit(visit, clearance, now=now)
    visit.approval = clearance.approval
    visit.save()
    take_what_is_authorised(visit, now=now)
    announce_decision(appointment=visit, decision="approved", now=now)
    return True


def _refuse(visit: Appointment, made: ScreeningDecision, by: User, now: datetime) -> None:
    offered = made.content["offered"]
    _ask_about_others(visit, now)
    goes_on = "without-needles" in offered and visit.accepts_assessment and went_on_without_needles(visit, now)
    if not goes_on:
        end_as_cancelled(visit, reason=Reason.DECLINED, by=by, now=now)
        visit.save()
        note_freed_time(appointment=visit, due_at=now, now=now)
        release_payments(appointment=visit, keep=0, now=now)
        withdraw_fees(visit, now=now)
        announce_decision(appointment=visit, decision="declined", now=now)


def _offer_call(visit: Appointment, made: ScreeningDecision, now: datetime) -> None:
    if "call" in made.content["offered"] and visit.patient is not None and visit.patient.phone:
        place = visit.location
        due_at = call_back_by(now, weekly=place.weekly_hours, zone=place.time_zone)
        open_task(kind=Task.Kind.CALL_BACK, due_at=due_at, appointment=visit, now=now)


def _ask_about_others(visit: Appointment, now: datetime) -> None:
    """Other coming visits that rest on the same answers wait for a therapist again."""
    same = Q(screening=visit.screening) | Q(approval__screening=visit.screening)
    others = Appointment.objects.filter(same, patient=visit.patient, status=Status.BOOKED, start__gt=now)
    locked = (
        others.exclude(pk=visit.pk)
        .exclude(service__modality="none")
        .select_related("service", "practitioner__user", "location", "patient")
        .order_by("pk")
        .select_for_update(no_key=True, of=("self",))
    )
    for other in locked:
        admit(other, _REQUEST, now=now)
        other.save()
        plan_booking_messages(appointment=other, now=now)
        record_change(appointment=other, action="therapist-decides", role=SYSTEM, now=now)


def _lapse(appointment: Appointment, now: datetime) -> bool:
    with named_constraints(), transaction.atomic(durable=True):
        visit = lock_appointment(appointment)
        if visit.awaiting != Awaiting.REVIEW or visit.decide_by is None or visit.decide_by > now:
            return False
        _tell_managers(visit, now)
        if visit.accepts_assessment and went_on_without_needles(visit, now):
            return True
        others = nearest_slots(service=visit.service, around=visit.start, notice=Notice(is_request=True), now=now)
        cancel(visit, reason=Reason.REVIEW_LAPSED, role=SYSTEM, alternatives=others, now=now)
        return True


def _tell_managers(visit: Appointment, now: datetime) -> None:
    place = visit.location
    tell_staff(kind="request-overdue", recipients=managers(), appointment=visit, now=now)
    due_at = next_opening(now, weekly=place.weekly_hours, zone=place.time_zone)
    open_task(kind=Task.Kind.REVIEW_OVERDUE, due_at=due_at, appointment=visit, now=now)


def went_on_without_needles(visit: Appointment, now: datetime) -> bool:
    """Whether a locked visit could be turned into one without needles, and was."""
    try:
        with transaction.atomic():
            take_needles_out(visit, role=SYSTEM, now=now)
    except (NotPossibleNow, NotCleared):
        visit.refresh_from_db()
        return False
    return True

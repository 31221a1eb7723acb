"""Calls before a visit: "I'm calling", and what came of it."""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from booking.errors import NotPossibleNow
from booking.errors_of_messages import CalledMeanwhile
from booking.models import Appointment, Call
from booking.rules.calls import is_calling
from booking.rules.walltime import start_of_day, wall_date
from booking.services.coming import accept, may_accept, take_back_acceptance
from booking.services.constraints import named_constraints
from booking.services.locks import lock_appointments
from booking.services.states import record_change, require_clinic
from intake.models import User

Status = Appointment.Status
Outcome = Call.Outcome
_TRIES: Final = (Outcome.CALLING, Outcome.LEFT_MESSAGE, Outcome.NO_ANSWER, Outcome.WRONG_NUMBER)
_OF_COMING: Final = (*_TRIES, Outcome.COMING, Outcome.CANT_COME, Outcome.OTHER_TIME)
_NOT_THEN: Final = (Outcome.CANT_COME, Outcome.OTHER_TIME)
_OF_CANCELLED: Final = (*_TRIES, Outcome.TOLD)


def note_call(*, appointment: Appointment, outcome: Call.Outcome, seen: int, by: User, now: datetime) -> Call:
    """Write down that somebody calls a patient, or what came of it: about all their visits of that day. Who says that
    they are coming has confirmed them. `seen` is how many calls were noted when the caller looked.

    :raises CalledMeanwhile: a colleague has noted something since, or is calling now
    :raises NotPossibleNow: the visit has begun, is no coming one any more, or this can't be said of it
    :raises NotAllowed: `by` does not work with visits
    """
    require_clinic(by)
    with named_constraints(), transaction.atomic(durable=True):
        visits = lock_appointments([appointment, *_others_of_that_day(appointment)], stays=True)
        first = visits[0]
        if first.start <= now or outcome not in _said_of(first):
            raise NotPossibleNow(_("This visit is no longer to come as it was. Please look at the list again."))
        last = first.calls.select_related("made_by").order_by("number").last()
        if last is not None and last.number == seen + 1 and (last.made_by_id, last.outcome) == (by.pk, outcome):
            return last  # a double tap
        _refuse_if_overtaken(last, seen, by, now)
        noted = [_note(visit, outcome, by, now) for visit in visits]
        return noted[0]


def _said_of(visit: Appointment) -> tuple[Call.Outcome, ...]:
    if visit.status == Status.CANCELLED:
        return _OF_CANCELLED
    return _OF_COMING if visit.status in (Status.BOOKED, Status.PENDING) else ()


def _others_of_that_day(visit: Appointment) -> list[Appointment]:
    """The other visits that one call is about: the same patient's, that day, and as this one coming or cancelled."""
    if visit.patient_id is None:
        return []
    day = wall_date(visit.start, visit.time_zone)
    same = Appointment.objects.filter(
        patient=visit.patient_id,
        location=visit.location_id,
        start__gte=start_of_day(day, visit.time_zone),
        start__lt=start_of_day(day + timedelta(days=1), visit.time_zone),
    )
    alike = [Status.CANCELLED] if visit.status == Status.CANCELLED else [Status.BOOKED, Status.PENDING]
    return list(same.filter(status__in=alike).exclude(pk=visit.pk).order_by("start", "pk"))


def _refuse_if_overtaken(last: Call | None, seen: int, by: User, now: datetime) -> None:
    """:raises CalledMeanwhile: saying who, and what came of it"""
    if last is None:
        return
    is_theirs = last.made_by_id != by.pk
    calls_now = is_theirs and last.outcome == Outcome.CALLING and is_calling(last.made_at, now=now)
    if calls_now:
        raise CalledMeanwhile(_("%(who)s is calling them at this moment.") % {"who": last.made_by})
    if last.number > seen and is_theirs and last.outcome != Outcome.CALLING:
        said = {"who": last.made_by, "outcome": last.get_outcome_display()}
        raise CalledMeanwhile(_("%(who)s has just called them: %(outcome)s.") % said)


def _note(visit: Appointment, outcome: Call.Outcome, by: User, now: datetime) -> Call:
    call = Call.objects.create(
        appointment=visit,
        number=visit.calls.count() + 1,
        schedule_version=visit.schedule_version,
        outcome=outcome,
        made_by=by,
        made_at=now,
    )
    if outcome == Outcome.CALLING:
        return call
    record_change(appointment=visit, action="called", by=by, reason=str(outcome), now=now)
    if outcome == Outcome.COMING and may_accept(visit, now=now):
        accept(visit, how=Appointment.Accepted.CALL, by=by, now=now)
    elif outcome in _NOT_THEN or visit.accepted_how == Appointment.Accepted.CALL:  # what was noted first was a slip
        take_back_acceptance(visit, now=now)
    return call

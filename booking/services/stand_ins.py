"""Naming a colleague who answers one's requests for a time."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from booking.errors import NotPossibleNow
from booking.models import Appointment, Practitioner, StandIn
from booking.reminders.services import tell_staff
from booking.rules.policy import half_gone
from booking.rules.walltime import wall_date
from booking.selectors.appointments import with_relations
from booking.selectors.locations import the_clinic
from booking.selectors.practitioners import may_needle
from intake.access import is_therapist, manages
from intake.errors import InvalidAnswers, NotAllowed
from intake.models import User
from intake.services.audit import record_event

_WAITS = {"status": Appointment.Status.PENDING, "awaiting": Appointment.Awaiting.REVIEW}


def name_stand_in(
    *, practitioner: Practitioner, colleague: Practitioner, start: datetime, end: datetime, by: User, now: datetime
) -> StandIn:
    """Let a colleague answer a therapist's requests in [start, end). When that begins they hear of what waits, and once
    more when half of the time to answer is gone.

    :raises NotAllowed: neither the therapist nor a manager
    :raises InvalidAnswers: the same person, one who may not needle then, or a time that is over or ends too early
    """
    _require_own(practitioner, by)
    if colleague == practitioner or not colleague.active or not _may_needle(colleague, start, end):
        raise InvalidAnswers(_("Please name a colleague who may needle all that time."))
    if end <= start or end <= now:
        raise InvalidAnswers(_("The end must lie after the beginning, and ahead."))
    with transaction.atomic(durable=True):
        made = StandIn.objects.create(
            practitioner=practitioner, colleague=colleague, start=start, end=end, named_by=by, named_at=now
        )
        record_event(action="stand-in-named", entity=made, by=by, now=now)
        begins = max(start, now)
        for visit in with_relations().filter(practitioner=practitioner, decide_by__gt=begins, **_WAITS):
            _tell(made, visit, begins=begins, now=now)
        return made


def end_stand_in(*, stand_in: StandIn, by: User, now: datetime) -> StandIn:
    """Take it back: it ends now, or never begins. What was opened so far stays written down.

    :raises NotAllowed: neither the therapist nor a manager
    :raises NotPossibleNow: it is over
    """
    _require_own(stand_in.practitioner, by)
    with transaction.atomic(durable=True):
        row = StandIn.objects.select_for_update(no_key=True).get(pk=stand_in.pk)
        if row.end <= now:
            raise NotPossibleNow
        row.start, row.end = min(row.start, now), now
        row.save(update_fields=["start", "end"])
        record_event(action="stand-in-ended", entity=row, by=by, now=now)
        return row


def _tell(stand_in: StandIn, visit: Appointment, *, begins: datetime, now: datetime) -> None:
    """The mails that the therapist gets, as far as they fall into the time of who stands in."""
    assert visit.review_since is not None
    assert visit.decide_by is not None
    recipients = [stand_in.colleague.user]
    tell_staff(kind="request-waiting", recipients=recipients, appointment=visit, due_at=begins, now=now)
    half = half_gone(since=visit.review_since, until=visit.decide_by)
    if begins < half < stand_in.end:
        tell_staff(kind="request-still-waiting", recipients=recipients, appointment=visit, due_at=half, now=now)


def _require_own(practitioner: Practitioner, by: User) -> None:
    is_own = is_therapist(by) and practitioner.user_id == by.pk
    if not is_own and not manages(by):
        raise NotAllowed


def _may_needle(colleague: Practitioner, start: datetime, end: datetime) -> bool:
    clinic = the_clinic()
    zone = clinic.time_zone if clinic else "UTC"
    return all(may_needle(colleague, wall_date(moment, zone)) for moment in (start, end))

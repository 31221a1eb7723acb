"""What a patient says of the visit ahead: that they are coming, or that they can't. The second cancels nothing."""

from datetime import datetime

from django.db import transaction

from booking.errors import NotPossibleNow
from booking.models import Appointment
from booking.rules.kinds import still_true
from booking.services.cancellations import check_own
from booking.services.locks import lock_appointment
from booking.services.states import acts_for_clinic, record_change
from intake.errors import NotAllowed
from intake.models import User

How = Appointment.Accepted


def accept_visit(*, appointment: Appointment, how: How, by: User | None, now: datetime) -> Appointment:
    """Keep that the patient has said they are coming; safe twice. Without `by` it is whoever has the link or number.

    :raises NotPossibleNow: it is no coming visit that somebody could be reminded of
    :raises NotAllowed: not theirs, or what only staff can have been told
    """
    with transaction.atomic(durable=True):
        visit = lock_appointment(appointment, stays=True)
        accept(visit, how=how, by=by, now=now)
        return visit


def accept(visit: Appointment, *, how: How, by: User | None, now: datetime) -> None:
    """The same for a locked visit, in the caller's transaction.

    :raises NotPossibleNow, NotAllowed: as `accept_visit`
    """
    check_own(visit, by)
    if how == How.CALL and not acts_for_clinic(by):
        raise NotAllowed
    if not may_accept(visit, now=now):
        raise NotPossibleNow
    if not visit.is_accepted:
        _keep(visit, at=now, how=how, version=visit.schedule_version)
        record_change(appointment=visit, action="accepted", by=by, how=str(how), now=now)


def take_back_acceptance(visit: Appointment, *, now: datetime) -> None:
    """They said that they were coming, and now that they can't: a locked visit, in the caller's transaction."""
    if visit.is_accepted:
        _keep(visit, at=None, how="", version=None)
        record_change(appointment=visit, action="acceptance-taken-back", now=now)


def may_accept(visit: Appointment, *, now: datetime) -> bool:
    """Whether it is a coming visit that somebody could be reminded of."""
    return now < visit.start and still_true("reminder", status=visit.status, awaiting=visit.awaiting)


def _keep(visit: Appointment, *, at: datetime | None, how: str, version: int | None) -> None:
    visit.accepted_at, visit.accepted_how, visit.accepted_version = at, how, version
    visit.save(update_fields=["accepted_at", "accepted_how", "accepted_version"])

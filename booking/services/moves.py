"""Moving a visit: the same rules as a new booking, and the old time is free in the same moment."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from booking.errors import NotCleared, NotPossibleNow, SlotTaken, TooLate
from booking.models import Appointment, Practitioner
from booking.payments.services import charge_fee
from booking.reminders.services import replan_after_move
from booking.rules import policy
from booking.rules.lifecycle import COMING
from booking.selectors.fees import late_fee_of
from booking.selectors.openings import Notice
from booking.selectors.slots import nearest_slots
from booking.services.admission import admit, clearance_for, is_unfinished, take_what_is_authorised
from booking.services.cancellations import check_own
from booking.services.constraints import named_constraints
from booking.services.locks import lock_appointment
from booking.services.places import Place, desk_at, find_place, rooms_of
from booking.services.records import keep_care_relation
from booking.services.states import acts_for_clinic, record_change
from intake.errors import IncompleteAnswers
from intake.models import User

Awaiting = Appointment.Awaiting


@dataclass(frozen=True, slots=True)
class Moved:
    """The visit at its new time, and the fee in minor units."""

    appointment: Appointment
    fee: int


def reschedule_appointment(
    *, appointment: Appointment, practitioner: Practitioner | None, start: datetime, by: User | None, now: datetime
) -> Moved:
    """Move a visit or a request to another time or therapist (None: the same). Without `by` it is whoever holds the
    link.

    :raises SlotTaken: details hold up to three `alternatives`
    :raises SlotNotOffered, PatientBusy, NotCleared, IncompleteAnswers, TooLate, NotPossibleNow, NotAllowed: nothing
        changed
    """
    try:
        with named_constraints(), transaction.atomic(durable=True):
            return _move(appointment, practitioner or appointment.practitioner, start, by, now)
    except SlotTaken as taken:
        near = nearest_slots(
            service=appointment.service,
            practitioner=practitioner,
            around=start,
            notice=Notice(by_staff=acts_for_clinic(by)),
            now=now,
        )
        raise SlotTaken(alternatives=near) from taken


def _move(
    appointment: Appointment, practitioner: Practitioner, start: datetime, by: User | None, now: datetime
) -> Moved:
    staff = acts_for_clinic(by)
    # Unlocked and without notice, only to know which rooms to lock; `find_place` looks again.
    desk = desk_at(
        service=appointment.service,
        practitioner=practitioner,
        start=start,
        notice=Notice(by_staff=True),
        now=now,
    )
    visit = lock_appointment(appointment, practitioners=[practitioner.pk], rooms=rooms_of(desk))
    _check(visit, practitioner, start, by, now)
    clearance = clearance_for(visit, start=start, by_staff=staff, now=now)
    awaits_form = visit.awaiting == Awaiting.FORM
    if clearance.decision == "no" and not awaits_form:
        raise IncompleteAnswers if is_unfinished(clearance) else NotCleared
    notice = Notice(is_request=clearance.decision == "request", by_staff=staff)
    place = find_place(
        service=visit.service, practitioner=practitioner, start=start, notice=notice, moving=visit, now=now
    )
    fee = policy.fee_for_moving(
        by_clinic=staff,
        free_until=visit.free_cancel_until,
        late_fee=late_fee_of(visit),
        confirmed=visit.status == Appointment.Status.BOOKED,
        now=now,
    )
    before, old_practitioner = visit.wall_start, visit.practitioner
    _put(visit, place, practitioner, now)
    if not awaits_form:
        admit(visit, clearance, now=now)
    visit.save()
    charge_fee(appointment=visit, amount=fee, now=now)
    if visit.status == Appointment.Status.BOOKED:
        take_what_is_authorised(visit, now=now)
    for one in {old_practitioner, practitioner}:
        keep_care_relation(practitioner=one, patient=visit.patient, now=now)
    replan_after_move(appointment=visit, now=now)
    record_change(appointment=visit, action="moved", by=by, before=before, start=visit.wall_start, fee=fee, now=now)
    return Moved(visit, fee)


def _check(visit: Appointment, practitioner: Practitioner, start: datetime, by: User | None, now: datetime) -> None:
    check_own(visit, by)
    if visit.status not in COMING or visit.awaiting == Awaiting.PAYMENT:
        raise NotPossibleNow
    if (visit.practitioner_id, visit.start) == (practitioner.pk, start):
        raise NotPossibleNow(_("The visit is at that time already."))
    if visit.start <= now and not acts_for_clinic(by):
        raise TooLate


def _put(visit: Appointment, place: Place, practitioner: Practitioner, now: datetime) -> None:
    for name, value in place.as_fields().items():
        setattr(visit, name, value)
    visit.practitioner = practitioner
    visit.schedule_version += 1
    hours = visit.location.free_cancel_hours
    visit.free_cancel_until = policy.free_cancel_until(start=visit.start, hours=hours)
    if visit.awaiting == Awaiting.FORM:
        visit.form_due_at = policy.form_due_at(start=visit.start, hours=visit.location.form_deadline_hours, now=now)

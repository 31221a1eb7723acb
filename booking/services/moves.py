"""Moving a visit: the same rules as a new booking, and the old time is free in the same moment."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from booking.errors import NotCleared, NotPossibleNow, ReasonNeeded, SlotTaken, SpacingBroken, TooLate
from booking.models import Appointment, FeeCase, Practitioner
from booking.payments.services import charge_fee
from booking.reminders.services import replan_after_move
from booking.reminders.untold import keep_untold
from booking.rules import policy
from booking.rules.intervals import Interval, subtract
from booking.rules.lifecycle import COMING
from booking.selectors.courses import keeps_spacing
from booking.selectors.fees import agreed_late_fee_of, is_forgiven
from booking.selectors.openings import Notice
from booking.selectors.outside_hours import cant_take_place
from booking.selectors.slots import nearest_slots
from booking.services.admission import admit, clearance_for, is_unfinished, take_what_is_authorised
from booking.services.cancellations import check_own
from booking.services.constraints import named_constraints
from booking.services.fee_cases import propose_fee
from booking.services.freed_time import note_freed_time
from booking.services.locks import lock_appointment
from booking.services.places import Place, find_place, require_real_time, rooms_there
from booking.services.records import keep_care_relation
from booking.services.states import acts_for_clinic, record_change
from intake.errors import IncompleteAnswers, NotAllowed
from intake.models import User

Awaiting = Appointment.Awaiting


@dataclass(frozen=True, slots=True)
class Moved:
    """The visit at its new time, and the fee in minor units."""

    appointment: Appointment
    fee: int


def reschedule_appointment(
    *,
    appointment: Appointment,
    practitioner: Practitioner | None,
    start: datetime,
    set_aside: str = "",
    tell: bool = True,
    by: User | None,
    now: datetime,
) -> Moved:
    """Move a visit or a request to another time or therapist (None: the same). Without `by` it is whoever holds the
    link. Staff may choose not to `tell` the patient; reminders come all the same.

    `set_aside` (`Appointment.SetAside`) is why staff go beyond the rules: hours, steps, and the terms for moving.

    :raises SlotTaken: details hold up to three `alternatives`
    :raises TooLate: the terms don't let the patient move it any more
    :raises SpacingBroken: a session of a course would come too near to its neighbours, or too far from them
    :raises ReasonNeeded: staff may do both with a reason
    :raises SlotNotOffered, PatientBusy, NotCleared, IncompleteAnswers, NotPossibleNow, NotAllowed: nothing changed
    """
    whose = practitioner or appointment.practitioner
    try:
        with named_constraints(), transaction.atomic(durable=True):
            rooms = rooms_there(service=appointment.service, practitioner=whose)
            visit = lock_appointment(appointment, practitioners=[whose.pk], rooms=rooms)
            return move_to_place(visit, practitioner=whose, start=start, set_aside=set_aside, tell=tell, by=by, now=now)
    except SlotTaken as taken:
        near = nearest_slots(
            service=appointment.service,
            practitioner=practitioner,
            around=start,
            notice=Notice(by_staff=acts_for_clinic(by)),
            now=now,
        )
        raise SlotTaken(alternatives=near) from taken


def move_to_place(
    visit: Appointment,
    *,
    practitioner: Practitioner,
    start: datetime,
    by: User | None,
    offered: bool = False,
    set_aside: str = "",
    with_course: bool = False,
    tell: bool = True,
    now: datetime,
) -> Moved:
    """The move itself, in the caller's durable transaction, of a visit that is locked together with both therapists and
    `rooms_there` (`lock_appointment(s)`).

    `offered`: the clinic proposed this time, so it costs nothing, needs no notice and isn't one of the patient's moves.
    `with_course`: the other sessions move too, and the caller has looked at the days between them.

    :raises SlotTaken, SlotNotOffered, NotCleared, IncompleteAnswers, TooLate, SpacingBroken, ReasonNeeded,
        NotPossibleNow, NotAllowed: and the caller's transaction must end with it
    """
    by_clinic = offered or acts_for_clinic(by)
    require_real_time(start, now)
    _check(visit, practitioner, start, by, now)
    if (set_aside or not tell) and not acts_for_clinic(by):
        raise NotAllowed
    if not (offered or set_aside):
        _check_terms(visit, by, now)
    if not (with_course or set_aside or keeps_spacing(visit, start=start)):
        if acts_for_clinic(by):
            raise ReasonNeeded(_("It would come too near to another session of the course, or too far from it."))
        raise SpacingBroken
    clearance = clearance_for(visit, start=start, by_staff=by_clinic, now=now)
    awaits_form = visit.awaiting == Awaiting.FORM
    if clearance.decision == "no" and not awaits_form:
        raise IncompleteAnswers if is_unfinished(clearance) else NotCleared
    notice = Notice(is_request=clearance.decision == "request", by_staff=by_clinic)
    place = find_place(
        service=visit.service,
        practitioner=practitioner,
        start=start,
        notice=notice,
        moving=visit,
        beyond_hours=bool(set_aside),
        now=now,
    )
    agreed_fee = policy.fee_for_moving(
        by_clinic=by_clinic,
        free_until=visit.free_cancel_until,
        late_fee=agreed_late_fee_of(visit),
        confirmed=visit.status == Appointment.Status.BOOKED,
        now=now,
    )
    fee = 0 if agreed_fee and is_forgiven(visit) else agreed_fee
    before, old_practitioner = visit.wall_start, visit.practitioner
    _note_what_is_left(visit, place, now)
    _put(visit, place, practitioner, now)
    visit.set_aside = set_aside
    visit.moves_made += not by_clinic
    visit.late_moves += agreed_fee > 0
    if not awaits_form:
        admit(visit, clearance, now=now)
    visit.save()
    charged = charge_fee(appointment=visit, amount=fee, now=now)
    propose_fee(visit, cause=FeeCase.Cause.LATE_MOVE, charged=charged, fee=fee, now=now)
    if visit.status == Appointment.Status.BOOKED:
        take_what_is_authorised(visit, now=now)
    for one in {old_practitioner, practitioner}:
        keep_care_relation(practitioner=one, patient=visit.patient, now=now)
    if by is not None and not tell:
        keep_untold(appointment=visit, kind="moved", by=by, now=now)
    replan_after_move(appointment=visit, now=now)
    record_change(
        appointment=visit,
        action="moved",
        by=by,
        reason=set_aside,
        before=before,
        start=visit.wall_start,
        fee=fee,
        now=now,
    )
    return Moved(visit, fee)


def may_patient_move(visit: Appointment, *, now: datetime) -> bool:
    """Whether the clinic's terms let the patient move this visit themselves."""
    place = visit.location
    return policy.may_still_move(
        start=visit.start,
        notice_hours=place.move_notice_hours,
        moves_made=visit.moves_made,
        moves_allowed=place.moves_allowed,
        now=now,
    )


def _check(visit: Appointment, practitioner: Practitioner, start: datetime, by: User | None, now: datetime) -> None:
    check_own(visit, by)
    if visit.status not in COMING or visit.awaiting == Awaiting.PAYMENT:
        raise NotPossibleNow
    if (visit.practitioner_id, visit.start) == (practitioner.pk, start):
        raise NotPossibleNow(_("The visit is at that time already."))


def _check_terms(visit: Appointment, by: User | None, now: datetime) -> None:
    if may_patient_move(visit, now=now):
        return
    if acts_for_clinic(by):
        if cant_take_place(visit):
            return
        raise ReasonNeeded
    allowed = visit.location.moves_allowed
    if allowed is not None and visit.moves_made >= allowed:
        raise TooLate(_("This visit has been moved as often as we can do it here. Please call us."))
    raise TooLate


def _note_what_is_left(visit: Appointment, place: Place, now: datetime) -> None:
    """The old time is free, but for what the new one takes of it."""
    old = Interval(visit.start, visit.end)
    same = visit.practitioner_id == place.practitioner_id
    for stretch in subtract([old], [place.visit] if same else []):
        note_freed_time(appointment=visit, stretch=stretch, due_at=now, now=now)


def _put(visit: Appointment, place: Place, practitioner: Practitioner, now: datetime) -> None:
    if visit.free_cancel_until is None:
        visit.free_cancel_until = policy.free_cancel_until(start=visit.start, hours=visit.location.free_cancel_hours)
    free_before = visit.start - visit.free_cancel_until
    for name, value in place.as_fields().items():
        setattr(visit, name, value)
    visit.practitioner = practitioner
    visit.schedule_version += 1
    visit.free_cancel_until = visit.start - free_before  # as long before it as was agreed
    if visit.awaiting == Awaiting.FORM:
        visit.form_due_at = policy.form_due_at(start=visit.start, hours=visit.location.form_deadline_hours, now=now)

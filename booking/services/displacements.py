"""Visits that can't take place as booked: the patient is asked for another time, or staff mend it at once.

Other times are offers of one group, which is the id of the displacement: each is a real hold, taking one moves the
visit and lets go of the others, and none of it ever costs the patient anything.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from booking.errors import NotPossibleNow, SlotNotOffered, SlotTaken, SpacingBroken, TryAgain
from booking.models import Appointment, Displacement, Offer, Practitioner, Task
from booking.reminders.services import announce_visit_stays, ask_for_another_time
from booking.reminders.ways import can_be_written_to
from booking.rules.displacement import answer_by
from booking.rules.errands import call_back_by
from booking.rules.lifecycle import COMING
from booking.selectors.closures import Closure
from booking.selectors.openings import rooms_for
from booking.selectors.outside_hours import cant_take_place
from booking.services.admission import clearance_for
from booking.services.batches import work_off
from booking.services.cancellations import cancel
from booking.services.constraints import named_constraints
from booking.services.errands import close_settled_tasks, open_task
from booking.services.links import manage_token
from booking.services.locks import lock_appointments
from booking.services.offers import Terms, accept_offer, make_offer, withdraw_offers
from booking.services.states import SYSTEM, record_change, require_clinic
from intake.models import User
from intake.tokens import hash_token

log = logging.getLogger(__name__)
_A_SWEEP: Final = 500
State = Displacement.State
Status = Appointment.Status


@dataclass(frozen=True, slots=True)
class Choice:
    """A time that is proposed instead."""

    start: datetime
    practitioner: Practitioner


@dataclass(frozen=True, slots=True)
class Sent:
    """What the patient was asked, and which of the choices somebody else had taken by then."""

    displacement: Displacement
    kept: tuple[Choice, ...]
    gone: tuple[Choice, ...]


def send_choices(
    *, appointment: Appointment, choices: Sequence[Choice], closure: Closure, by: User, now: datetime
) -> Sent:
    """Hold other times for the patient of a displaced visit and write to them; who can't be written to is called. For
    one visit, in one transaction.

    :raises SlotTaken: none of the times is free any more
    :raises NotPossibleNow: the visit is not displaced or being paid, or its patient was asked already
    :raises NotAllowed: `by` does not work with visits
    """
    require_clinic(by)
    with named_constraints(), transaction.atomic(durable=True):
        rooms = rooms_for(appointment.service, [appointment.location_id]).values_list("pk", flat=True)
        who = [choice.practitioner.pk for choice in choices]
        visit = lock_appointments([appointment], practitioners=who, rooms=rooms)[0]
        _require_askable(visit)
        asked = Displacement(
            appointment=visit,
            closure_id=closure.id,
            wall_start=visit.wall_start,
            state=State.ASKED,
            made_at=now,
            made_by=by,
            answer_by=_answer_by(visit, choices, now),
        )
        kept = tuple(choice for choice in choices if _hold(visit, choice, asked, by, now))
        if not kept:
            raise SlotTaken
        asked.save(force_insert=True)
        _write_to(visit, asked, kept, now)
        if visit.patient is None or not can_be_written_to(visit.patient, "another-time"):
            _to_be_called(visit, now)
        record_change(appointment=visit, action="choices-sent", by=by, choices=len(kept), now=now)
        return Sent(asked, kept, tuple(choice for choice in choices if choice not in kept))


def take_choice(*, displacement: Displacement, offer: Offer, by: User | None = None, now: datetime) -> Appointment:
    """Move the visit to one of the times that were kept for it; the others are free again. With `by`, staff do it for a
    patient on the phone.

    :raises HoldExpired: it is no longer kept, or another one was taken
    :raises NotPossibleNow, NotCleared, IncompleteAnswers, SlotTaken, PatientBusy: nothing changed
    """
    if offer.group != displacement.pk:
        raise NotPossibleNow
    visit = accept_offer(offer=offer, now=now)
    record_change(appointment=visit, action="choice-taken", by=by, now=now)
    settle_displacement(displacement=displacement, now=now)
    return visit


def cancel_displaced(*, displacement: Displacement, by: User | None, now: datetime) -> Appointment:
    """None of the times suits the patient: the visit is cancelled for the clinic, which costs nothing.

    :raises NotPossibleNow: it was answered in the meantime
    """
    with named_constraints(), transaction.atomic(durable=True):
        visit = _lock_with_offers(displacement)
        locked = Displacement.objects.select_for_update(no_key=True).get(pk=displacement.pk)
        if locked.state != State.ASKED or visit.status not in COMING or not cant_take_place(visit):
            raise NotPossibleNow
        withdraw_offers(group=locked.pk, now=now)
        cancel(visit, reason=Appointment.CancelReason.CLINIC, by=by, now=now)
        _decide(locked, State.CANCELLED, now)
        return visit


def note_mended(
    *, appointment: Appointment, closure: Closure, wall_start: str, state: Displacement.State, by: User, now: datetime
) -> None:
    """Write down that staff mended a displaced visit by hand, and settle what its patient was asked."""
    for asked in Displacement.objects.filter(appointment=appointment, state=State.ASKED):
        settle_displacement(displacement=asked, now=now)
    Displacement.objects.create(
        appointment=appointment,
        closure_id=closure.id,
        wall_start=wall_start,
        state=state,
        made_at=now,
        made_by=by,
        decided_at=now,
    )


def ask_for_a_call(*, appointment: Appointment, now: datetime) -> Task:
    """The patient is to be called about it; a visit that is being paid or that was answered is left to itself later."""
    with transaction.atomic(durable=True):
        return _to_be_called(appointment, now)


def settle_displacements(*, now: datetime) -> int:
    """See what became of everybody who was asked: answered, mended otherwise, or to be called; how many. Safe twice."""
    asked = Displacement.objects.filter(state=State.ASKED).order_by("answer_by", "pk")
    tried = work_off(asked[:_A_SWEEP], lambda one: settle_displacement(displacement=one, now=now))
    return tried + close_settled_tasks(now=now)


def settle_displacement(*, displacement: Displacement, now: datetime) -> bool:
    """The same for one; whether anything came of it. What changes at this moment is left to the next sweep."""
    try:
        return _settle(displacement, now)
    except (NotPossibleNow, TryAgain) as error:
        log.info("Displacement %s is left to the next sweep: %s", displacement.pk, error.code)
        return False


def _settle(displacement: Displacement, now: datetime) -> bool:
    if _outcome(displacement, displacement.appointment_id, now) is None:
        return False
    with named_constraints(), transaction.atomic(durable=True):
        visit = _lock_with_offers(displacement)
        locked = Displacement.objects.select_for_update(no_key=True).get(pk=displacement.pk)
        state = _outcome(locked, visit.pk, now) if locked.state == State.ASKED else None
        if state is None:
            return False
        withdraw_offers(group=locked.pk, now=now)
        _decide(locked, state, now)
        if state == State.UNANSWERED:
            _to_be_called(visit, now)
        elif state == State.SETTLED and visit.status in COMING and visit.wall_start == locked.wall_start:
            visit.schedule_version += 1
            visit.save(update_fields=["schedule_version"])
            announce_visit_stays(appointment=visit, now=now)
        record_change(appointment=visit, action=f"choices-{state}", role=SYSTEM, now=now)
        return True


def _outcome(displacement: Displacement, visit_id: UUID, now: datetime) -> Displacement.State | None:
    """What it has come to; None: the patient may still answer."""
    offers = Offer.objects.filter(group=displacement.pk)
    if offers.filter(status=Offer.Status.ACCEPTED).exists():
        return State.MOVED
    visit = Appointment.objects.get(pk=visit_id)
    if visit.status not in COMING:
        return State.CANCELLED if visit.status == Status.CANCELLED else State.SETTLED
    if not cant_take_place(visit):
        return State.SETTLED
    assert displacement.answer_by is not None
    over = displacement.answer_by <= now or not offers.filter(status=Offer.Status.OPEN).exists()
    return State.UNANSWERED if over else None


def _require_askable(visit: Appointment) -> None:
    """:raises NotPossibleNow: it is no question of another time, or the question was asked already"""
    if visit.status not in COMING or visit.awaiting == Appointment.Awaiting.PAYMENT or not cant_take_place(visit):
        raise NotPossibleNow
    if Displacement.objects.filter(appointment=visit, state=State.ASKED).exists():
        raise NotPossibleNow


def _answer_by(visit: Appointment, choices: Sequence[Choice], now: datetime) -> datetime:
    place = visit.location
    is_request = clearance_for(visit, by_staff=True, now=now).decision == "request"
    return answer_by(
        start=visit.start,
        first_choice=min(choice.start for choice in choices),
        notice=place.request_notice_minutes if is_request else 0,
        weekly=place.weekly_hours,
        zone=place.time_zone,
        now=now,
    )


def _hold(visit: Appointment, choice: Choice, asked: Displacement, by: User, now: datetime) -> bool:
    """Keep one time for them; False: somebody else has it by now."""
    assert asked.answer_by is not None
    terms = Terms(
        service=visit.service,
        practitioner=choice.practitioner,
        start=choice.start,
        expires_at=asked.answer_by,
        instead_of=visit,
        group=asked.pk,
    )
    try:
        with named_constraints(), transaction.atomic():
            make_offer(terms=terms, token=str(asked.pk), by=by, now=now)
    except (SlotTaken, SlotNotOffered, SpacingBroken):
        return False
    return True


def _write_to(visit: Appointment, asked: Displacement, kept: Sequence[Choice], now: datetime) -> None:
    assert asked.answer_by is not None
    token = manage_token(visit)
    ask_for_another_time(
        appointment=visit,
        choices=[(choice.start, choice.practitioner.name) for choice in kept],
        answer_by=asked.answer_by,
        about=f"/asked/{asked.pk}",
        manage_token=token if visit.manage_token_hash == hash_token(token) else None,
        now=now,
    )


def _lock_with_offers(displacement: Displacement) -> Appointment:
    """The visit as it is now, locked together with the times that are kept for it."""
    holds = Appointment.objects.filter(offer__group=displacement.pk, offer__status=Offer.Status.OPEN)
    return lock_appointments([Appointment.objects.get(pk=displacement.appointment_id), *holds])[0]


def _decide(displacement: Displacement, state: Displacement.State, now: datetime) -> None:
    displacement.state, displacement.decided_at = state, now
    displacement.save(update_fields=["state", "decided_at"])


def _to_be_called(visit: Appointment, now: datetime) -> Task:
    place = visit.location
    due_at = call_back_by(now, weekly=place.weekly_hours, zone=place.time_zone)
    ahead = visit.start if visit.start > now else due_at
    return open_task(kind=Task.Kind.DISPLACED, due_at=min(due_at, ahead), appointment=visit, now=now)

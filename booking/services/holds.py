"""Holding a time while somebody says who they are: the first of the two calls that make a booking."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from booking.errors import HoldExpired, NotCleared, NotPossibleNow, SlotNotOffered, SlotTaken, TryAgain
from booking.models import Appointment, Course, HealthcareService, Practitioner
from booking.rules.availability import Slot
from booking.rules.limits import SHARED_ADDRESS, LiveHold
from booking.rules.policy import hold_until
from booking.selectors.approvals import visits_resting_on
from booking.selectors.openings import Notice
from booking.selectors.rechecks import asked_for
from booking.selectors.slots import nearest_slots
from booking.selectors.terms import agreed_for
from booking.selectors.workload import least_busy_first
from booking.services.constraints import RequestKeyUsed, named_constraints
from booking.services.freed_time import note_ended_hold
from booking.services.hoarding import range_held_from, refuse_hoarding
from booking.services.links import hold_token
from booking.services.locks import lock_resources, take_turns
from booking.services.places import Place, find_place, refuse_taken, require_real_time
from booking.services.room_picking import RoomTakenMeanwhile
from booking.services.states import SYSTEM, acts_for_clinic, end_as_cancelled, record_change
from intake.models import Screening, User
from intake.selectors.clearance import get_clearance
from intake.tokens import hash_token

_TRIES: Final = 3
Made = TypeVar("Made")
Status = Appointment.Status
Reason = Appointment.CancelReason


@dataclass(frozen=True, slots=True)
class Held:
    """A hold and the token that proves it is yours; the same request key gives the same token."""

    appointment: Appointment
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody asks to be held."""

    service: HealthcareService
    start: datetime
    screening: Screening | None
    request_key: UUID
    held_by: str
    source: str
    by: User | None
    wait_for_form: bool = False
    course: Course | None = None
    session_number: int | None = None
    held_from: str = ""  # `range_held_from` their address; without one nothing but the session is counted
    from_the_clinic: bool = False  # one of its own networks: nothing is limited
    set_aside: str = ""  # `Appointment.SetAside`: why staff go beyond hours, steps and notice

    @property
    def turns(self) -> list[str]:
        """Whose holds must not be counted by two at once."""
        answers = f"answers:{self.screening.pk}" if self.screening else ""
        return [f"hold:{self.held_by}", *(one for one in (self.held_from, answers) if one and not self.by_staff)]

    @property
    def by_staff(self) -> bool:
        return acts_for_clinic(self.by)


def held_by_address(address: str) -> str:
    """The holder's key for a network address that many may share (no browser session): 20 holds instead of 3."""
    return SHARED_ADDRESS + hash_token(address)[: 64 - len(SHARED_ADDRESS)]


def hold_time(
    *,
    screening: Screening | None,
    service: HealthcareService,
    practitioner: Practitioner | None,
    start: datetime,
    request_key: UUID,
    held_by: str,
    source: str,
    address: str = "",
    by: User | None = None,
    now: datetime,
) -> Held:
    """Hold a time for ten minutes while its taker says who they are. Without a therapist: whoever is least busy that
    day. `address`: the network address it is asked from, for the limits.

    The same `request_key` of the same holder again gives the same hold.

    :raises NotCleared: the answers forbid it, or are incomplete or expired (REVIEW may hold: it asks, a therapist
        decides)
    :raises SlotNotOffered: nobody works then, or the notice is too short, or the service is not booked this way
    :raises SlotTaken: somebody was faster; details hold up to three `alternatives`
    :raises TooManyHolds: see `booking.rules.limits`; the clinic's own networks are free of it
    :raises HoldExpired: the hold of this request key has ended
    :raises TryAgain: too many want the same at once
    """
    held_from = range_held_from(address)
    wish = Wish(
        service=service,
        start=start,
        screening=screening,
        request_key=request_key,
        held_by=held_by,
        held_from=held_from,
        from_the_clinic=bool(address) and not held_from,
        source=source,
        by=by,
    )
    return with_whoever_is_free(wish, practitioner, lambda one: place_hold(wish, one, now=now), now=now)


def with_whoever_is_free(
    wish: Wish, practitioner: Practitioner | None, attempt: Callable[[Practitioner], Made], *, now: datetime
) -> Made:
    """Attempt it with this therapist or, without one, with each in turn; every attempt is a transaction of its own.

    :raises SlotTaken: details hold up to three `alternatives`
    :raises SlotNotOffered: nobody works then
    :raises TryAgain: too many want the same at once
    """
    require_real_time(wish.start, now)
    refusals: list[SlotTaken | SlotNotOffered] = []
    for one in [practitioner] if practitioner else least_busy_first(service=wish.service, start=wish.start):
        try:
            return _in_one_go(attempt, one)
        except (SlotTaken, SlotNotOffered) as refusal:
            refusals.append(refusal)
    if any(isinstance(refusal, SlotTaken) for refusal in refusals):
        raise SlotTaken(alternatives=_alternatives(wish, practitioner, now)) from refusals[-1]
    raise SlotNotOffered


def place_hold(wish: Wish, practitioner: Practitioner, *, now: datetime) -> Held:
    """The hold itself, in the caller's transaction.

    :raises NotCleared, SlotNotOffered, SlotTaken, TooManyHolds, HoldExpired: as `hold_time`
    """
    take_turns(*wish.turns)
    if (same := _made_before(wish, now)) is not None:
        return Held(same, hold_token(same))
    notice = _notice_for(wish, now)
    lock_resources(practitioners=[practitioner.pk])
    refuse_taken(service=wish.service, practitioner=practitioner, start=wish.start, now=now)
    place = find_place(
        service=wish.service,
        practitioner=practitioner,
        start=wish.start,
        notice=notice,
        beyond_hours=bool(wish.set_aside),
        now=now,
    )
    _refuse_hoarding(wish, place, now)
    hold = Appointment(
        **place.as_fields(),
        status=Status.PROPOSED,
        service=wish.service,
        screening=wish.screening,
        course=wish.course,
        session_number=wish.session_number,
        source=wish.source,
        created_at=now,
        created_by=wish.by,
        request_key=wish.request_key,
        held_by=wish.held_by,
        held_from=wish.held_from,
        set_aside=wish.set_aside,
        hold_expires_at=hold_until(created_at=now, now=now),
        price_amount=wish.service.price_amount,
        deposit_amount=0,
        currency=wish.service.currency,
    )
    hold.deposit_amount = agreed_for(hold).pay_now  # of somebody new: who it is, is said later
    hold.hold_token_hash = hash_token(hold_token(hold))
    hold.save(force_insert=True)
    record_change(appointment=hold, action="held", by=wish.by, reason=wish.set_aside, start=hold.wall_start, now=now)
    return Held(hold, hold_token(hold))


def extend_hold(*, appointment: Appointment, now: datetime) -> Appointment:
    """Ten more minutes from now, thirty from the beginning at most, for the whole course if it is one.

    :raises HoldExpired: it has ended, or is not a hold any more
    """
    with transaction.atomic(durable=True):
        holds = _lock_with_course(appointment)
        for hold in holds:
            if not is_live(hold, now):
                raise HoldExpired
            hold.hold_expires_at = hold_until(created_at=hold.created_at, now=now)
            hold.save(update_fields=["hold_expires_at"])
        return _this_one(holds, appointment)


def release_hold(*, appointment: Appointment, now: datetime) -> Appointment:
    """Let the time go, with the whole course if it is one. A hold that has ended already stays as it is.

    :raises NotPossibleNow: it is a booking by now
    """
    with transaction.atomic(durable=True):
        holds = _lock_with_course(appointment)
        let_go(holds, now=now)
        return _this_one(holds, appointment)


def let_go(holds: Iterable[Appointment], *, now: datetime) -> None:
    """The same for locked holds, in the caller's transaction."""
    for hold in holds:
        if hold.status == Status.CANCELLED and hold.cancel_reason in (Reason.HOLD_EXPIRED, Reason.HOLD_RELEASED):
            continue
        if hold.status != Status.PROPOSED:
            raise NotPossibleNow
        end_as_cancelled(hold, reason=Reason.HOLD_RELEASED, now=now)
        hold.save()
        note_ended_hold(hold=hold, now=now)
        record_change(appointment=hold, action="hold-released", now=now)


def _lock_with_course(appointment: Appointment) -> list[Appointment]:
    same = Q(course=appointment.course_id) if appointment.course_id else Q(pk=appointment.pk)
    return list(Appointment.objects.filter(same).order_by("pk").select_for_update(no_key=True))


def _this_one(holds: Iterable[Appointment], appointment: Appointment) -> Appointment:
    return next(hold for hold in holds if hold.pk == appointment.pk)


def expire_holds(*, now: datetime) -> int:
    """End every hold that has run out; how many. What somebody else is busy with is left to the next time."""
    with transaction.atomic(durable=True):
        stale = Appointment.objects.filter(status=Status.PROPOSED, hold_expires_at__lte=now)
        holds = list(stale.order_by("pk").select_for_update(no_key=True, skip_locked=True)[:500])
        for hold in holds:
            end_as_cancelled(hold, reason=Reason.HOLD_EXPIRED, now=now)
            hold.save()
            note_ended_hold(hold=hold, now=now)
            record_change(appointment=hold, action="hold-expired", role=SYSTEM, now=now)
        return len(holds)


def is_live(hold: Appointment, now: datetime) -> bool:
    """Whether this is a hold that has time left."""
    return hold.status == Status.PROPOSED and hold.hold_expires_at is not None and now < hold.hold_expires_at


def _in_one_go(attempt: Callable[[Practitioner], Made], practitioner: Practitioner) -> Made:
    """:raises TryAgain: others were in the way each time; nobody knows whether the time is free"""
    for _ in range(_TRIES):
        try:
            with named_constraints(), transaction.atomic(durable=True):
                return attempt(practitioner)
        except (RequestKeyUsed, RoomTakenMeanwhile, TryAgain):
            continue  # whoever was first is through by then
    raise TryAgain


def _made_before(wish: Wish, now: datetime) -> Appointment | None:
    """The appointment that this request made the first time.

    :raises HoldExpired: it has ended
    :raises NotPossibleNow: the key was used for something else
    """
    found = Appointment.objects.filter(request_key=wish.request_key).select_related("service", "practitioner").first()
    if found is None:
        return None
    if (found.held_by, found.service_id, found.start) != (wish.held_by, wish.service.pk, wish.start):
        raise NotPossibleNow
    if found.status == Status.CANCELLED or (found.status == Status.PROPOSED and not is_live(found, now)):
        raise HoldExpired
    return found


def _notice_for(wish: Wish, now: datetime) -> Notice:
    if not wish.service.online and not wish.by_staff:
        raise SlotNotOffered
    if wish.wait_for_form:
        return Notice(by_staff=wish.by_staff)
    clearance = get_clearance(
        screening=wish.screening,
        service=wish.service,
        start=asked_for(wish.screening, start=wish.start, session=wish.session_number),
        birth_date=None,
        by_staff=wish.by_staff,
        visits_used=visits_resting_on(),
        now=now,
    )
    if clearance.decision == "no":
        raise NotCleared
    is_request = clearance.decision == "request" and not wish.set_aside
    return Notice(is_request=is_request, by_staff=wish.by_staff)


def _refuse_hoarding(wish: Wish, place: Place, now: datetime) -> None:
    if wish.by_staff or wish.from_the_clinic:
        return
    asked = LiveHold(
        booking=wish.request_key,
        held_by=wish.held_by,
        held_from=wish.held_from,
        screening=wish.screening.pk if wish.screening else None,
        practitioner=place.practitioner_id,
        visit=place.visit,
    )
    refuse_hoarding(asked, course=wish.course.pk if wish.course else None, place=place, now=now)


def _alternatives(wish: Wish, practitioner: Practitioner | None, now: datetime) -> list[Slot]:
    notice = _notice_for(wish, now)
    near = nearest_slots(service=wish.service, practitioner=practitioner, around=wish.start, notice=notice, now=now)
    return near or nearest_slots(service=wish.service, around=wish.start, notice=notice, now=now)

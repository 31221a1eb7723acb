"""What can be done about each visit that can't take place as booked, the best first.

Many visits are looked at in one go, in order of time: what is proposed for one is no longer free for the next.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import chain, islice
from typing import Final, Literal
from uuid import UUID

from booking.models import Appointment, HealthcareService
from booking.rules.availability import Desk, RoomChoice, Slot, is_worked, open_slots, pick_room
from booking.rules.displacement import CHOICES, may_be_asked_for
from booking.rules.intervals import Interval, Taken, overlaps
from booking.rules.walltime import wall_date
from booking.selectors.appointments import appointments_visible_to, finished_needlings
from booking.selectors.approvals import visits_resting_on
from booking.selectors.closures import Closure, displaced_by
from booking.selectors.courses import allowed_dates
from booking.selectors.openings import Notice, desks_of, occupying, shape_of, taken_between
from booking.selectors.practitioners import practitioners_for
from intake.models import User
from intake.selectors.clearance import get_clearance
from intake.selectors.screenings import CONTENT

Kind = Literal["room", "ask", "colleague", "cancel", "call"]
_AHEAD: Final = timedelta(days=14)
_DAY: Final = timedelta(days=1)
_NEVER: Final = datetime.max.replace(tzinfo=UTC)
Status = Appointment.Status
Awaiting = Appointment.Awaiting


@dataclass(frozen=True, slots=True)
class WayOut:
    """One way: another room, other times to choose from, a colleague at the same time, cancelling it, or a call."""

    kind: Kind
    room: RoomChoice | None = None
    slots: tuple[Slot, ...] = ()


@dataclass(frozen=True, slots=True)
class _Window:
    """What a visit's answers and its course allow: no start after `latest`, so many minutes of notice, and only days
    that keep the spacing to the other sessions.
    """

    latest: datetime
    notice: int = 0
    first_date: date = date.min
    last_date: date = date.max


@dataclass(frozen=True, slots=True)
class Displaced:
    """A visit, and its ways out, the best first."""

    visit: Appointment
    ways: tuple[WayOut, ...]


def displaced_visits(closure: Closure, *, by: User, now: datetime) -> list[Appointment]:
    """The visits that this closure hits and that `by` may see, in order of time, with what `ways_out` needs."""
    visible = appointments_visible_to(by, now=now).filter(pk__in=displaced_by(closure, now=now).values("pk"))
    with_answers = visible.select_related("screening__response", "screening__questionnaire", "course")
    return list(with_answers.defer(*(f"screening__{one}" for one in CONTENT)).order_by("start", "pk"))


def ways_out(visits: Sequence[Appointment], *, closure: Closure, now: datetime) -> list[Displaced]:
    """The ways out of these visits, given in order of time, so that no two are promised the same time.

    A fixed number of queries and a few for each service among them, however many visits there are; two more for a
    visit that rests on a therapist's approval, and for a session of a course.
    """
    if not visits:
        return []
    search = _Search(visits, closure, now)
    return [Displaced(visit, tuple(search.ways_of(visit))) for visit in visits]


class _Search:
    """What is free, less what has been promised on the way."""

    def __init__(self, visits: Sequence[Appointment], closure: Closure, now: datetime) -> None:
        self.closure, self.now = closure, now
        span = Interval(min(now, visits[0].start) - _DAY, max(now, visits[-1].start) + _AHEAD)
        self.taken, self.rooms_taken = taken_between(span.start, span.end, now=now)
        self.promised: dict[UUID | None, list[Interval]] = defaultdict(list)
        self.services = {visit.service_id: visit.service for visit in visits}
        self.desks = {pk: _desks(service, span, now) for pk, service in self.services.items()}
        self.days = {pk: self._free_days(service) for pk, service in self.services.items()}
        self.visits_of = _visits_of_patients(visits, now)
        patients = [visit.patient_id for visit in visits]
        self.needled = set(finished_needlings().filter(patient__in=patients).values_list("patient", flat=True))

    def ways_of(self, visit: Appointment) -> Iterator[WayOut]:
        """Who is here only gets another room; whoever is paying at this moment is left to finish."""
        room = None if visit.awaiting == Awaiting.PAYMENT else self._another_room(visit)
        if room is not None:
            self.promised[room.id].append(_occupied(visit))
            yield WayOut("room", room=room)
        if visit.status in (Status.PENDING, Status.BOOKED) and visit.awaiting != Awaiting.PAYMENT:
            yield from self._at_other_times(visit, promises=room is None)
            yield WayOut("cancel")
        yield WayOut("call")

    def _at_other_times(self, visit: Appointment, *, promises: bool) -> Iterator[WayOut]:
        window = self._allowed(visit)
        if window is None:
            return
        same = self._same_time(visit, window)
        first = [same] if same and self._may_be_held(visit, same, window) else []
        choices = tuple(islice(chain(first, self._later(visit, window)), CHOICES))
        if promises:
            for slot in {*choices, *([same] if same else [])}:
                self._promise(visit, slot)
        asking = [WayOut("ask", slots=choices)] if choices else []
        by_hand = [WayOut("colleague", slots=(same,))] if same else []
        if may_be_asked_for(visit.start, now=self.now):
            yield from [*asking, *by_hand]
        else:
            yield from [*by_hand, *asking]

    def _allowed(self, visit: Appointment) -> _Window | None:
        """When its answers and its course allow the visit; None if the answers don't."""
        first, last = allowed_dates(visit)
        days = (first or date.min, last or date.max)
        if visit.awaiting == Awaiting.FORM or not visit.service.needs_screening:
            return _Window(_NEVER, 0, *days)
        clearance = get_clearance(
            screening=visit.screening,
            service=visit.service,
            start=max(visit.start, self.now),
            birth_date=visit.patient.birth_date if visit.patient else None,
            returning=visit.patient_id in self.needled,
            by_staff=True,
            visits_used=visits_resting_on(besides=visit),
            now=self.now,
        )
        if clearance.decision == "no":
            return None
        notice = Notice(is_request=clearance.decision == "request", by_staff=True)
        ends = [clearance.valid_until, clearance.approval.valid_until if clearance.approval else None]
        return _Window(min((end for end in ends if end), default=_NEVER), notice.minutes_at(visit.location), *days)

    def _another_room(self, visit: Appointment) -> RoomChoice | None:
        if self.closure.room is None:
            return None
        return self._free_room(visit, _occupied(visit))

    def _same_time(self, visit: Appointment, window: _Window) -> Slot | None:
        """The same time with a colleague, best one for whom another room is free than the visit's own."""
        soonest = self.now + timedelta(minutes=window.notice)
        if not soonest <= visit.start <= window.latest or self.closure.room is not None:
            return None
        shape = shape_of(visit.service)
        free = [
            Slot(visit.start, visit.end, desk.practitioner, desk.location)
            for desk in self._desks_at(visit)
            if desk.practitioner != visit.practitioner_id
            and is_worked(desk.windows, away=desk.away, shape=shape, step=desk.step, start=visit.start)
            and self.taken.get(desk.practitioner, Taken()).leaves_free(shape.occupied(visit.start))
            and self._is_unpromised(desk.practitioner, shape.occupied(visit.start))
        ]
        held = [slot for slot in free if self._may_be_held(visit, slot, window)]
        in_own_room = [slot for slot in free if not visit.service.room_kind or visit.room_id is not None]
        return next(iter([*held, *in_own_room]), None)

    def _later(self, visit: Appointment, window: _Window) -> Iterator[Slot]:
        """One time a day, the nearest to the visit's hour: days of the same therapist, then of anybody."""
        yield from self._a_day_each(visit, window, same=True)
        yield from self._a_day_each(visit, window, same=False)

    def _a_day_each(self, visit: Appointment, window: _Window, *, same: bool) -> Iterator[Slot]:
        after = max(visit.start, self.now)
        first = max(window.first_date, wall_date(after, self.closure.location.time_zone))
        for day, of_day in self.days[visit.service_id].items():
            if not first <= day <= window.last_date:
                continue
            theirs = (slots for who, slots in of_day.items() if (who == visit.practitioner_id) == same)
            suitable = sorted(
                (
                    slot
                    for slot in chain.from_iterable(theirs)
                    if after < slot.start <= window.latest and slot.location == visit.location_id
                ),
                key=lambda slot: (_from_hour_of(visit, slot), slot),
            )
            yield from islice((slot for slot in suitable if self._may_be_held(visit, slot, window)), 1)

    def _may_be_held(self, visit: Appointment, slot: Slot, window: _Window) -> bool:
        """Whether it can be kept for an answer: far enough ahead, promised to nobody, and with a room of its own."""
        occupied = shape_of(visit.service).occupied(slot.start)
        at_that_time = Interval(slot.start, slot.end)
        elsewhere = [one for pk, one in self.visits_of[visit.patient_id] if pk != visit.pk]
        return (
            may_be_asked_for(slot.start, notice=window.notice, now=self.now)
            and self._is_unpromised(slot.practitioner, occupied)
            and self._is_unpromised(visit.patient_id, at_that_time)
            and not any(overlaps(one, at_that_time) for one in elsewhere)
            and (not visit.service.room_kind or self._free_room(visit, occupied) is not None)
        )

    def _promise(self, visit: Appointment, slot: Slot) -> None:
        occupied = shape_of(visit.service).occupied(slot.start)
        room = self._free_room(visit, occupied) if visit.service.room_kind else None
        self.promised[slot.practitioner].append(occupied)
        self.promised[visit.patient_id].append(Interval(slot.start, slot.end))
        if room is not None:
            self.promised[room.id].append(occupied)

    def _is_unpromised(self, one: UUID | None, interval: Interval) -> bool:
        return not any(overlaps(promised, interval) for promised in self.promised.get(one, ()))

    def _free_room(self, visit: Appointment, occupied: Interval) -> RoomChoice | None:
        rooms = next((desk.rooms for desk in self._desks_at(visit) if desk.rooms), ())
        unpromised = [room for room in rooms if self._is_unpromised(room.id, occupied)]
        return pick_room(unpromised, taken=self.rooms_taken, occupied=occupied)

    def _desks_at(self, visit: Appointment) -> Iterator[Desk]:
        return (desk for desk in self.desks[visit.service_id] if desk.location == visit.location_id)

    def _free_days(self, service: HealthcareService) -> Mapping[date, Mapping[UUID, Sequence[Slot]]]:
        """Every day's free times, by therapist."""
        slots = open_slots(
            self.desks[service.pk], shape=shape_of(service), taken=self.taken, rooms_taken=self.rooms_taken
        )
        days: dict[date, dict[UUID, list[Slot]]] = defaultdict(lambda: defaultdict(list))
        for slot in slots:
            days[wall_date(slot.start, self.closure.location.time_zone)][slot.practitioner].append(slot)
        return days


def _desks(service: HealthcareService, span: Interval, now: datetime) -> list[Desk]:
    return desks_of(
        service=service,
        practitioners=list(practitioners_for(service)),
        from_date=span.start.date(),
        to_date=span.end.date(),
        notice=Notice(by_staff=True),
        now=now,
    )


def _visits_of_patients(
    visits: Iterable[Appointment], now: datetime
) -> Mapping[UUID | None, list[tuple[UUID, Interval]]]:
    """What else these patients have."""
    found: dict[UUID | None, list[tuple[UUID, Interval]]] = defaultdict(list)
    patients = [visit.patient_id for visit in visits]
    rows = occupying(now=now).filter(patient__in=patients, end__gt=now)
    for patient, pk, start, end in rows.values_list("patient", "pk", "start", "end"):
        found[patient].append((pk, Interval(start, end)))
    return found


def _occupied(visit: Appointment) -> Interval:
    return Interval(visit.occupied.lower, visit.occupied.upper)


def _from_hour_of(visit: Appointment, slot: Slot) -> timedelta:
    """How far the slot's hour is from the visit's, whatever the day."""
    apart = (slot.start - visit.start) % _DAY
    return min(apart, _DAY - apart)

"""A closure's visits: what can be done about each, what was asked, and what came of it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from booking.models import Appointment, Displacement, HolidayOverride, Location, Offer, RoomClosure, Task, TimeOff
from booking.reminders.ways import Way, reach_of_all
from booking.rules.kinds import kind_of
from booking.rules.lifecycle import COMING
from booking.rules.walltime import wall_date
from booking.selectors.appointments import appointments_visible_to
from booking.selectors.closures import Closure, closure_of, holidays_with_visits
from booking.selectors.outside_hours import cant_take_place
from booking.selectors.ways_out import WayOut, displaced_visits, ways_out
from intake.models import User

State = Displacement.State


@dataclass(frozen=True, slots=True)
class Row:
    """A visit that is not mended yet. `asked`: its patient may still answer, by `offers`; else `ways` are open."""

    visit: Appointment
    ways: tuple[WayOut, ...] = ()
    asked: Displacement | None = None
    offers: tuple[Offer, ...] = ()
    unanswered: bool = False
    to_be_called: bool = False


@dataclass(frozen=True, slots=True)
class Overview:
    """What is open, in order of time, and what was settled."""

    rows: tuple[Row, ...]
    settled: tuple[Displacement, ...]


def overview_of(closure: Closure, *, by: User, now: datetime) -> Overview:
    """Every visit of this closure that `by` may see."""
    visits = displaced_visits(closure, by=by, now=now)
    known = _what_was_done(closure, visits, by, now)
    asked = {one.appointment_id: one for one in known if one.state == State.ASKED}
    offers = _offers_of(asked.values())
    unanswered = {one.appointment_id for one in known if one.state == State.UNANSWERED}
    calls = set(_calls(visits))
    ways = {row.visit.pk: row.ways for row in ways_out(_besides(visits, asked), closure=closure, now=now)}
    rows = (
        Row(
            visit,
            ways=ways.get(visit.pk, ()),
            asked=asked.get(visit.pk),
            offers=tuple(offers[visit.pk]),
            unanswered=visit.pk in unanswered,
            to_be_called=visit.pk in calls,
        )
        for visit in visits
    )
    still_open = {visit.pk for visit in visits}
    settled = (one for one in known if one.state in (State.MOVED, State.CANCELLED, State.SETTLED))
    return Overview(tuple(rows), tuple(one for one in settled if one.appointment_id not in still_open))


def closures_ahead(location: Location, *, now: datetime) -> list[Closure]:
    """What is closed now or later, the earliest first; of the public holidays those on which visits stand."""
    away = TimeOff.objects.filter(location=location, end__gt=now).select_related("practitioner", "location")
    rooms = RoomClosure.objects.filter(room__location=location, end__gt=now).select_related("room__location")
    today = wall_date(now, location.time_zone)
    days = HolidayOverride.objects.filter(location=location, open=False, date__gte=today).select_related("location")
    by_law = holidays_with_visits(location, now=now)
    found = [*map(closure_of, away), *map(closure_of, rooms), *map(closure_of, days), *by_law]
    return sorted(found, key=lambda one: (one.start, one.end, str(one.id)))


def who_must_be_called(visits: Iterable[Appointment]) -> set[UUID]:
    """Those of these visits whose patient can't be asked for another time in writing."""
    kind, known = "another-time", list(visits)
    reach = reach_of_all({visit.patient for visit in known if visit.patient})
    ways = {
        visit.pk: reach[visit.patient.pk].ways_of(kind, channels=kind_of(kind).channels)
        for visit in known
        if visit.patient
    }
    return {visit.pk for visit in known if not any(isinstance(way, Way) for way in ways.get(visit.pk, ()))}


def choices_for(visit: Appointment) -> Displacement | None:
    """What its patient was asked last, while the visit can't take place and it is open, or was not answered."""
    latest = Displacement.objects.filter(appointment=visit).order_by("made_at", "pk").last()
    if latest is None or latest.state not in (State.ASKED, State.UNANSWERED):
        return None
    return latest if visit.status in COMING and cant_take_place(visit) else None


def kept_for(displacement: Displacement, *, now: datetime) -> list[Offer]:
    """The times that can still be taken, in order."""
    still_kept = Offer.objects.filter(group=displacement.pk, status=Offer.Status.OPEN, expires_at__gt=now)
    return list(still_kept.select_related("hold__practitioner").order_by("hold__start", "pk"))


def _what_was_done(closure: Closure, visits: Iterable[Appointment], by: User, now: datetime) -> list[Displacement]:
    of_closure = Q(closure_id=closure.id) | Q(appointment__in=[visit.pk for visit in visits], state=State.ASKED)
    related = ("appointment__patient", "appointment__practitioner", "appointment__room", "appointment__location")
    found = Displacement.objects.filter(of_closure).select_related(*related).order_by("wall_start", "made_at")
    return list(found.filter(appointment__in=appointments_visible_to(by, now=now).values("pk")))


def _offers_of(asked: Iterable[Displacement]) -> Mapping[UUID, list[Offer]]:
    whose = {one.pk: one.appointment_id for one in asked}
    offers: dict[UUID, list[Offer]] = defaultdict(list)
    found = Offer.objects.filter(group__in=whose, status=Offer.Status.OPEN).select_related("hold__practitioner")
    for offer in found.order_by("hold__start", "pk"):
        if offer.group is not None:
            offers[whose[offer.group]].append(offer)
    return offers


def _calls(visits: Iterable[Appointment]) -> Iterable[UUID | None]:
    still_open = Task.objects.filter(
        kind=Task.Kind.DISPLACED, status__in=[Task.Status.REQUESTED, Task.Status.IN_PROGRESS]
    )
    return still_open.filter(appointment__in=[visit.pk for visit in visits]).values_list("appointment", flat=True)


def _besides(visits: Iterable[Appointment], asked: Mapping[UUID, Displacement]) -> list[Appointment]:
    return [visit for visit in visits if visit.pk not in asked]

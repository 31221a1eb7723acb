"""After the clocks' law has changed: what was agreed by the clock keeps its clock time, and its moments follow."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from booking.errors import PatientBusy, SlotTaken
from booking.models import Appointment, BusyTime, RoomClosure, TimeOff
from booking.models.schedule import Absence
from booking.reminders.services import shift_messages
from booking.rules import walltime
from booking.services.constraints import named_constraints
from booking.services.locks import lock_appointments, lock_resources
from booking.services.schedules import lock_whoever_works
from booking.services.states import SYSTEM, record_change

_STATUSES: Final = ("proposed", "pending", "booked")
_DEADLINES: Final = ("free_cancel_until", "decide_by", "form_due_at")  # counted back from the beginning
_BATCH: Final = 50
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Shift:
    """One visit whose moment moved, or could not: then `problem` says why, and it is as it was."""

    appointment: UUID
    wall_start: str
    before: datetime
    after: datetime | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Realigned:
    """What was done. `absences` are time off, closed rooms and busy times."""

    shifts: tuple[Shift, ...]
    absences: int

    @property
    def conflicts(self) -> tuple[Shift, ...]:
        return tuple(one for one in self.shifts if one.problem)


def realign_wall_times(*, dry_run: bool = False, now: datetime) -> Realigned:
    """Move the moments of coming visits, time off, closed rooms and busy times so that their wall times stay.

    In batches, each under the common locks; run again it finds nothing more to do. Two visits that would now overlap
    are a conflict: the second stays at its old moment. Only what runs out (holds, offers, checkouts) stays too. With
    `dry_run` all is tried in one transaction that is taken back, and bookings wait meanwhile.
    """
    if not dry_run:
        return _realign_all(now, durable=True)
    with transaction.atomic(durable=True):
        found = _realign_all(now, durable=False)
        transaction.set_rollback(True)
        return found


def _realign_all(now: datetime, *, durable: bool) -> Realigned:
    absences = sum(_realign_absences(model, now, durable=durable) for model in (TimeOff, RoomClosure, BusyTime))
    shifts = [shift for batch in _batches(now) for shift in _realign_batch(batch, now, durable=durable)]
    return Realigned(tuple(sorted(shifts, key=lambda shift: (shift.before, shift.appointment))), absences)


def _meant_start(wall: datetime, *, zone: str, near: datetime) -> datetime:
    """The moment at which the clock in `zone` shows this now; of two, the nearer to what it was.

    :raises NoSuchWallTime: the clocks jump over it
    """
    try:
        return walltime.to_utc(wall, zone)
    except walltime.TwoSuchWallTimes:
        readings = [walltime.to_utc(wall, zone, fold=fold) for fold in (0, 1)]
        return min(readings, key=lambda moment: abs(moment - near))


def _batches(now: datetime) -> Iterator[list[Appointment]]:
    """Visits that must move, so ordered that each finds the place free that its neighbour leaves."""
    later: list[Appointment] = []
    earlier: list[Appointment] = []
    coming = Appointment.objects.filter(status__in=_STATUSES, start__gte=now - _DAY).order_by("start", "pk")
    for visit in coming.iterator():
        shift = datetime.fromisoformat(visit.wall_start) - walltime.to_wall(visit.start, visit.time_zone)
        if shift and max(visit.start, visit.start + shift) > now:
            (later if shift > timedelta() else earlier).append(visit)
    for ordered in (iter(earlier), reversed(later)):
        while batch := list(islice(ordered, _BATCH)):
            yield batch


def _realign_batch(batch: list[Appointment], now: datetime, *, durable: bool) -> list[Shift]:
    with named_constraints(), transaction.atomic(durable=durable):
        return [_realign(visit, now) for visit in lock_appointments(batch) if _must_move(visit)]


def _must_move(visit: Appointment) -> bool:
    """Looked at again under the lock: it may have been cancelled or moved meanwhile."""
    return visit.status in _STATUSES and walltime.wall_text(visit.start, visit.time_zone) != visit.wall_start


def _realign(visit: Appointment, now: datetime) -> Shift:
    before = visit.start
    try:
        after = _meant_start(datetime.fromisoformat(visit.wall_start), zone=visit.time_zone, near=before)
    except walltime.NoSuchWallTime:
        return Shift(visit.pk, visit.wall_start, before, None, "no-such-wall-time")
    try:
        with named_constraints(), transaction.atomic():
            _shift(visit, after - before)
            shift_messages(appointment=visit, by=after - before, now=now)
            record_change(
                appointment=visit, action="wall-time-kept", role=SYSTEM, before=before.isoformat(),
                after=after.isoformat(), now=now,
            )  # fmt: skip
    except (SlotTaken, PatientBusy) as taken:
        return Shift(visit.pk, visit.wall_start, before, None, taken.code)
    return Shift(visit.pk, visit.wall_start, before, after)


def _shift(visit: Appointment, by: timedelta) -> None:
    visit.start += by
    visit.end += by
    visit.occupied = DateTimeTZRange(visit.occupied.lower + by, visit.occupied.upper + by, "[)")
    for name in _DEADLINES:
        until = getattr(visit, name)
        if until is not None:
            setattr(visit, name, until + by)
    visit.save(update_fields=["start", "end", "occupied", *_DEADLINES])


def _realign_absences(model: type[TimeOff | RoomClosure | BusyTime], now: datetime, *, durable: bool) -> int:
    rows = model.objects.filter(end__gte=now - _DAY).exclude(wall_start="").order_by("pk")
    moved = 0
    for row in [one for one in rows if _meant(one) != (one.start, one.end)]:
        with named_constraints(), transaction.atomic(durable=durable):
            _lock_for(row)
            start, end = _meant(row)
            moved += model.objects.filter(pk=row.pk).update(start=start, end=max(end, start + timedelta(minutes=1)))
    return moved


def _meant(row: Absence) -> tuple[datetime, datetime]:
    """Its moments by today's law: a beginning or an end in a jump of the clocks is where they jump."""
    walls = [datetime.fromisoformat(wall) for wall in (row.wall_start, row.wall_end)]
    return (
        _nearest(walls[0], row.time_zone, row.start),
        _nearest(walls[1], row.time_zone, row.end),
    )


def _nearest(wall: datetime, zone: str, near: datetime) -> datetime:
    readings = (
        walltime.opening(wall.date(), wall.time(), zone),
        walltime.closing(wall.date(), wall.time(), zone),
    )
    return min(readings, key=lambda moment: abs(moment - near))


def _lock_for(row: TimeOff | RoomClosure | BusyTime) -> None:
    if isinstance(row, TimeOff):
        lock_whoever_works(row.location, row.practitioner)
    elif isinstance(row, RoomClosure):
        lock_resources(practitioners=(), rooms=[row.room_id])
    else:
        lock_resources(practitioners=[row.practitioner_id])

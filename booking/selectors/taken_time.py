"""What is taken of therapists and rooms on the asked days: one query, as numbers."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from uuid import UUID

from django.db import connection

from booking.rules.availability import RoomChoice
from booking.rules.intervals import Taken

Numbers = Sequence[int] | None
Rows = Sequence[tuple[Any, ...]]

_SPARE: Final = 3  # so many more rooms than therapists are looked at first
_ALL: Final = 2**31 - 1
# Each therapist's and each room's taken time through its own index (those of the exclusion constraints), as whole
# seconds: a month of them is read ten times faster than as rows of ranges, and other therapists' are not read at all.
_LIVE = """a.occupied && tstzrange(%(first)s, %(last)s) AND NOT (a.status IN ('cancelled', 'entered-in-error'))
  AND NOT (a.status = 'proposed' AND a.hold_expires_at <= %(now)s) AND a.id IS DISTINCT FROM %(besides)s::uuid"""
_PEOPLE = f"""
SELECT one.id, taken.*, NULL::uuid, NULL, NULL::varchar[], NULL::int FROM unnest(%(people)s::uuid[]) one(id), LATERAL (
  SELECT array_agg(floor(date_part('epoch', lower(a.occupied)))::bigint),
         array_agg(ceil(date_part('epoch', upper(a.occupied)))::bigint),
         CASE WHEN one.id = ANY(%(counted)s::uuid[]) THEN array_agg(floor(date_part('epoch', a.start))::bigint) END
  FROM booking_appointment a WHERE a.practitioner_id = one.id AND {_LIVE}) taken
"""  # noqa: S608 - made of our own words
# First come the rooms that are chosen last: they are free the most, and one free room is enough.
_ROOMS = f"""
SELECT r.id, taken.*, NULL, r.location_id, r.name, r.kinds, r.number FROM (
  SELECT id, location_id, name, kinds, count(*) OVER (PARTITION BY location_id) AS number,
         row_number() OVER (PARTITION BY location_id ORDER BY cardinality(kinds) DESC, name DESC) AS turn
  FROM booking_room
  WHERE active AND location_id = ANY(%(places)s::uuid[]) AND %(room_kind)s = ANY(kinds)) r, LATERAL (
  SELECT array_agg(floor(date_part('epoch', b.start))::bigint),
         array_agg(ceil(date_part('epoch', b."end"))::bigint) FROM (
    SELECT lower(a.occupied) AS start, upper(a.occupied) AS "end" FROM booking_appointment a
    WHERE a.room_id = r.id AND {_LIVE}
    UNION ALL
    SELECT c.start, c."end" FROM booking_roomclosure c
    WHERE c.room_id = r.id AND c.start < %(last)s AND c."end" > %(first)s) b) taken
WHERE r.turn BETWEEN %(turn)s AND %(last_turn)s
"""  # noqa: S608 - made of our own words


class Rooms(Iterable[RoomChoice]):
    """The rooms of a clinic that suit. Only the first are there at once; who goes on beyond them has the others read.

    :param taken: what is taken of each of them that has been read
    """

    def __init__(self, taken: dict[UUID, Taken], others: Callable[[int], Rows]) -> None:
        self._taken, self._others = taken, others
        self._read: list[RoomChoice] = []
        self._number = 0

    def __iter__(self) -> Iterator[RoomChoice]:
        yield from self._read
        read = len(self._read)
        if read < self._number:
            self._number = 0
            for row in self._others(read):
                self.add(*row)
        yield from self._read[read:]

    def add(
        self, pk: UUID, starts: Numbers, ends: Numbers, _: None, _place: UUID, name: str, kinds: list[str], number: int
    ) -> None:
        """One room more, of so many in all."""
        self._taken[pk] = _taken(starts, ends, None)
        self._read.append(RoomChoice(pk, name, tuple(kinds)))
        self._number = number


@dataclass(frozen=True, slots=True)
class TakenTime:
    """What is taken of therapists (with the beginnings of their visits where they are counted), the rooms that suit by
    clinic, and what is taken of those.
    """

    people: Mapping[UUID, Taken]
    rooms: Mapping[UUID, Rooms]
    rooms_taken: Mapping[UUID, Taken]


def taken_time_of(asked: Mapping[str, Any]) -> TakenTime:
    """Everything in one query, and one more for a clinic where the first rooms are not enough.

    :param asked: ids of `people`, of those whose visits are `counted`, of `places`; `room_kind`, between `first` and
        `last`, without the visit `besides`, at the moment `now`
    """
    people: dict[UUID, Taken] = {}
    rooms_taken: dict[UUID, Taken] = {}
    rooms = {place: Rooms(rooms_taken, partial(_other_rooms, asked, place)) for place in asked["places"]}
    turns = {"turn": 1, "last_turn": len(asked["people"]) + _SPARE}
    for row in _rows(f"{_PEOPLE} UNION ALL {_ROOMS}", {**asked, **turns}):
        pk, starts, ends, visits, place, *_ = row
        if place is None:
            people[pk] = _taken(starts, ends, visits)
        else:
            rooms[place].add(*row)
    return TakenTime(people, rooms, rooms_taken)


def _other_rooms(asked: Mapping[str, Any], place: UUID, known: int) -> Rows:
    return _rows(_ROOMS, {**asked, "places": [place], "turn": known + 1, "last_turn": _ALL})


def _rows(order: str, asked: Mapping[str, Any]) -> Rows:
    with connection.cursor() as cursor:
        cursor.execute(order, asked)
        return cursor.fetchall()


def _taken(starts: Numbers, ends: Numbers, visits: Numbers) -> Taken:
    return Taken.of_seconds(starts or (), ends or (), visits=visits or ())

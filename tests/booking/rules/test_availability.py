"""Which times are free."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from booking.rules.availability import (
    Desk,
    RoomChoice,
    Shape,
    Slot,
    is_worked,
    open_slots,
    open_starts,
    pick_room,
)
from booking.rules.intervals import Interval, Taken

DAY = datetime(2026, 11, 24, tzinfo=UTC)
ANNA, BEN, HERE = UUID(int=1), UUID(int=2), UUID(int=3)
SMALL, LARGE = RoomChoice(UUID(int=4), "Small", ("a",)), RoomChoice(UUID(int=5), "Large", ("a", "b"))
HOUR = Shape(minutes=60)


def at(hour: int, minute: int = 0) -> datetime:
    return DAY + timedelta(hours=hour, minutes=minute)


def span(start: int, end: int) -> Interval:
    return Interval(at(start), at(end))


def starts(windows: list[Interval], *, away: tuple[Interval, ...] = (), taken: tuple[Interval, ...] = (), **shape: int):
    wanted = Shape(**{"minutes": 60, **shape})
    return list(open_starts(windows, away=away, taken=Taken(taken), shape=wanted, step=30))


def test_a_visit_fits_as_often_as_the_steps_allow() -> None:
    assert starts([span(9, 11)]) == [at(9), at(9, 30), at(10)]


def test_nothing_is_left_of_a_window_that_is_too_short() -> None:
    assert starts([span(9, 10)], minutes=61) == []


def test_a_visit_may_begin_when_the_last_one_ends() -> None:
    assert starts([span(9, 12)], taken=(span(10, 11),)) == [at(9), at(11)]


def test_a_partial_overlap_is_not_free() -> None:
    half = Interval(at(9, 45), at(10, 15))
    assert starts([span(9, 12)], taken=(half,)) == [at(10, 30), at(11)]


def test_buffers_must_be_free_of_other_visits_but_may_reach_out_of_the_hours() -> None:
    assert starts([span(9, 12)], taken=(span(10, 11),), before=15, after=15) == []
    assert starts([span(9, 10)], before=15, after=15) == [at(9)]


def test_steps_are_counted_from_the_opening_also_after_time_off() -> None:
    off = Interval(at(9, 10), at(9, 40))
    assert starts([span(9, 11)], away=(off,)) == [at(10)]


def test_time_off_over_the_day_leaves_nothing() -> None:
    assert starts([span(9, 17)], away=(span(0, 24),)) == []


def test_a_time_off_the_steps_is_not_worked() -> None:
    look = {"away": (), "shape": HOUR, "step": 30}
    worked = [is_worked([span(9, 11)], start=start, **look) for start in (at(9, 30), at(9, 10), at(10, 30), at(8))]
    assert worked == [True, False, False, False]


def test_the_room_with_the_fewest_kinds_is_taken_first() -> None:
    assert pick_room([LARGE, SMALL], taken={}, occupied=span(9, 10)) == SMALL
    assert pick_room([LARGE, SMALL], taken={SMALL.id: Taken([span(9, 10)])}, occupied=span(9, 10)) == LARGE
    both = {room.id: Taken([Interval(at(9, 59), at(10))]) for room in (SMALL, LARGE)}
    assert pick_room([LARGE, SMALL], taken=both, occupied=span(9, 10)) is None


def test_no_time_is_offered_by_changing_rooms_in_the_middle() -> None:
    halves = {SMALL.id: Taken([Interval(at(9), at(9, 30))]), LARGE.id: Taken([Interval(at(9, 30), at(10))])}
    assert open_slots([_desk(ANNA)], shape=HOUR, taken={}, rooms_taken=halves) == [_slot(at(10), ANNA)]


def _desk(who: UUID, **over: object) -> Desk:
    fields = {
        "practitioner": who,
        "location": HERE,
        "windows": [span(9, 11)],
        "away": [],
        "rooms": [SMALL, LARGE],
        "step": 60,
        "earliest": DAY,
    }
    return Desk(**{**fields, **over})


def _slot(start: datetime, who: UUID) -> Slot:
    return Slot(start, start + timedelta(hours=1), who, HERE)


def test_there_is_one_entry_for_each_therapist_and_start_in_order() -> None:
    slots = open_slots([_desk(BEN), _desk(ANNA)], shape=HOUR, taken={ANNA: Taken([span(10, 11)])}, rooms_taken={})
    assert slots == [_slot(at(9), ANNA), _slot(at(9), BEN), _slot(at(10), BEN)]


def test_the_notice_hides_what_is_too_near() -> None:
    assert open_slots([_desk(ANNA, earliest=at(9, 1))], shape=HOUR, taken={}, rooms_taken={}) == [_slot(at(10), ANNA)]


def test_a_service_without_a_room_needs_none() -> None:
    assert len(open_slots([_desk(ANNA, rooms=None)], shape=HOUR, taken={}, rooms_taken={})) == 2
    assert open_slots([_desk(ANNA, rooms=[])], shape=HOUR, taken={}, rooms_taken={}) == []

"""Who gets a freed time, and when people may be asked."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest

from booking.rules.availability import Slot
from booking.rules.hours import Hours
from booking.rules.intervals import Interval
from booking.rules.waitlist import OfferHours, Wanted, best_slot, keeps_notice, next_asking, offer_ends

ZONE = "America/Edmonton"  # six hours behind UTC
ANNA, BEN, CLINIC = UUID(int=1), UUID(int=2), UUID(int=9)
HOURS = OfferHours(opens=time(8), closes=time(20), minutes=30, zone=ZONE)


def at(hour: int, minute: int = 0, day: int = 24) -> datetime:
    """A time of Tuesday 24 November 2026 on the clinic's clock."""
    return datetime(2026, 11, day, tzinfo=UTC) + timedelta(hours=hour + 6, minutes=minute)


EARLY = at(0)


def slot(hour: int, minute: int = 0, *, length: int = 60, by: UUID = ANNA) -> Slot:
    start = at(hour, minute)
    return Slot(start, start + timedelta(minutes=length), by, CLINIC)


@pytest.mark.parametrize(
    ("wanted", "suits"),
    [
        ({}, True),
        ({"practitioners": frozenset({ANNA})}, True),
        ({"practitioners": frozenset({BEN})}, False),
        ({"from_date": date(2026, 11, 24), "until_date": date(2026, 11, 24)}, True),
        ({"from_date": date(2026, 11, 25)}, False),
        ({"until_date": date(2026, 11, 23)}, False),
        ({"hours": (Hours(1, time(10), time(11)),)}, True),
        ({"hours": (Hours(1, time(10), time(10, 45)),)}, False),  # it must be over in time
        ({"hours": (Hours(2, time(10), time(11)),)}, False),
        ({"hours": (Hours(2, time(8), time(9)), Hours(1, time(8), time(18)))}, True),
        ({"before": at(11)}, True),
        ({"before": at(10, 30)}, False),  # overlaps the visit that it would replace
        ({"before": at(9)}, False),  # later than it
        ({"busy": (Interval(at(9), at(10)),)}, True),
        ({"busy": (Interval(at(10, 59), at(12)),)}, False),
    ],
)
def test_a_time_suits_whoever_asked_for_such(wanted: dict[str, Any], suits: bool) -> None:
    assert Wanted(**wanted).suits(slot(10), zone=ZONE) is suits


def test_hours_are_the_clinics_clock_on_the_day_of_the_visit() -> None:
    nine_to_ten = Wanted(hours=(Hours(1, time(9), time(10)),))
    start = datetime(2026, 1, 6, 16, tzinfo=UTC)  # a Tuesday of the winter before, when Alberta was seven hours behind
    assert nine_to_ten.suits(Slot(start, start + timedelta(hours=1), ANNA, CLINIC), zone=ZONE)


def test_the_time_that_begins_with_the_freed_one_is_best_else_the_earliest_that_shares_some_of_it() -> None:
    near = [slot(9), slot(9, 30), slot(9, 45), slot(10), slot(10, 15), slot(11)]
    anything, after_ten = Wanted(), Wanted(hours=(Hours(1, time(10, 15), time(18)),))

    def best(slots: list[Slot], wanted: Wanted = anything, not_before: datetime = EARLY) -> Slot | None:
        freed = Interval(at(10), at(11))
        return best_slot(slots, freed=freed, wanted=wanted, not_before=not_before, zone=ZONE)

    assert best(near) == slot(10)
    assert best([slot(9), slot(10, 15), slot(9, 45)]) == slot(9, 45)
    assert best(near, after_ten) == slot(10, 15)
    assert best(near, not_before=at(10, 1)) == slot(10, 15)
    assert best([slot(9), slot(11)]) is None


@pytest.mark.parametrize(
    ("now", "ends", "asked_next"),
    [
        (at(7, 59), None, at(8)),
        (at(8), at(8, 30), at(8, day=25)),
        (at(19, 30), at(20), at(8, day=25)),
        (at(19, 31), None, at(8, day=25)),
        (at(23), None, at(8, day=25)),
        (at(0, 30), None, at(8)),
    ],
)
def test_nobody_is_asked_at_night_and_no_offer_ends_there(
    now: datetime, ends: datetime | None, asked_next: datetime
) -> None:
    assert (offer_ends(now, HOURS), next_asking(now, HOURS)) == (ends, asked_next)


def test_a_yes_in_the_last_minute_still_keeps_the_notice() -> None:
    two_hours = timedelta(hours=2)
    assert keeps_notice(at(12), ends=at(10), notice=two_hours)
    assert not keeps_notice(at(12), ends=at(10, 1), notice=two_hours)

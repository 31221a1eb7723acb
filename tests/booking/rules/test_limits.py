"""How much one visitor may hold at a time."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from booking.rules.intervals import Interval
from booking.rules.limits import Asked, LiveHold, holds_too_many, is_network, lies_in

DAY = datetime(2026, 11, 24, 7, tzinfo=UTC)
ANNA, BEN = UUID(int=1), UUID(int=2)


def hold(hour: int, **over: Any) -> LiveHold:
    start = DAY + timedelta(hours=hour)
    said = {"booking": uuid4(), "held_by": "me", "held_from": "here", "screening": None, "practitioner": ANNA}
    return LiveHold(**{**said, **over}, visit=Interval(start, start + timedelta(hours=1)))


def too_many(new: LiveHold, *live: LiveHold, worked: int = 8) -> bool:
    asked = Asked(new, Interval(DAY, DAY + timedelta(days=1)), timedelta(hours=worked))
    return holds_too_many(asked, live, share_percent=50)


def test_three_of_one_session_and_a_course_counts_once() -> None:
    assert not too_many(hold(9, practitioner=BEN), hold(10), hold(11))
    assert too_many(hold(9, practitioner=BEN), hold(10), hold(11), hold(12))
    course = uuid4()
    assert not too_many(hold(9, practitioner=BEN), *(hold(hour, booking=course) for hour in range(10, 15)))


def test_three_on_the_same_answers_and_twenty_of_one_range() -> None:
    answers = uuid4()
    others = [hold(hour, held_by=f"{hour}", held_from="", screening=answers, practitioner=BEN) for hour in range(3)]
    assert too_many(hold(9, held_from="", screening=answers), *others)
    crowd = [hold(0, held_by=f"{number}", practitioner=uuid4()) for number in range(20)]
    assert (too_many(hold(9), *crowd[:19]), too_many(hold(9), *crowd)) == (False, True)


def test_half_of_a_therapists_day_but_the_first_is_never_too_much() -> None:
    assert not too_many(hold(9), worked=1)
    assert too_many(hold(9), hold(10), worked=3)
    assert not too_many(hold(9), hold(10), worked=4)
    assert not too_many(hold(9), hold(10, practitioner=BEN), hold(34), worked=3)


@pytest.mark.parametrize(
    ("address", "inside"), [("203.0.113.9", True), ("203.0.114.9", False), ("2001:db8::7", True), ("", False)]
)
def test_the_clinics_own_networks(address: str, inside: bool) -> None:
    assert lies_in(address, ["203.0.113.0/24", "2001:db8::/48"]) is inside


def test_what_a_network_is() -> None:
    said = ("203.0.113.0/24", "2001:db8::/48", "203.0.113.7", "203.0.113.7/24", "home", None)
    assert [is_network(one) for one in said] == [True, True, True, False, False, False]

"""Until when somebody may answer."""

from datetime import UTC, datetime, timedelta

import pytest

from booking.rules.displacement import answer_by, may_be_asked_for

NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)  # Monday, 08:00 in Edmonton
WEEK = {day: [["08:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}


def hours(number: float) -> datetime:
    return NOW + timedelta(hours=number)


@pytest.mark.parametrize(
    ("start", "first_choice", "notice", "expected"),
    [
        pytest.param(hours(200), hours(224), 0, hours(52), id="24 opening hours: Wednesday at noon"),
        pytest.param(hours(26), hours(50), 0, hours(25), id="an hour before the visit"),
        pytest.param(hours(200), hours(30), 0, hours(29), id="an hour before the first choice"),
        pytest.param(hours(200), hours(30), 240, hours(26), id="four hours before what a therapist looks at first"),
        pytest.param(hours(-3), hours(27), 0, hours(26), id="a visit that is over doesn't count"),
        pytest.param(hours(1), hours(27), 0, hours(26), id="nor one for which only a call helps"),
    ],
)
def test_the_time_to_answer_ends(start: datetime, first_choice: datetime, notice: int, expected: datetime) -> None:
    found = answer_by(
        start=start, first_choice=first_choice, notice=notice, weekly=WEEK, zone="America/Edmonton", now=NOW
    )
    assert found == expected


@pytest.mark.parametrize(
    ("start", "notice", "expected"),
    [(hours(2), 0, True), (hours(1.9), 0, False), (hours(4.9), 240, False), (hours(5), 240, True)],
)
def test_a_time_is_asked_for_only_if_an_hour_is_left_to_answer(start: datetime, notice: int, expected: bool) -> None:
    assert may_be_asked_for(start, notice=notice, now=NOW) is expected

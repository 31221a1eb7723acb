"""By when a call is promised."""

import pytest

from booking.rules.errands import call_back_by
from tests.factories.booking import at

ZONE = "America/Edmonton"
WEEK = {day: [["08:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
MONDAYS = {"mon": [["09:00", "10:00"]]}


@pytest.mark.parametrize(
    ("asked", "due"),
    [
        pytest.param(at(8, days=0), at(12, days=0), id="as we open: four hours"),
        pytest.param(at(9, 30, days=0), at(13, 30, days=0), id="in the morning: the same day"),
        pytest.param(at(16, days=0), at(10, days=1), id="two hours before we close: two hours of the next day"),
        pytest.param(at(22, days=0), at(12, days=1), id="in the night: noon of the next day"),
        pytest.param(at(17, days=4), at(11, days=7), id="on Friday evening: on Monday"),
        pytest.param(at(12, days=5), at(12, days=7), id="on Saturday: on Monday"),
    ],
)
def test_a_call_is_promised_within_four_opening_hours(asked: object, due: object) -> None:
    assert call_back_by(asked, weekly=WEEK, zone=ZONE) == due


def test_a_clinic_that_opens_an_hour_a_week_calls_at_the_end_of_its_next_day() -> None:
    assert call_back_by(at(9, 30, days=0), weekly=MONDAYS, zone=ZONE) == at(10, days=7)
    assert call_back_by(at(12, days=3), weekly=MONDAYS, zone=ZONE) == at(10, days=7)

"""The clinic's week, as the owner edits it."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from booking.models.location import default_weekly_hours
from tests.factories.booking import make_location

pytestmark = pytest.mark.django_db
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri")


def test_a_clinic_is_open_from_eight_to_six_on_weekdays_unless_it_says_otherwise() -> None:
    assert make_location().weekly_hours == {day: [["08:00", "18:00"]] for day in WEEKDAYS}


@pytest.mark.parametrize(
    "week", [{}, {"mon": []}, [], "mon", {"monday": [["08:00", "18:00"]]}, {"mon": [["18:00", "08:00"]]}, {"mon": 8}]
)
def test_a_week_that_is_none_is_refused(week: Any) -> None:
    place = make_location()
    place.weekly_hours = week
    with pytest.raises(ValidationError) as refused:
        place.full_clean()
    assert list(refused.value.message_dict) == ["weekly_hours"]


def test_a_week_with_a_break_and_a_saturday_is_taken() -> None:
    place = make_location()
    place.weekly_hours = default_weekly_hours() | {"sat": [["09:00", "12:00"], ["13:00", "15:00"]]}
    place.full_clean()

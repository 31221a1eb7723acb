"""What is written of a morning: once, at the clinic's hour, without a name and without a word of why."""

from datetime import UTC, datetime, timedelta

import pytest

from booking.reminders.letters import letter_of
from booking.reminders.models import Communication, MessageSetting
from booking.services.mornings import write_of_a_morning
from tests.factories.booking import make_appointment, make_clinic
from tests.factories.intake import make_patient

pytestmark = pytest.mark.django_db
EARLY = datetime(2026, 12, 1, 12, 29, tzinfo=UTC)  # 6:29 in Alberta
HALF_PAST_SIX = EARLY + timedelta(minutes=1)


def test_a_therapist_gets_the_day_once_at_half_past_six_with_times_and_initials() -> None:
    clinic = make_clinic()
    patient = make_patient(given_name="Ada", family_name="Berg")
    make_appointment(clinic, start=datetime(2026, 12, 1, 15, tzinfo=UTC), patient=patient)
    make_appointment(clinic, start=datetime(2026, 12, 2, 15, tzinfo=UTC), patient=patient)
    assert write_of_a_morning(now=EARLY) == 0
    assert [write_of_a_morning(now=HALF_PAST_SIX + timedelta(minutes=n)) for n in (0, 5)] == [1, 0]
    row = Communication.objects.get(kind="morning-list")
    assert row.recipient == clinic.anna.user.email
    letter = letter_of(row, now=HALF_PAST_SIX)
    assert letter.subject == "Your day: Tuesday 1 December"
    assert "\n9:00 A.B.\n" in letter.text
    assert "Ada" not in letter.text
    assert "Berg" not in letter.text


def test_nobody_is_written_to_after_nine_or_without_visits_or_where_it_is_switched_off() -> None:
    clinic = make_clinic()
    assert write_of_a_morning(now=HALF_PAST_SIX) == 0
    make_appointment(clinic, start=datetime(2026, 12, 1, 17, tzinfo=UTC), patient=make_patient())
    assert write_of_a_morning(now=HALF_PAST_SIX + timedelta(hours=2, minutes=30)) == 0
    MessageSetting.objects.create(location=clinic.location, kind="morning-list", on=False, changed_at=EARLY)
    assert write_of_a_morning(now=HALF_PAST_SIX) == 0

"""The clinic to try with: the same for the same numbers, full of believable visits, with no promise broken."""

import hashlib
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from io import StringIO
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command

from booking.models import (
    Appointment,
    FeeCase,
    HealthcareService,
    KeptCard,
    Location,
    MonthClose,
    PayLink,
    Practitioner,
)
from booking.rules.intervals import overlaps
from booking.rules.months import is_over, next_month
from booking.selectors.accounts import account_of, open_month
from booking.selectors.slots import free_times
from booking.selectors.working_time import working_time_of
from config.invariants import broken_promises
from config.seed.signins import demonstration_signins
from intake.clock import now
from intake.models import Patient, Screening, User

pytestmark = pytest.mark.django_db(transaction=True)
TODAY = "2026-11-23"
MONDAY = date.fromisoformat(TODAY)
EDMONTON = ZoneInfo("America/Edmonton")


@pytest.fixture(autouse=True)
def _quick_passwords(settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def seed(*arguments: str) -> str:
    out = StringIO()
    call_command("seed_clinic", *arguments, stdout=out)
    return out.getvalue()


def fingerprint() -> str:
    rows = Appointment.objects.order_by("pk").values_list(
        "pk", "start", "practitioner__name", "room__name", "service__slug", "patient__family_name", "status"
    )
    answers = [screening.result["line"] for screening in Screening.objects.order_by("pk")]
    return hashlib.sha256(repr([*rows, answers]).encode()).hexdigest()


def working_minutes(first: date, days: int) -> float:
    days_asked = {"from_date": first, "to_date": first + timedelta(days=days - 1)}
    return sum(
        (window.end - window.start).total_seconds() / 60
        for works in working_time_of(practitioners=Practitioner.objects.all(), **days_asked)
        for window in works.windows(**days_asked)
        if not any(overlaps(window, away.interval) for away in works.away)
    )


def weekdays_of_mei(week: int) -> str:
    """The therapist who works on Thursdays and on Fridays in turns."""
    mei = Practitioner.objects.filter(schedules__every_weeks=2).distinct().get()
    first = MONDAY + timedelta(weeks=week)
    days = {"from_date": first, "to_date": first + timedelta(days=6)}
    [works] = working_time_of(practitioners=[mei], **days)
    return " ".join(dict.fromkeys(f"{window.start.astimezone(EDMONTON):%a}" for window in works.windows(**days)))


def test_the_same_numbers_make_the_same_clinic_and_other_numbers_another() -> None:
    same = ("--practitioners", "2", "--appointments", "90", "--days", "7", "--today", TODAY)
    prints = []
    for number in ("1", "1", "2"):
        seed(*same, "--seed", number, "--flush")
        prints.append(fingerprint())
    assert prints[0] == prints[1]
    assert prints[0] != prints[2]


def test_six_tenths_of_the_window_are_booked_and_the_rest_of_the_number_lies_behind() -> None:
    seed("--practitioners", "4", "--appointments", "700", "--days", "14", "--today", TODAY, "--seed", "3")
    first = date.fromisoformat(TODAY)
    midnight = datetime.combine(first, time(), EDMONTON).astimezone(UTC)
    coming = Appointment.objects.filter(start__gte=midnight)
    booked = sum(visit.service.minutes for visit in coming.select_related("service"))
    assert 0.57 <= booked / working_minutes(first, 14) <= 0.61
    assert Appointment.objects.count() == 700
    assert set(coming.values_list("status", flat=True)) == {"booked"}
    assert set(Appointment.objects.filter(start__lt=midnight).values_list("status", flat=True)) <= {
        "fulfilled",
        "cancelled",
        "noshow",
    }
    assert broken_promises(now=midnight) == []


def test_of_visits_older_than_a_year_only_who_came_and_when_is_left() -> None:
    seed("--practitioners", "1", "--appointments", "1600", "--days", "3", "--today", TODAY)
    midnight = datetime.combine(date.fromisoformat(TODAY), time(), EDMONTON).astimezone(UTC)
    old = Appointment.objects.filter(start__lt=midnight - timedelta(days=366))
    assert old.count() > 100
    assert not old.filter(encounter__isnull=False).exists()
    assert not old.filter(payments__isnull=False).exists()
    assert broken_promises(now=midnight) == []


@pytest.fixture
def _monday_noon(settings, tmp_path: Path) -> None:
    noon = datetime.combine(date.fromisoformat(TODAY), time(12), EDMONTON)
    settings.CLOCK_FILE = tmp_path / "clock"
    settings.CLOCK_FILE.write_text(str((noon - datetime.now(UTC)).total_seconds()))


@pytest.mark.usefixtures("_monday_noon")
def test_the_demonstration_is_in_the_middle_of_its_day_with_requests_a_waiting_form_and_sign_ins() -> None:
    seed()
    begun = Appointment.objects.filter(start__date=TODAY, start__lte=now()).exclude(status="cancelled")
    assert begun.filter(status="fulfilled").exists()
    waiting = Counter(Appointment.objects.filter(status="pending").values_list("awaiting", flat=True))
    assert waiting == {"review": 2, "form": 1}
    roles = Counter(person.role for person in demonstration_signins())
    assert roles == {"therapist": 3, "reception": 1, "manager": 1, "owner": 1}
    assert all(person.totp_secret for person in demonstration_signins())
    assert broken_promises(now=now()) == []
    closed = MonthClose.objects.values_list("figures__proof__difference", "figures__stripe__difference")
    assert set(closed) == {(0, 0)}
    _the_books_look_like_a_clinic_s()
    assert [weekdays_of_mei(week) for week in range(4)] == ["Mon Wed Fri", "Mon Wed Thu"] * 2
    follow_up = HealthcareService.objects.get(slug="follow-up")
    free = free_times(service=follow_up, from_date=MONDAY, to_date=MONDAY + timedelta(days=27), now=now()).slots
    weeks = Counter((slot.start.astimezone(EDMONTON).date() - MONDAY).days // 7 for slot in free)
    assert all(weeks[week] > 50 for week in range(4)), weeks


def _the_books_look_like_a_clinic_s() -> None:
    """The last month waits to be closed, with payouts to find at the bank; fees wait in every state; somebody owes."""
    place, today = Location.objects.get(), date.fromisoformat(TODAY)
    month = open_month(place, now=now())
    assert is_over(month, today=today)
    assert not is_over(next_month(month), today=today)
    stripe = account_of(location=place, month=month).figures["stripe"]
    assert stripe["difference"] == 0
    assert stripe["after"] > 0
    assert [one["seen"] for one in stripe["payouts"]].count(False) > 1
    states = Counter(FeeCase.objects.values_list("state", flat=True))
    assert states == {"proposed": 2, "approved": 1, "declined": 1, "waived": 1}
    runs_out = KeptCard.objects.values_list("exp_year", "exp_month")
    assert [one for one in runs_out if one < (today.year, today.month)] == [(2026, 10)]
    assert PayLink.objects.count() == 2  # a visit that was left unpaid, and a fee


def test_a_clinic_that_is_there_is_left_alone() -> None:
    seed("--practitioners", "1", "--appointments", "5", "--days", "3")
    before = fingerprint()
    with pytest.raises(CommandError, match="There is a clinic already"):
        seed("--practitioners", "1", "--appointments", "5")
    assert fingerprint() == before


def test_numbers_that_make_no_clinic_are_refused() -> None:
    with pytest.raises(CommandError, match="needs a therapist"):
        seed("--practitioners", "0", "--appointments", "5")
    with pytest.raises(CommandError, match="must not be negative"):
        seed("--practitioners", "1", "--appointments", "-5")
    assert (Patient.objects.count(), User.objects.count()) == (0, 0)

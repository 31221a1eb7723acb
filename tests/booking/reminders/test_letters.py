import re
from datetime import datetime, timedelta

import pytest
from django.core.management import call_command
from icalendar import Calendar
from pytest_django import Settings

from booking.feeds.ics import visit_calendar
from booking.models import Appointment
from booking.reminders.channels.base import Letter
from booking.reminders.letters import letter_of, tidied
from booking.reminders.models import Communication
from booking.reminders.of_money import announce_payment_problem
from booking.reminders.services import (
    announce_cancellation,
    announce_change,
    announce_decision,
    announce_lost_slot,
    plan_booking_messages,
    queue_sign_in_mail,
    replan_after_move,
    tell_staff,
)
from booking.reminders.switch import senders_released
from booking.rules.availability import Slot
from intake.models import Role
from tests.booking.reminders.visits import NOW, START, make_visit
from tests.factories.intake import make_user

pytestmark = pytest.mark.django_db
# Whatever could tell why somebody comes, what they answered, or what they owe.
FORBIDDEN = re.compile(
    r"needl|first visit|assessment|screening|answers|questionnaire|health form|physio|knee|pain|treat|deposit|owe"
    r"|balance|\$|review|declin|refus|risk|Ada|Berg|1986",
    re.IGNORECASE,
)


@pytest.fixture(autouse=True)
def _site(settings: Settings) -> None:
    settings.SITE_URL = "https://clinic.example"
    settings.DEFAULT_FROM_EMAIL = "Riverside <clinic@riverside.example>"


def written(kind: str, now: datetime = NOW) -> Letter:
    return letter_of(Communication.objects.filter(kind=kind).latest("created_at"), now=now)


def every_letter() -> list[Letter]:
    """One of each kind that is about a visit."""
    visit = make_visit(decide_by=NOW + timedelta(hours=20), form_due_at=START - timedelta(hours=24))
    for status, awaiting in [("pending", "payment"), ("pending", "review"), ("pending", "form"), ("booked", "")]:
        visit.status, visit.awaiting = status, awaiting
        plan_booking_messages(appointment=visit, manage_token="secret", now=NOW)
    announce_decision(appointment=visit, decision="approved", now=NOW)
    announce_payment_problem(appointment=visit, about="1", now=NOW)
    announce_change(appointment=visit, now=NOW)
    tell_staff(kind="request-waiting", recipients=[make_user(Role.THERAPIST)], appointment=visit, now=NOW)
    replan_after_move(appointment=visit, now=NOW)
    visit.status = "cancelled"
    for reason in ("patient", "screening-declined"):
        visit.cancel_reason = reason
        announce_cancellation(appointment=visit, now=NOW)
    slot = Slot(START + timedelta(days=1), START, visit.practitioner_id, visit.location_id)
    announce_lost_slot(appointment=visit, alternatives=[slot], now=NOW)
    return [letter_of(row, now=NOW) for row in Communication.objects.all()]


def test_a_confirmation_says_when_where_with_whom_and_how_to_get_out_of_it() -> None:
    plan_booking_messages(appointment=make_visit(), manage_token="secret", now=NOW)
    letter = written("confirmation")
    assert letter.subject == "Your appointment is booked: Tuesday 1 December, 9:00"
    assert letter.text == (
        "Thank you for booking with us.\n"
        "\n"
        "Tuesday 1 December 2026, 9:00 (Mountain time)\n"
        "With Anna\n"
        "Riverside Clinic\n"
        "12 River Road\n"
        "Edmonton AB\n"
        "\n"
        "You can move or cancel it free of charge until Monday 30 November, 9:00 (Mountain time).\n"
        "\n"
        "See, move or cancel your appointment:\n"
        "https://clinic.example/visit/secret/\n"
        "\n"
        "Riverside Clinic\n"
        "(780) 555-0100\n"
        "clinic@example.org\n"
        "\n"
        "You get this mail because an appointment was made with this address. If that was not you, or if you want no"
        " reminders, call us at (780) 555-0100.\n"
        "\n"
        "This mailbox is not watched day and night. In an emergency, call 911.\n"
    )
    assert '<a class="button" href="https://clinic.example/visit/secret/">See, move or cancel your appointment</a>' in (
        letter.html
    )


def test_no_letter_says_why_somebody_comes_or_what_they_owe() -> None:
    letters = every_letter()
    assert len({letter.subject for letter in letters}) >= 11
    for letter in letters:
        calendar = letter.calendar.decode() if letter.calendar else ""
        text = re.sub(r"https://\S+", "", f"{letter.subject}\n{letter.text}\n{calendar}")
        assert FORBIDDEN.findall(text.replace("free of charge", "")) == [], text


def test_every_letter_is_whole_and_loads_nothing_from_elsewhere() -> None:
    for letter in every_letter():
        assert letter.subject
        assert "{" not in letter.text
        assert "None" not in letter.text
        assert "\n\n\n" not in letter.text
        assert not re.search(r"<(img|script|link|iframe)|url\(|@import|src=", letter.html)
        assert re.findall(r'href="([^"]+)"', letter.html) == re.findall(r"^https://\S+$", letter.text, re.MULTILINE)


def test_after_the_free_time_the_letter_does_not_promise_it() -> None:
    plan_booking_messages(appointment=make_visit(), manage_token="secret", now=NOW)
    assert "free of charge" not in written("reminder-2", now=START - timedelta(hours=2)).text


def test_without_a_kept_link_the_letter_names_the_phone() -> None:
    plan_booking_messages(appointment=make_visit(), now=NOW)
    assert "To move or cancel, call us at (780) 555-0100." in written("confirmation").text


def test_a_letter_speaks_the_recipient_s_language() -> None:
    plan_booking_messages(appointment=make_visit(language="fr"), manage_token="secret", now=NOW)
    letter = written("confirmation")
    assert '<html lang="fr-ca">' in letter.html
    assert "Mardi 1er décembre 2026" in letter.text


def test_what_the_clinic_calls_itself_can_break_nothing() -> None:
    visit = make_visit()
    visit.location.name = "<b>A & B</b>\nBcc: all@example.test"
    visit.location.save()
    plan_booking_messages(appointment=visit, manage_token="secret", now=NOW)
    letter = written("confirmation")
    assert "<b>A & B</b>" in letter.text
    assert "<b>" not in letter.html
    assert "\n" not in letter.subject


def test_the_calendar_file_is_neutral_and_replaces_itself_after_a_move() -> None:
    visit = make_visit()
    for version, method, status in [
        (1, "PUBLISH", "CONFIRMED"),
        (2, "PUBLISH", "CONFIRMED"),
        (2, "CANCEL", "CANCELLED"),
    ]:
        visit.schedule_version = version
        if method == "CANCEL":
            visit.status = Appointment.Status.CANCELLED
        calendar = Calendar.from_ical(visit_calendar(appointment=visit, title="Appointment", now=NOW))
        (event,) = calendar.walk("VEVENT")
        assert (calendar["METHOD"], event["STATUS"], event["SEQUENCE"], event["UID"]) == (
            method,
            status,
            2 * version + (method == "CANCEL"),
            f"{visit.pk}@drypoint",
        )
        assert (event.decoded("DTSTART"), event.decoded("DTEND")) == (visit.start, visit.end)
        assert event["CLASS"] == "PRIVATE"


def test_the_letters_that_carry_a_calendar_file() -> None:
    carried = {letter.subject.partition(":")[0]: letter for letter in every_letter() if letter.calendar}
    assert sorted(carried) == [
        "Your appointment has a new time",
        "Your appointment is booked",
        "Your appointment is confirmed",
        "Your appointment on Tuesday 1 December, 9",
    ]
    assert b"SUMMARY:Appointment at Riverside Clinic" in (carried["Your appointment is booked"].calendar or b"")


@pytest.mark.parametrize(
    ("kind", "content", "words"),
    [
        ("sign-in-code", {"code": "KX7M-QQ2P"}, "KX7M-QQ2P"),
        ("sign-in-by-password", {}, "https://clinic.example/accounts/login/"),
        ("sign-in-by-code", {}, "https://clinic.example/accounts/login/code/"),
        ("password-reset", {"url": "https://clinic.example/accounts/password/reset/key/a-b/"}, "reset/key/a-b/"),
        ("account-news", {"news": "password"}, "password of your account was changed"),
        ("account-news", {"news": "factor-off"}, "switched off"),
    ],
)
def test_letters_of_the_sign_in_pages(kind: str, content: dict[str, str], words: str) -> None:
    make_visit()
    queue_sign_in_mail(recipient="a@example.test", language="en", template=kind, context=content, now=NOW)
    letter = written(kind)
    assert words in letter.text
    assert not any(value in letter.subject for value in content.values())


def test_the_sign_in_letter_is_written_before_there_is_a_clinic() -> None:
    queue_sign_in_mail(
        recipient="a@example.test", language="en", template="sign-in-code", context={"code": "KX7M"}, now=NOW
    )
    letter = written("sign-in-code")
    assert "KX7M" in letter.text
    assert "None" not in letter.text


def test_words_are_written_once_for_text_and_html() -> None:
    text = tidied("  One line.  \n\n\n\nSee it:\n  https://clinic.example/visit/x/ \n")
    assert text == "One line.\n\nSee it:\nhttps://clinic.example/visit/x/\n"


def test_the_switch_by_command() -> None:
    assert senders_released()
    call_command("hold_senders", reason="restored")
    assert not senders_released()
    call_command("release_senders")
    assert senders_released()

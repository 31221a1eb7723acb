"""Texts through a real HTTP server that speaks as Twilio does."""

from datetime import UTC, datetime, timedelta

import pytest
from pytest_django import Settings

from booking.models import Appointment
from booking.reminders.delivery import LEASE, claim, deliver_due
from booking.reminders.models import AddressMark, Communication
from booking.reminders.services import plan_booking_messages, replan_after_move
from tests.booking.reminders.contacts import PHONE, SMS, make_texted_visit
from tests.simulators.sms import SmsSimulator

pytestmark = pytest.mark.django_db
# The simulator keeps the time of its own clock, so here it is now; noon, whatever the hour.
NOON = datetime.now(UTC).replace(hour=18, minute=0, second=0, microsecond=0)
MINUTE, SOON = timedelta(minutes=1), timedelta(seconds=5)


def booked() -> Appointment:
    """A visit whose first reminder is due now, and is the only message."""
    visit = make_texted_visit(email="", start=NOON + timedelta(hours=48))
    plan_booking_messages(appointment=visit, manage_token="secret", now=NOON - timedelta(days=3))
    Communication.objects.exclude(kind="reminder-1").delete()
    return visit


def send(after: timedelta = timedelta()) -> int:
    return deliver_due(now=NOON + after, by=SMS)


def outcome() -> tuple[str, str, int]:
    row = Communication.objects.get()
    return row.status, row.status_reason, row.attempts


@pytest.fixture(autouse=True)
def _a_lookup_sees_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    """Noon may lie ahead of the simulator's clock."""
    monkeypatch.setattr("booking.reminders.channels.sms._CLOCKS_DIFFER", timedelta(days=2))


def test_a_text_is_sent_once_and_keeps_its_name_there(phones: SmsSimulator) -> None:
    visit = booked()
    assert send() == 1
    assert send(MINUTE) == 0
    (text,) = phones.texts()
    row = Communication.objects.get()
    assert (text.recipient, text.sender, text.sid) == (PHONE, "+15005550006", row.provider_id)
    assert text.callback.endswith(f"/webhooks/sms/?row={row.pk}")
    assert visit.location.name in text.body


def test_mail_does_not_wait_for_texts_nor_take_them(phones: SmsSimulator) -> None:
    booked()
    assert deliver_due(now=NOON) == 0
    assert outcome()[0] == "preparation"


def test_an_answer_that_was_lost_is_asked_for_and_nothing_goes_out_twice(phones: SmsSimulator) -> None:
    booked()
    phones.fail(drop=True, times=1)
    assert send() == 0
    assert outcome() == ("preparation", "", 1)
    assert send(LEASE - timedelta(seconds=1)) == 0
    assert send(LEASE + SOON) == 1
    assert outcome()[:2] == ("completed", "Sent; the answer was lost on the way.")
    assert len(phones.texts()) == 1
    assert Communication.objects.get().provider_id == phones.texts()[0].sid


def test_what_never_came_is_sent_and_the_row_says_so(phones: SmsSimulator) -> None:
    booked()
    phones.fail(status=503, times=1)
    assert send() == 0
    assert send(LEASE + SOON) == 1
    assert outcome()[:2] == ("completed", "The first try ended without an answer and never came, so it was sent again.")
    assert len(phones.texts()) == 1


def test_a_worker_that_died_with_a_text_in_its_hands_leaves_one_text(phones: SmsSimulator) -> None:
    booked()
    assert send() == 1
    Communication.objects.update(
        status="in-progress", leased_until=NOON + LEASE, lease_token=None, sent_at=None, provider_id=""
    )
    assert send(LEASE + SOON) == 1
    assert (outcome()[1], len(phones.texts())) == ("Sent; the answer was lost on the way.", 1)


def test_two_messages_with_the_same_words_are_not_taken_for_each_other(phones: SmsSimulator) -> None:
    booked()
    assert send() == 1
    first = Communication.objects.get()
    Communication.objects.create(
        dedupe_key="again", kind=first.kind, channel=SMS, appointment=first.appointment, patient=first.patient,
        schedule_version=first.schedule_version, recipient=PHONE, content=first.content, created_at=NOON, due_at=NOON,
        not_after=first.not_after, maybe_sent_at=NOON,
    )  # fmt: skip
    assert send(MINUTE) == 1
    assert len(phones.texts()) == 2


def test_a_report_that_came_first_settles_it_without_asking(phones: SmsSimulator) -> None:
    booked()
    phones.fail(drop=True, times=1)
    send()
    Communication.objects.update(provider_id="SM1")
    phones.fail(status=500)
    assert send(LEASE + SOON) == 1
    assert outcome()[:2] == ("completed", "Sent; the answer was lost on the way.")


@pytest.mark.parametrize(
    ("order", "words", "mark"),
    [
        ({"bad": [PHONE]}, "This is not a phone number.", "bounced"),
        ({}, "They answered STOP to our texts.", "stopped"),
    ],
    ids=["no number", "stopped there"],
)
def test_a_number_that_is_refused_for_good_is_marked(
    phones: SmsSimulator, order: dict[str, list[str]], words: str, mark: str
) -> None:
    booked()
    phones.fail(**order)
    if not order:
        phones.account.store.stop(PHONE, stopped=True)
    assert send() == 0
    assert outcome() == ("not-done", words, 1)
    assert AddressMark.objects.values_list("channel", "address", "what").get() == (SMS, PHONE, mark)


@pytest.mark.parametrize("status", [401, 429])
def test_our_own_trouble_uses_up_no_message(phones: SmsSimulator, status: int) -> None:
    booked()
    phones.fail(status=status, times=1)
    assert send() == 0
    assert outcome() == ("preparation", f"The text message service refused it for now ({status}).", 1)
    assert send(MINUTE) == 1


def test_while_the_service_is_away_no_try_is_used_up(phones: SmsSimulator, settings: Settings) -> None:
    booked()
    there, settings.TWILIO_API_BASE = settings.TWILIO_API_BASE, "http://127.0.0.1:1"
    for hours in range(12):
        assert send(timedelta(hours=hours) / 12) == 0
    assert outcome() == (
        "preparation",
        "The text message service can't be reached; it will be sent when it is back.",
        0,
    )
    assert Communication.objects.get().maybe_sent_at is None
    settings.TWILIO_API_BASE = there
    assert send(timedelta(hours=2)) == 1


def test_a_text_does_not_ring_at_night_where_nobody_set_hours(phones: SmsSimulator) -> None:
    booked()
    night = timedelta(hours=11)  # eleven at night in Edmonton
    assert send(night) == 0
    row = Communication.objects.get()
    assert (row.status, row.due_at, row.attempts) == ("preparation", NOON + timedelta(hours=20), 0)


def test_a_moved_visit_is_not_announced_at_its_old_time(phones: SmsSimulator) -> None:
    visit = booked()
    visit.schedule_version = 2
    visit.save()
    replan_after_move(appointment=visit, now=NOON)
    assert send() == 1
    assert {(row.kind, row.status) for row in Communication.objects.filter(due_at__lte=NOON)} == {
        ("reminder-1", "stopped"),
        ("moved", "completed"),
    }


def test_channels_are_claimed_apart(phones: SmsSimulator) -> None:
    booked()
    assert claim(now=NOON) is None
    assert claim(now=NOON, by=SMS) is not None

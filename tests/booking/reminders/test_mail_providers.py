"""Mail by a provider's own interface instead of SMTP: the same promises, and a key so that again does no harm."""

from datetime import timedelta

import pytest
from pytest_django import Settings

from booking.models import Appointment
from booking.reminders.delivery import LEASE, deliver_due
from booking.reminders.models import Communication
from booking.reminders.services import plan_booking_messages
from tests.booking.reminders.visits import NOW, make_visit
from tests.simulators.mail.smtp import Faults, Mailbox

pytestmark = pytest.mark.django_db


def booked() -> Appointment:
    visit = make_visit()
    plan_booking_messages(appointment=visit, manage_token="secret", now=NOW)
    Communication.objects.exclude(kind="confirmation").delete()
    return visit


def outcome() -> tuple[str, str, int]:
    row = Communication.objects.get()
    return row.status, row.status_reason, row.attempts


def test_a_mail_is_sent_and_its_name_there_is_kept(keyed_mailbox: Mailbox) -> None:
    visit = booked()
    assert deliver_due(now=NOW) == 1
    (mail,) = keyed_mailbox.store.messages()
    row = Communication.objects.get()
    assert mail.recipients == [visit.patient.email]
    assert (mail.content["Message-ID"], keyed_mailbox.keys) == (row.message_id, {row.message_id: row.provider_id})


def test_after_a_lost_answer_it_goes_again_under_the_same_key_and_arrives_once(keyed_mailbox: Mailbox) -> None:
    booked()
    keyed_mailbox.faults = Faults(drop=True, times=2)
    assert [deliver_due(now=NOW + hours * timedelta(hours=1)) for hours in range(3)] == [0, 0, 1]
    assert outcome() == ("completed", "", 3)
    assert len(keyed_mailbox.store.messages()) == 1


@pytest.mark.parametrize(
    ("status", "end"),
    [
        (422, ("not-done", "The mail provider refused it (422).", 1)),
        (429, ("preparation", "The mail provider refused it for now (429).", 1)),
        (503, ("preparation", "", 1)),
    ],
)
def test_each_refusal_means_what_it_says(keyed_mailbox: Mailbox, status: int, end: tuple[str, str, int]) -> None:
    booked()
    keyed_mailbox.faults = Faults(refuse=status)
    assert deliver_due(now=NOW) == 0
    assert outcome() == end


def test_while_the_provider_is_away_no_try_is_used_up(keyed_mailbox: Mailbox, settings: Settings) -> None:
    booked()
    there = settings.ANYMAIL
    settings.ANYMAIL = there | {"RESEND_API_URL": "http://127.0.0.1:1/"}
    for minutes in range(12):
        assert deliver_due(now=NOW + minutes * LEASE) == 0
    assert outcome() == ("preparation", "The mail server can't be reached; it will be sent when it is back.", 0)
    settings.ANYMAIL = there
    assert deliver_due(now=NOW + timedelta(hours=1)) == 1


def test_one_bad_address_never_stops_the_others(keyed_mailbox: Mailbox) -> None:
    for email in ("nobody@@example.test", "ana@example.test"):
        plan_booking_messages(appointment=make_visit(email=email), manage_token="secret", now=NOW)
    Communication.objects.exclude(kind="confirmation").delete()
    assert deliver_due(now=NOW) == 1
    assert set(Communication.objects.values_list("status", "status_reason")) == {
        ("not-done", "The e-mail address can't be used."),
        ("completed", ""),
    }

"""The provider delivers a text, gets no answer, and delivers it again while the first is still being taken."""

import time
from collections.abc import Callable
from unittest import mock

import pytest

from booking.models import Appointment
from booking.reminders.models import IncomingMessage
from booking.services import incoming_texts
from booking.services.incoming_texts import take_text
from intake.models import AuditEvent
from tests.booking.reminders.contacts import PHONE, SMS, make_texted_visit
from tests.booking.reminders.visits import NOW, START
from tests.races.crowd import at_once

pytestmark = pytest.mark.django_db(transaction=True)
A_MOMENT = 0.2  # seconds
UNDERSTAND: Callable[..., object] = incoming_texts._understand


@pytest.fixture
def visit(transactional_db: None) -> Appointment:
    """A visit whose reminder went out by text."""
    visit = make_texted_visit()
    visit.communications.create(
        dedupe_key="reminder", kind="reminder-1", channel=SMS, patient=visit.patient, schedule_version=1,
        recipient=PHONE, status="completed", created_at=NOW, due_at=NOW, not_after=START, sent_at=NOW,
    )  # fmt: skip
    return visit


def deliver() -> None:
    take_text(provider_id="SM1", sender=PHONE, text="C", now=NOW)


def deliver_side_by_side() -> None:
    """Without taking turns, and with time to meet."""

    def think_and_wait(*came: object) -> object:
        time.sleep(A_MOMENT)
        return UNDERSTAND(*came)

    with (
        mock.patch.object(incoming_texts, "take_turns"),
        mock.patch.object(incoming_texts, "_understand", think_and_wait),
    ):
        deliver()


def test_a_text_that_is_delivered_four_times_at_once_is_one(visit: Appointment) -> None:
    assert at_once(*[(deliver, ())] * 4) == {"done": 4}
    visit.refresh_from_db()
    assert (IncomingMessage.objects.count(), visit.is_accepted) == (1, True)
    assert AuditEvent.objects.filter(action="accepted").count() == 1


def test_without_turns_the_database_refuses_the_second(visit: Appointment) -> None:
    """The negative control: nothing is kept twice, but the provider would get an error."""
    came = at_once(*[(deliver_side_by_side, ())] * 2)
    assert came["done"] == 1
    assert IncomingMessage.objects.count() == 1

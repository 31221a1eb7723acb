"""One process hands a message over while another cancels its visit: the patient is reminded of nothing that is off."""

from contextlib import ExitStack
from datetime import timedelta
from multiprocessing import get_context
from multiprocessing.synchronize import Event
from unittest import mock
from uuid import UUID

import pytest

from booking.models import Appointment
from booking.reminders.channels.base import Letter
from booking.reminders.channels.email import EmailChannel
from booking.reminders.delivery import deliver_due, letter_of
from booking.reminders.models import Communication
from booking.reminders.services import plan_booking_messages
from booking.services.cancellations import cancel_appointment, settle_cancellations
from tests.booking.reminders.visits import NOW, START, make_visit
from tests.races.crowd import at_once
from tests.simulators.mail.smtp import Mailbox

pytestmark = pytest.mark.django_db(transaction=True)
DUE = START - timedelta(hours=48)
WAIT = 20  # seconds
_fork = get_context("fork")


@pytest.fixture
def visit() -> Appointment:
    """Of which nothing is left to say but its reminder, and that is due."""
    visit = make_visit()
    plan_booking_messages(appointment=visit, manage_token="secret", now=NOW)
    Communication.objects.exclude(kind="reminder-1").delete()
    return visit


def send(looked: Event, changed: Event, *, at: str, guarded: bool = True) -> None:
    """Deliver what is due, and let the visit change at the worst moment: after it was looked at, or in the handing
    over.
    """

    def wait() -> None:
        looked.set()
        assert changed.wait(WAIT)

    def written(*given: object, **more: object) -> Letter:
        wait()
        return letter_of(*given, **more)  # type: ignore[arg-type]

    class Slow(EmailChannel):
        def send(self, letter: Letter) -> str:
            if at == "handing over":
                wait()
            return super().send(letter)

    with ExitStack() as stack:
        if at == "looked at":
            stack.enter_context(mock.patch("booking.reminders.delivery.letter_of", written))
        if not guarded:
            stack.enter_context(mock.patch("booking.reminders.delivery._visit_as_seen", return_value={}))
        deliver_due(now=DUE, channel=Slow)


def cancel(looked: Event, changed: Event, visit: UUID) -> None:
    assert looked.wait(WAIT)
    cancel_appointment(appointment=Appointment.objects.get(pk=visit), by=None, reason="patient", now=DUE)
    changed.set()


def race(visit: Appointment, *, at: str, guarded: bool = True) -> None:
    looked, changed = _fork.Event(), _fork.Event()
    came = at_once((lambda: send(looked, changed, at=at, guarded=guarded), ()), (cancel, (looked, changed, visit.pk)))
    assert came == {"done": 2}
    settled = DUE + timedelta(minutes=4)
    settle_cancellations(now=settled)
    for minutes in range(4, 12):
        deliver_due(now=DUE + timedelta(minutes=minutes))


def subjects(mailbox: Mailbox) -> list[str]:
    return [mail.subject.partition(":")[0] for mail in reversed(mailbox.store.messages())]


REMINDER, CANCELLED = "Your appointment", "Your appointment on Tuesday 1 December, 9"


def ends() -> dict[str, tuple[str, str]]:
    return {row.kind: (row.status, row.status_reason) for row in Communication.objects.all()}


def test_cancelled_after_it_was_looked_at_it_is_not_handed_over_any_more(visit: Appointment, mailbox: Mailbox) -> None:
    race(visit, at="looked at")
    assert subjects(mailbox) == [CANCELLED]
    assert ends() == {"reminder-1": ("stopped", "The visit was cancelled."), "cancellation": ("completed", "")}


def test_without_a_second_look_it_would_be(visit: Appointment, mailbox: Mailbox) -> None:
    """The negative control."""
    race(visit, at="looked at", guarded=False)
    assert subjects(mailbox) == [REMINDER, CANCELLED]


def test_cancelled_in_the_handing_over_both_are_told_in_this_order(visit: Appointment, mailbox: Mailbox) -> None:
    race(visit, at="handing over")
    assert subjects(mailbox) == [REMINDER, CANCELLED]
    assert ends() == {"reminder-1": ("completed", ""), "cancellation": ("completed", "")}

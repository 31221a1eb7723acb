"""Workers as processes, beside each other and killed, against a real PostgreSQL and a real mail server."""

import os
import subprocess
import sys
from datetime import datetime, timedelta
from urllib.parse import quote

import pytest
from django.db import connection
from pytest_django import Settings

from booking.reminders.delivery import LEASE, SENT_AGAIN, deliver_due
from booking.reminders.models import Communication
from booking.reminders.services import plan_booking_messages, queue_sign_in_mail
from tests.booking.reminders.visits import NOW, make_visit
from tests.simulators.mail.smtp import Mailbox

pytestmark = pytest.mark.django_db(transaction=True)


def worker(settings: Settings, how: str, now: datetime = NOW) -> subprocess.Popen[str]:
    database = connection.settings_dict
    address = f"postgresql://{database['USER']}@{quote(database['HOST'], safe='')}/{database['NAME']}"
    return subprocess.Popen(
        [sys.executable, "-m", "tests.booking.reminders.worker", str(settings.EMAIL_PORT), now.isoformat(), how],
        env=os.environ | {"TEST_DATABASE_URL": address, "DJANGO_SETTINGS_MODULE": "config.settings_test"},
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize(
    ("moment", "mails", "note"),
    [("before", 1, ""), ("during", 1, SENT_AGAIN), ("after", 2, SENT_AGAIN)],
    ids=["between claim and send", "while handing over", "after the server took it"],
)
def test_a_worker_killed(settings: Settings, mailbox: Mailbox, moment: str, mails: int, note: str) -> None:
    """Between claim and send the message goes out once. Where nobody can know, it goes out again as the same mail."""
    plan_booking_messages(appointment=make_visit(), manage_token="secret", now=NOW)
    process = worker(settings, moment)
    assert process.stdout is not None
    assert process.stdout.readline() == "here\n"
    process.kill()
    process.wait()
    assert deliver_due(now=NOW + timedelta(seconds=30)) == 0  # the dead one still holds it
    assert deliver_due(now=NOW + LEASE + timedelta(seconds=5)) == 1
    assert deliver_due(now=NOW + 3 * LEASE) == 0
    row = Communication.objects.get(kind="confirmation")
    assert (row.status, row.status_reason, row.attempts) == ("completed", note, 2)
    received = mailbox.store.messages()
    assert len(received) == mails
    assert {mail.content["Message-ID"] for mail in received} == {row.message_id}


def queue(number: int) -> None:
    make_visit()
    for one in range(number):
        queue_sign_in_mail(
            recipient=f"p{one}@example.test", language="en", template="sign-in-code", context={"code": "X"}, now=NOW
        )


def send_side_by_side(settings: Settings, how: str) -> None:
    workers = [worker(settings, how) for _ in range(3)]
    assert [process.wait(timeout=60) for process in workers] == [0, 0, 0]


def test_three_workers_side_by_side_send_each_message_once(settings: Settings, mailbox: Mailbox) -> None:
    queue(30)
    send_side_by_side(settings, "run")
    received = [mail.recipients[0] for mail in mailbox.store.messages()]
    assert sorted(received) == sorted(f"p{one}@example.test" for one in range(30))
    assert set(Communication.objects.values_list("status", "attempts")) == {("completed", 1)}


def test_without_lock_and_lease_they_would_not(settings: Settings, mailbox: Mailbox) -> None:
    """The negative control of the test above."""
    queue(10)
    send_side_by_side(settings, "unguarded")
    assert len(mailbox.store.messages()) > 10

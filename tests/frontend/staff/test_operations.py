"""The page about the machinery: clock, worker, messages, providers, the held switch."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.urls import reverse

from booking.models import Pulse, Standstill
from booking.reminders.models import Communication
from booking.reminders.services import plan_booking_messages
from booking.reminders.switch import hold_senders
from booking.services.standstills import note_pulse
from tests.frontend.staff.conftest import NOW, Desk

pytestmark = pytest.mark.django_db


def _text(desk: Desk, role: str = "owner") -> str:
    answer = desk.browsers[role].get(reverse("staff:operations"))
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", unescape(answer.content.decode()))).replace("\xa0", " ")


def test_all_is_well_where_nothing_stands_still(desk: Desk) -> None:
    for part in Pulse.Part:
        note_pulse(part=part, queued=3, now=NOW - timedelta(seconds=5))
    text = _text(desk, "manager")
    for words in ("All work goes on", "Clock (beat) last seen less than a minute ago", "Work waiting for a worker 3"):
        assert words in text


def test_what_stands_still_is_said_with_its_age(desk: Desk) -> None:
    note_pulse(part=Pulse.Part.BEAT, now=NOW - timedelta(hours=5))
    Standstill.objects.create(began_at=NOW - timedelta(hours=4), problems=["beat-silent"])
    plan_booking_messages(appointment=desk.visit, manage_token="token", now=NOW - timedelta(minutes=20))
    Communication.objects.filter(kind="confirmation").update(status_reason="The mail server can't be reached.")
    hold_senders(reason="A drill.", now=NOW)
    text = _text(desk)
    for words in (
        "Something stands still",
        "Clock (beat) last seen 5 hours ago",
        "Worker never seen yet",
        "Oldest message that is due due 20 minutes ago",
        "no message is sent and no money is moved. A drill.",
        "1 message, e-mail The oldest was due Monday 23 November, 7:40. The mail server can't be reached.",
        "The owner could not be mailed yet.",
    ):
        assert words in text

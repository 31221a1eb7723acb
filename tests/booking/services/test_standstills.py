"""Work that stands still: told to the owner once, past the outbox, and once more when it goes on."""

from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from pytest_django import Settings

from booking.models import Pulse, Standstill
from booking.reminders.switch import hold_senders
from booking.services.standstills import look_after_work, note_pulse
from intake.models import Role, User
from tests.factories.booking import NOW, make_clinic
from tests.factories.intake import make_user
from tests.simulators.sms import SmsSimulator

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
STOPPED = "Messages and other work have stopped"
GOES_ON = "Messages and other work go on"


@pytest.fixture(autouse=True)
def _clinic() -> None:
    make_clinic()
    make_user(Role.OWNER, email="olive@example.org")
    make_user(Role.MANAGER, email="dana@example.org")


def _told() -> list[tuple[str, list[str]]]:
    return [(one.subject, one.to) for one in mail.outbox]


def test_the_owner_is_told_once_when_it_stops_and_once_when_it_goes_on() -> None:
    note_pulse(part=Pulse.Part.BEAT, now=NOW)
    note_pulse(part=Pulse.Part.WORKER, queued=2, now=NOW)
    seen = [look_after_work(now=NOW + number * MINUTE) for number in (1, 4, 5, 60)]
    assert seen == [(), *[("beat-silent", "worker-silent")] * 3]
    assert _told() == [(STOPPED, ["olive@example.org"])]
    assert "- The clock that starts all work (beat) is silent.\n- No worker has done anything." in mail.outbox[0].body
    for part in Pulse.Part:
        note_pulse(part=part, now=NOW + 61 * MINUTE)
    for number in (62, 63):
        look_after_work(now=NOW + number * MINUTE)
    assert _told() == [(STOPPED, ["olive@example.org"]), (GOES_ON, ["olive@example.org"])]
    look_after_work(now=NOW + 90 * MINUTE)
    assert [subject for subject, _to in _told()] == [STOPPED, GOES_ON, STOPPED]


def test_what_could_not_be_told_is_told_when_the_mail_server_is_back(settings: Settings) -> None:
    note_pulse(part=Pulse.Part.BEAT, now=NOW)
    works = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    look_after_work(now=NOW + 4 * MINUTE)
    settings.EMAIL_BACKEND = works
    look_after_work(now=NOW + 4.5 * MINUTE)
    assert _told() == []  # whoever tried first still has its minute
    look_after_work(now=NOW + 5 * MINUTE)
    assert _told() == [(STOPPED, ["olive@example.org"])]


def test_where_the_mail_server_is_dead_too_a_text_tells_it_once(settings: Settings, phones: SmsSimulator) -> None:
    note_pulse(part=Pulse.Part.BEAT, now=NOW)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    settings.SITE_URL = "https://clinic.example"
    settings.ALERT_PHONE = ""
    look_after_work(now=NOW + 4 * MINUTE)
    assert phones.texts() == []
    settings.ALERT_PHONE = "+17805550199"
    for minutes in (5, 6, 7):
        look_after_work(now=NOW + minutes * MINUTE)
    told = [(one.recipient, one.body) for one in phones.texts()]
    assert told == [("+17805550199", f"{STOPPED}. https://clinic.example/settings/operations/")]


def test_without_an_owner_it_is_logged_and_told_as_soon_as_there_is_one(caplog: pytest.LogCaptureFixture) -> None:
    note_pulse(part=Pulse.Part.BEAT, now=NOW)
    User.objects.filter(role=Role.OWNER).update(is_active=False)
    look_after_work(now=NOW + 4 * MINUTE)
    assert "Work stands still and there is no owner to be told." in caplog.messages
    assert (Standstill.objects.get().beginning_told_at, _told()) == (None, [])
    User.objects.filter(role=Role.OWNER).update(is_active=True)
    look_after_work(now=NOW + 5 * MINUTE)
    assert _told() == [(STOPPED, ["olive@example.org"])]


def test_a_restored_copy_notes_it_and_writes_to_nobody() -> None:
    note_pulse(part=Pulse.Part.BEAT, now=NOW)
    hold_senders(reason="restored", now=NOW)
    look_after_work(now=NOW + 4 * MINUTE)
    assert (Standstill.objects.count(), _told()) == (1, [])


def test_readyz_says_what_stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    note_pulse(part=Pulse.Part.BEAT, now=NOW)
    answers = []
    for minutes in (1, 4):
        monkeypatch.setattr("frontend.health.now", lambda: NOW + minutes * MINUTE)  # noqa: B023 - read at once
        answer = Client().get("/readyz")
        answers.append((answer.status_code, answer.json()))
    signs = {"oldest_due_seconds": None, "worker_seen_seconds": None, "senders_held": False}
    assert answers == [
        (200, {"status": "ok", "reasons": [], "beat_seen_seconds": 60, **signs}),
        (503, {"status": "unavailable", "reasons": ["beat-silent"], "beat_seen_seconds": 240, **signs}),
    ]

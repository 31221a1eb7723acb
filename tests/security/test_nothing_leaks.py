"""What somebody wrote about their health is in clear nowhere: not at rest, not in flight, not in a log."""

import base64
import json
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote_plus

import pytest
import redis
from celery import Celery
from django.db import connection
from django.test import Client
from pytest_django import Settings

from booking.models import Appointment
from booking.reminders.delivery import deliver_due
from booking.services.checkout import carry_out_wanted, handle_events, reconcile, settle
from booking.services.errands import ask_for_call_back
from booking.services.resume_links import mail_resume_link
from booking.services.reviews import decide_request
from config import celery
from intake import clock
from tests.factories import intake as people
from tests.factories.booking import Clinic, at
from tests.security.house import ANSWER, NOTE, REASON
from tests.simulators.mail.client import MailCatcher
from tests.simulators.stripe import StripeSimulator, pay

DETAILS = {
    "given_name": "Ada",
    "family_name": "Berg",
    "birth_date": "1986-04-03",
    "email": "ada@example.com",
    "phone": "",
    "language": "en",
}
# Free text of the patient, what fired because of it, and what the therapist thought of it.
SECRETS = (ANSWER, REASON, NOTE, "joint_replacement", "canary-condition", "canary-caller", "canary-for-whom")
Steps = list[tuple[str, str]]


class Talk:
    """A program that books, and every address that was asked."""

    def __init__(self) -> None:
        self.client, self.addresses = Client(), Steps()

    def post(self, path: str, body: object, token: str = "") -> Any:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = self.client.post(f"/api/v1/{path}", json.dumps(body), content_type="application/json", headers=headers)
        self.addresses.append((path, str(answer.headers)))
        assert answer.status_code < 300, answer.content
        return answer.json()


@pytest.fixture
def sent(stripe_simulator: StripeSimulator, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every request to Stripe, whole."""
    requests: list[str] = []
    answer = stripe_simulator.api.answer

    def listen(request: Any) -> Any:
        requests.append(f"{request.method} {request.path} {request.query} {request.body} {request.headers}")
        return answer(request)

    monkeypatch.setattr(stripe_simulator.api, "answer", listen)
    return requests


@pytest.fixture
def told(
    clinic: Clinic,
    sent: list[str],
    mail_catcher: MailCatcher,
    set_clock: Callable[[datetime], None],
    caplog: pytest.LogCaptureFixture,
) -> Talk:
    """A booking from the answers to the day before it: paid, looked at by the therapist, told about, cancelled."""
    caplog.set_level(logging.DEBUG)
    talk = Talk()
    line = people.line_with(
        {"joint_replacement": "yes"},
        {"joint_replacement": {"same_area": "yes", "lt12m": "no", "where": ANSWER}},
    )
    token = talk.post("screenings/", line)["token"]
    wish = {"service": clinic.needling.slug, "practitioner": str(clinic.anna.pk), "start": at(10, days=3).isoformat()}
    hold = talk.post("holds/", wish | {"screening": token})
    said = {"hold": hold["id"], "token": hold["token"], "patient": DETAILS}
    booking = talk.post("appointments/", said | {"policies_accepted": True, "payment": "online"})
    pay(booking["checkout_url"])
    visit = Appointment.objects.get()
    settle(payment=visit.payments.get(), now=at(9, days=0))
    decide_request(
        appointment=visit, decision="approved", reason=REASON, conditions="canary-condition", by=clinic.anna.user,
        now=at(9, days=0),
    )  # fmt: skip
    ask_for_call_back(
        contact={"name": "canary-caller", "phone": "+17805550123", "best_time": "canary-caller"},
        location=clinic.location, session_hash="browser", address="192.0.2.1", now=at(9, days=0),
    )  # fmt: skip
    form = people.make_response(now=at(9, days=0), session_hash="browser")
    mail_resume_link(
        response=form, person={"birth_date": "canary-for-whom"}, recipient="later@example.com", address="192.0.2.1",
        now=at(9, days=0),
    )  # fmt: skip
    for hours in range(0, 72, 12):
        set_clock(at(9, days=0) + timedelta(hours=hours))
        _sweep()
    reconcile(now=clock.now())
    talk.post(f"appointments/{visit.pk}/cancel/", {"reason": NOTE}, token=booking["manage_token"])
    _sweep()
    visit.refresh_from_db()
    assert (visit.status, visit.note) == ("cancelled", NOTE)
    return talk


def _sweep() -> None:
    carry_out_wanted(now=clock.now())
    handle_events(now=clock.now())
    deliver_due(now=clock.now())


def disguises(word: str) -> list[str]:
    """The word as it may stand in a dump: plain, as PostgreSQL prints bytes, in base64 (without its edges)."""
    raw = word.encode()
    encoded = [base64.b64encode(b"x" * shift + raw).decode()[4:-4] for shift in range(3)]
    return [word, raw.hex(), *(one for one in encoded if len(one) > 6)]


def require_absent(text: str, where: str) -> None:
    for word in SECRETS:
        assert [one for one in disguises(word) if one in text] == [], f"{word} stands in {where}"


def test_answers_are_in_clear_in_no_table_mail_payment_log_or_address(
    told: Talk, sent: list[str], mail_catcher: MailCatcher, caplog: pytest.LogCaptureFixture
) -> None:
    with connection.cursor() as cursor:
        tables = sorted(connection.introspection.table_names(cursor))
        for table in tables:
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            rows = "\n".join(row[0] for row in cursor.fetchall())
            if table == "intake_questionnaire":  # the questions themselves name what they ask for
                rows = rows.replace("joint_replacement", "").replace(b"joint_replacement".hex(), "")
            require_absent(rows, table)
    assert len(tables) > 20
    mails = mail_catcher.messages(to="ada@example.com")
    assert len(mails) >= 3
    require_absent(json.dumps(mail_catcher.messages()), "the mails")
    assert any("checkout/sessions" in one for one in sent)
    require_absent("\n".join(sent), "what Stripe is told")
    require_absent(caplog.text, "the log")
    require_absent(str(told.addresses), "an address or a header")


def test_what_stripe_and_the_mails_say_names_no_kind_of_treatment(
    told: Talk, sent: list[str], mail_catcher: MailCatcher, clinic: Clinic
) -> None:
    to_stripe = unquote_plus("\n".join(sent)).lower()
    read = json.dumps(mail_catcher.messages(to="ada@example.com")).lower()
    for word in ("needl", "screening", clinic.needling.name.lower()):
        assert (word in to_stripe, word in read) == (False, False), word


def test_what_waits_at_the_broker_says_which_sweep_and_nothing_else(valkey_url: str, settings: Settings) -> None:
    schedule = celery.app.conf.beat_schedule.values()
    sender = Celery("sender", broker=valkey_url)
    for entry in schedule:
        assert set(entry) <= {"task", "schedule", "options"}
        sender.send_task(entry["task"], **entry["options"])
    broker = redis.Redis(unix_socket_path=valkey_url.partition("://")[2].partition("?")[0])
    waiting = [json.loads(one) for one in broker.lrange("celery", 0, -1)]
    bodies = [json.loads(base64.b64decode(one["body"])) for one in waiting]
    assert len(bodies) == len(schedule)
    assert all(body[:2] == [[], {}] for body in bodies)
    broker.delete("celery")

"""Fifty programs and browsers want one time of a real web server at once: one gets it, the rest other offers."""

import json
import os
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from threading import Barrier
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from django.db import connection

from booking.models import Appointment
from booking.models.appointment import OCCUPYING
from config.local import ports, programs
from config.local.processes import Processes
from intake.models import Patient
from tests.booking.api.calls import ADA
from tests.factories.booking import NOW, Clinic, at, make_clinic
from tests.factories.intake import clear_line, make_questionnaire

CLIENTS = 50
FORM = "application/x-www-form-urlencoded"
Client = Callable[[], str]


@dataclass(frozen=True)
class Answer:
    status: int
    body: str
    cookies: dict[str, str]


class Web:
    """Gunicorn on the test's database, two workers of four threads."""

    def __init__(self, port: int) -> None:
        self.port = port

    def ask(self, method: str, path: str, body: str = "", **headers: str) -> Answer:
        """One request over a connection of its own."""
        wire = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            wire.request(method, path, body.encode(), headers)
            answer = wire.getresponse()
            set_cookies = [line.partition(";")[0].partition("=") for line in answer.msg.get_all("Set-Cookie") or ()]
            return Answer(answer.status, answer.read().decode(), {name: value for name, _, value in set_cookies})
        finally:
            wire.close()

    def post(self, path: str, body: Any, **headers: str) -> tuple[int, Any]:
        """A program sends JSON."""
        headers |= {"Content-Type": "application/json"}
        answer = self.ask("POST", f"/api/v1/{path}", json.dumps(body), **headers)
        return answer.status, json.loads(answer.body)


@pytest.fixture
def clinic(transactional_db: None) -> Clinic:
    make_questionnaire()
    return make_clinic()


@pytest.fixture
def start_web(clinic: Clinic, tmp_path: Path, database_url: str, clock_file: Path) -> Iterator[Callable[[str], Web]]:
    clock_file.write_text(str((NOW - datetime.now(UTC)).total_seconds()))
    processes = Processes(folder=tmp_path)

    def start(application: str) -> Web:
        port = ports.free_near(random.randrange(40_000, 49_000), taken=set())
        database = urlsplit(database_url)._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
        environment = os.environ | {
            "TEST_DATABASE_URL": database,
            "DRYPOINT_CLOCK_FILE": str(clock_file),
            "DJANGO_SETTINGS_MODULE": "config.settings_test",
        }
        program = programs.web(environment, port=port)
        argv = [application if word == "config.wsgi" else word for word in program.argv]
        processes.start(replace(program, argv=argv, environment=environment))
        return Web(port)

    yield start
    processes.stop_all()


@pytest.fixture
def _unguarded(clinic: Clinic) -> Iterator[None]:
    """Without the constraints on therapist and room, for the negative control."""
    names = ("appointment_no_practitioner_overlap", "appointment_no_room_overlap")
    constraints = [one for one in Appointment._meta.constraints if one.name in names]
    with connection.schema_editor() as editor:
        for one in constraints:
            editor.remove_constraint(Appointment, one)
    yield
    Appointment.objects.all().delete()
    with connection.schema_editor() as editor:
        for one in constraints:
            editor.add_constraint(Appointment, one)


def race(clients: list[Client]) -> Counter[str]:
    """All at the same moment; how often each outcome came."""
    start = Barrier(len(clients))

    def run(client: Client) -> str:
        start.wait(timeout=60)
        return client()

    with ThreadPoolExecutor(len(clients)) as pool:
        return Counter(pool.map(run, clients))


def programs_that_book(web: Web, clinic: Clinic, service: Any, count: int, won: list[Any]) -> list[Client]:
    """Each with answers of its own; what came of it is the status and the code, and how many other times were named."""
    line = clear_line()
    with ThreadPoolExecutor(8) as pool:
        screenings = list(pool.map(lambda _number: web.post("screenings/", line), range(count)))
    assert {status for status, _ in screenings} == {201}

    def client(token: str) -> Client:
        wish = {"service": service.slug, "practitioner": str(clinic.anna.pk), "start": at(10).isoformat()}

        def hold() -> str:
            status, body = web.post("holds/", wish | {"screening": token})
            if status == 201:
                won.append(body)
                return "won"
            return f"{status} {body.get('code')} with {len(body.get('alternatives', ()))} others"

        return hold

    return [client(screening["token"]) for _, screening in screenings]


def browsers_that_book(web: Web, clinic: Clinic, service: Any, count: int) -> list[Client]:
    """Each has the page of times open and taps the same time; what came of it is where the page led."""

    def open_page(_number: int) -> Client:
        page = web.ask("GET", f"/book/times/?service={service.slug}")
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.body))
        said = hidden | {"time": at(10).isoformat(), "practitioner": str(clinic.anna.pk)}
        headers = {"Content-Type": FORM, "Cookie": "; ".join(f"{name}={value}" for name, value in page.cookies.items())}

        def tap() -> str:
            answer = web.ask("POST", "/book/times/", urlencode(said), **headers)
            if answer.status == 302:
                return "won"
            return f"{answer.status} with a page of times" if "request_key" in answer.body else str(answer.status)

        return tap

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(open_page, range(count)))


def occupying() -> int:
    return Appointment.objects.filter(OCCUPYING, practitioner__name="Anna", start=at(10)).count()


def test_fifty_programs_want_one_time(clinic: Clinic, start_web: Callable[[str], Web]) -> None:
    web, won = start_web("config.wsgi"), []
    outcomes = race(programs_that_book(web, clinic, clinic.needling, CLIENTS, won))
    assert outcomes == {"won": 1, "409 slot-taken with 3 others": CLIENTS - 1}
    assert occupying() == 1
    said = {
        "hold": won[0]["id"],
        "token": won[0]["token"],
        "patient": ADA,
        "policies_accepted": True,
        "payment": "desk",
    }
    assert [web.post("appointments/", said)[0] for _ in range(2)] == [201, 201]
    assert [(str(row.pk), row.status) for row in Appointment.objects.all()] == [(won[0]["id"], "booked")]


def test_programs_and_browsers_want_one_time(clinic: Clinic, start_web: Callable[[str], Web]) -> None:
    web = start_web("config.wsgi")
    programs_ = programs_that_book(web, clinic, clinic.call, CLIENTS // 2, [])
    browsers = browsers_that_book(web, clinic, clinic.call, CLIENTS // 2)
    outcomes = race([one for pair in zip(programs_, browsers, strict=True) for one in pair])
    assert outcomes.pop("won") == 1
    assert set(outcomes) == {"409 slot-taken with 3 others", "409 with a page of times"}
    assert (outcomes.total(), occupying()) == (CLIENTS - 1, 1)


def test_one_request_sent_twenty_times_at_once_is_one_hold_and_one_booking(
    clinic: Clinic, start_web: Callable[[str], Web]
) -> None:
    web, answers = start_web("config.wsgi"), []

    def again(path: str, body: Any, **headers: str) -> list[Client]:
        def send() -> str:
            status, answer = web.post(path, body, **headers)
            answers.append(answer)
            return str(status)

        return [send] * 20

    _, screening = web.post("screenings/", clear_line())
    wish = {"service": clinic.needling.slug, "practitioner": None, "start": at(10).isoformat()}
    held = race(again("holds/", wish | {"screening": screening["token"]}, **{"Idempotency-Key": "k"}))
    hold = answers[0]
    assert (held, answers) == ({"201": 20}, [hold] * 20)
    answers.clear()
    said = {"hold": hold["id"], "token": hold["token"], "patient": ADA, "policies_accepted": True, "payment": "desk"}
    booked = race(again("appointments/", said))
    assert (booked, answers) == ({"201": 20}, [answers[0]] * 20)
    assert (Appointment.objects.count(), Patient.objects.count()) == (1, 1)


@pytest.mark.usefixtures("_unguarded")
def test_without_lock_and_constraint_the_same_race_books_twice(clinic: Clinic, start_web: Callable[[str], Web]) -> None:
    """The negative control: were this to have one winner, the races above would prove nothing."""
    web = start_web("tests.races.unguarded_wsgi")
    outcomes = race(programs_that_book(web, clinic, clinic.needling, CLIENTS, []))
    assert outcomes["won"] == occupying() > 1

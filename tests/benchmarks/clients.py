"""Clients of the clinic's database, each a process with one connection, who book or insert at the same moment.

Run in a program of its own on an empty database (`main` after `django.setup()`), it prints what it measured as JSON.
"""

import json
import multiprocessing
import os
import sys
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from itertools import islice, product
from time import perf_counter
from typing import Any
from uuid import UUID, uuid4

from django.db import connection, connections
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.test.utils import CaptureQueriesContext

from booking.models import Appointment, Room
from booking.services.appointments import confirm_details
from booking.services.holds import Held, hold_time
from intake.errors import DrypointError
from intake.models import Screening
from intake.services.patients import PatientDetails
from intake.services.responses import screen_line
from tests.factories.booking import NOW, at, make_hours, make_location, make_practitioner, make_service
from tests.factories.intake import clear_line, make_patient, make_questionnaire

Deed = Callable[[], str]
THERAPISTS, ROUNDS, OTHERS = 10, 3, 200
BOOKINGS = {1: 20, 8: 4, 32: 2}  # clients: how many each of them makes in a round
INSERTS = {1: 100, 8: 25, 32: 10}
YEARS = timedelta(days=3640)  # where the inserted rows lie, out of the way of the visits


@dataclass
class Round:
    """What one round of one crowd came to: seconds from the first beginning to the last end, and those of each deed."""

    seconds: float
    each: list[float] = field(default_factory=list)
    outcomes: dict[str, int] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        return len(self.each) / self.seconds


@dataclass(frozen=True)
class Place:
    """A therapist's time, and the room and patient that a bare row there would name."""

    practitioner: UUID
    start: datetime
    room: UUID
    patient: UUID


class Clinic:
    """Ten therapists and ten rooms, follow-up visits of 30 minutes with a buffer of 15, and all their times in turn."""

    def __init__(self) -> None:
        location = make_location(days_ahead=365)
        people = [make_practitioner(f"Therapist {number}") for number in range(THERAPISTS)]
        for one in people:
            make_hours(one, location)
        rooms = [
            Room.objects.create(location=location, name=f"Room {number}", kinds=["treatment"])
            for number in range(THERAPISTS)
        ]
        patients = [make_patient(email=f"known{number}@example.org") for number in range(THERAPISTS)]
        self._answers = clear_line(make_questionnaire())
        self.service = make_service(people, minutes=30, buffer_after=15)
        self.people = {one.pk: one for one in people}
        weekdays = [day for day in range(7, 360) if day % 7 < 5]
        times = (at(9, 45 * number, days=day) for day, number in product(weekdays, range(10)))
        self._places = (
            Place(one.pk, start, room.pk, patient.pk)
            for start in times
            for one, room, patient in zip(people, rooms, patients, strict=True)
        )

    def screening(self) -> Screening:
        """The answers of somebody healthy, given in a browser of their own."""
        return screen_line(line=self._answers, session_hash=uuid4().hex, language="en", now=NOW).screening

    def next_places(self, number: int) -> list[Place]:
        """Times that nobody has had yet; neighbours are of different therapists."""
        return list(islice(self._places, number))


def hold(clinic: Clinic, place: Place, screening: Screening, now: datetime = NOW) -> Held:
    """What the patient pages do when somebody picks a time; each from an address range of their own."""
    return hold_time(
        screening=screening,
        service=clinic.service,
        practitioner=clinic.people[place.practitioner],
        start=place.start,
        request_key=uuid4(),
        held_by=str(uuid4()),
        source="patient",
        address=f"2001:db8:{os.getpid() % 0x10000:x}::1",
        now=now,
    )


def book(clinic: Clinic, place: Place, screening: Screening) -> str:
    """... and when they say who they are: a new patient who answered the questions and pays at the desk."""
    held = hold(clinic, place, screening)
    confirm_details(
        appointment=held.appointment,
        patient=PatientDetails("Ada", "Berg", date(1986, 4, 3), f"{uuid4().hex}@example.org", "+14035550123"),
        payment="desk",
        policies_accepted=True,
        now=NOW,
    )
    return "done"


def inserted(pattern: Appointment, place: Place, *, or_nothing: bool = False) -> Deed:
    """One bare row with every column, constraint and index of a booked visit, in a transaction of its own."""
    start = place.start + YEARS
    span = {"start": start, "end": start + timedelta(minutes=30)}
    where = {"practitioner_id": place.practitioner, "room_id": place.room, "patient_id": place.patient}
    fields = Appointment._meta.concrete_fields
    values = {one.attname: getattr(pattern, one.attname) for one in fields if one.attname != "note"}
    values |= {**where, **span, "id": uuid4(), "request_key": uuid4(), "screening_id": None}
    row = Appointment(**values | {"occupied": DateTimeTZRange(start, start + timedelta(minutes=45), "[)")})
    names = ", ".join(connection.ops.quote_name(one.column) for one in fields)
    order = f"INSERT INTO booking_appointment ({names}) VALUES ({', '.join(['%s'] * len(fields))})"
    order += " ON CONFLICT DO NOTHING" if or_nothing else ""
    params = [one.get_db_prep_save(getattr(row, one.attname), connection) for one in fields]

    def deed() -> str:
        connection.ensure_connection()
        return "done" if connection.connection.execute(order, params).rowcount else "slot-taken"

    return deed


def at_once(clients: int, rounds: Callable[[int], Iterator[Sequence[Deed]]]) -> list[Round]:
    """Let so many processes each do their deeds of a round, all beginning together; then the next round.

    `rounds` prepares the deeds of a client, in its process, before the first round begins.
    """
    crowd = multiprocessing.get_context("fork")  # quick, and Django is there already
    start, results = crowd.Barrier(clients), crowd.Queue()
    connections.close_all()
    processes = [
        crowd.Process(target=_client, args=(number, rounds, start, results), daemon=True) for number in range(clients)
    ]
    for process in processes:
        process.start()
    done = [results.get(timeout=120) for _ in processes]
    for process in processes:
        process.join()
    return [_together(parts) for parts in zip(*done, strict=True)]


def _client(number: int, rounds: Callable[[int], Iterator[Sequence[Deed]]], start: Any, results: Any) -> None:
    connections.close_all()
    prepared = list(rounds(number))
    connection.ensure_connection()
    parts = []
    for deeds in prepared:
        start.wait(timeout=120)
        parts.append([_measured(deed) for deed in deeds])
    results.put(parts)
    connections.close_all()


def _measured(deed: Deed) -> tuple[float, float, str]:
    began = perf_counter()
    try:
        outcome = deed()
    except DrypointError as error:
        outcome = error.code
    except Exception as error:  # noqa: BLE001 - whatever went wrong must be reported
        traceback.print_exc()
        outcome = f"crash: {type(error).__name__}"
    return began, perf_counter(), outcome


def _together(parts: Sequence[Sequence[tuple[float, float, str]]]) -> Round:
    deeds = [deed for part in parts for deed in part]
    seconds = max(ended for _, ended, _ in deeds) - min(began for began, _, _ in deeds)
    return Round(seconds, [ended - began for began, ended, _ in deeds], dict(Counter(outcome for *_, outcome in deeds)))


def on_distinct_times(clinic: Clinic, pattern: Appointment, clients: int) -> dict[str, list[Round]]:
    """Rounds of inserts and of bookings in turn."""
    inserts, bookings = clients * INSERTS[clients], clients * BOOKINGS[clients]
    places = [(clinic.next_places(inserts), clinic.next_places(bookings)) for _ in range(ROUNDS)]

    def rounds(number: int) -> Iterator[Sequence[Deed]]:
        for bare, wanted in places:
            yield [inserted(pattern, place) for place in bare[number::clients]]
            yield [_booked(clinic, place) for place in wanted[number::clients]]

    done = at_once(clients, rounds)
    return {"bare": done[::2], "service": done[1::2]}


def _booked(clinic: Clinic, place: Place) -> Deed:
    screening = clinic.screening()
    return lambda: book(clinic, place, screening)


def on_one_time(clinic: Clinic, pattern: Appointment) -> dict[str, list[Round]]:
    """All want the same: bare rows and holds in turn, on a new time each round, after the holds before have run out."""
    places = clinic.next_places(ROUNDS)

    def rounds(_: int) -> Iterator[Sequence[Deed]]:
        screening = clinic.screening()
        for number, place in enumerate(places):
            yield [inserted(pattern, place, or_nothing=True)]
            yield [_held(clinic, place, screening, NOW + number * timedelta(minutes=11))]

    done = at_once(OTHERS, rounds)
    return {"bare": done[::2], "service": done[1::2]}


def _held(clinic: Clinic, place: Place, screening: Screening, now: datetime) -> Deed:
    def deed() -> str:
        hold(clinic, place, screening, now)
        return "done"

    return deed


def main() -> None:
    clinic = Clinic()
    book(clinic, clinic.next_places(1)[0], clinic.screening())
    pattern = Appointment.objects.get()
    with CaptureQueriesContext(connection) as queries:
        book(clinic, clinic.next_places(1)[0], clinic.screening())
    measured: dict[str, Any] = {
        "queries": len(queries),
        "distinct": {clients: on_distinct_times(clinic, pattern, clients) for clients in BOOKINGS},
        "one": on_one_time(clinic, pattern),
    }
    json.dump(measured, sys.stdout, default=asdict)

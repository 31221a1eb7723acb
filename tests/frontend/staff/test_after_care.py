"""After visits at the staff's side: who has it, what was said, who is on duty, complaints and records that are kept."""

from typing import Any
from uuid import uuid4

import pytest

from booking.models import Appointment, Incident, OnCallTurn
from booking.services.after_care import HowItIs, answer_after_visit
from booking.services.incidents import Logged, log_incident
from intake.models import AuditEvent, Patient
from intake.services.outcomes import Scores, record_outcome
from tests.factories.booking import NOW, at
from tests.frontend.staff.conftest import Desk


@pytest.fixture
def visit(desk: Desk) -> Appointment:
    return desk.make_visit(at(10, days=-1), status="fulfilled", finished_at=at(11, days=-1))


def text_of(desk: Desk, path: str, role: str = "therapist") -> str:
    return desk.browsers[role].get(path).content.decode()


def say(visit: Appointment, *signs: str, words: str = "") -> None:
    answer_after_visit(appointment=visit, said=HowItIs("worse", signs, words), now=NOW)


def turn(desk: Desk, role: str) -> None:
    OnCallTurn.objects.create(
        location=desk.clinic.location,
        user=desk.users[role],
        weekdays=list(range(7)),
        start_time="00:00",
        end_time="00:00",
    )


TURN = {"what": "turn", "weekdays": ["0"], "start_time": "18:00", "end_time": "09:00", "rank": "1"}
INCIDENT = {
    "kind": "complaint", "severity": "significant", "date": "2026-11-22", "time": "11:00", "words": "Canary words",
    "reply_due_date": "2026-12-01",
}  # fmt: skip


def test_who_is_on_duty_says_i_have_it_and_then_reads_what_was_said(desk: Desk, visit: Appointment) -> None:
    turn(desk, "colleague")
    say(visit, "breath", words="It began at night")
    address = f"/visits/{visit.pk}/after/"
    assert desk.browsers["colleague"].get(address).status_code == 404
    page = text_of(desk, "/tasks/", "colleague")
    assert "Call at once: a patient asks for help after a visit" in page
    assert "I have it" in page
    assert "It began at night" not in page
    task = visit.tasks.get()
    assert desk.browsers["colleague"].post(f"/tasks/{task.pk}/", {"step": "take"}).status_code == 303
    page = text_of(desk, address, "colleague")
    for words in (
        "It began at night",
        "Short of breath",
        "Ben had it, Monday 23 November, 8:00",
        "told to get help at once",
    ):
        assert words in page
    assert AuditEvent.objects.filter(agent=desk.users["colleague"], action="read", entity_id=visit.pk).count() == 1


def test_a_manager_reads_it_with_a_reason_and_reception_never(desk: Desk, visit: Appointment) -> None:
    say(visit, words="It began at night")
    address, manager = f"/visits/{visit.pk}/after/", desk.browsers["manager"]
    assert "It began at night" not in text_of(desk, address, "manager")
    assert manager.post(address, {"reason": " "}).status_code == 422
    assert "It began at night" in manager.post(address, {"reason": "She called."}).content.decode()
    assert AuditEvent.objects.filter(action="break-glass", reason="She called.").count() == 1
    assert desk.browsers["reception"].get(address).status_code == 403
    assert "What the patient said" not in text_of(desk, "/tasks/", "reception")


def test_before_the_next_visit_the_therapist_reads_what_was_said_after_the_last(desk: Desk, visit: Appointment) -> None:
    assert "How they are" not in text_of(desk, f"/visits/{desk.visit.pk}/")
    say(visit, words="It began at night")
    record_outcome(patient=desk.patient, scores=Scores(6, activities={"Climb stairs": 3}), focus_id=None, now=NOW)
    address = f"/visits/{desk.visit.pk}/after/"
    assert address in text_of(desk, f"/visits/{desk.visit.pk}/")
    page = text_of(desk, address)
    for words in ("It began at night", "visit of Sunday 22 November", "Climb stairs: 3"):
        assert words in page


def test_turns_are_added_seen_and_taken_out(desk: Desk) -> None:
    manager = desk.browsers["manager"]
    assert "Nobody is on duty now" in text_of(desk, "/settings/after-care/", "owner")
    said = TURN | {"user": desk.users["therapist"].pk, "weekdays": ["0", "6"]}
    assert manager.post("/settings/after-care/", said).status_code == 303
    page = text_of(desk, "/settings/after-care/", "owner")
    assert "On duty now: Anna" in page
    assert "18:00–09:00 (next day)" in page
    manager.post(f"/settings/after-care/{OnCallTurn.objects.get().pk}/")
    assert OnCallTurn.objects.count() == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"weekdays": []},
        {"weekdays": ["9"]},
        {"start_time": "25:00"},
        {"rank": "0"},
        {"user": "00000000-0000-0000-0000-000000000000"},
        {"user": "x"},
        {"end_time": ""},
    ],
    ids=str,
)
def test_a_turn_that_makes_no_sense_is_refused(desk: Desk, wrong: dict[str, Any]) -> None:
    said = TURN | {"user": desk.users["therapist"].pk, "weekdays": ["0"]}
    assert desk.browsers["manager"].post("/settings/after-care/", said | wrong).status_code == 422
    assert OnCallTurn.objects.count() == 0


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"heat": "good", "ice": "avoid", "no_flying_hours": "48", "answer_minutes": "10"}, 303),
        ({"heat": "hot", "answer_minutes": "10"}, 422),
        ({"no_flying_hours": "9999999999999999999999", "answer_minutes": "10"}, 422),
        ({"answer_minutes": "4"}, 422),
        ({"answer_minutes": "NaN"}, 422),
        ({}, 422),
    ],
)
def test_what_the_notes_say_is_set_or_refused(desk: Desk, said: dict[str, str], status: int) -> None:
    assert desk.browsers["owner"].post("/settings/after-care/", said).status_code == status


def test_a_complaint_goes_from_the_visit_to_its_end(desk: Desk, visit: Appointment) -> None:
    reception, manager = desk.browsers["reception"], desk.browsers["manager"]
    assert f"/visits/{visit.pk}/incident/" in text_of(desk, f"/visits/{visit.pk}/", "reception")
    logged = reception.post(f"/visits/{visit.pk}/incident/", INCIDENT | {"request_key": uuid4()})
    made = Incident.objects.get()
    assert logged["Location"] == f"/incidents/{made.pk}/"
    assert "Canary words" in text_of(desk, logged["Location"], "reception")
    assert "2026-12-01" in text_of(desk, "/incidents/", "manager")
    address = f"/incidents/{made.pk}/"
    assert reception.post(address, {"step": "close", "words": "Done."}).status_code == 403
    assert manager.post(address, {"step": "close", "words": " "}).status_code == 422
    changed = {"step": "change", "severity": "serious", "reply_due_date": "2026-11-23", "words": "Worse."}
    assert manager.post(address, changed).status_code == 303
    assert "1 answer to a complaint or incident is due" in text_of(desk, "/tasks/", "manager")
    assert manager.post(address, {"step": "close", "words": "We have talked."}).status_code == 303
    assert manager.post(address, {"step": "close", "words": "Again."}).status_code == 409
    page = text_of(desk, address, "manager")
    for words in ("Canary words", "Worse.", "We have talked.", "Dana"):
        assert words in page
    assert desk.browsers["colleague"].get(address).status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "murmur"},
        {"severity": ""},
        {"date": "9999-12-31"},
        {"date": "2026-13-01"},
        {"time": "24:61"},
        {"words": "\0"},
        {"words": ""},
        {"reply_due_date": "1999-01-01"},
        {"request_key": "x"},
    ],
    ids=str,
)
def test_bad_input_is_refused_in_words_and_nothing_is_logged(
    desk: Desk, visit: Appointment, wrong: dict[str, str]
) -> None:
    said = INCIDENT | {"request_key": str(uuid4())} | wrong
    response = desk.browsers["reception"].post(f"/visits/{visit.pk}/incident/", said)
    assert response.status_code == 422
    assert Incident.objects.count() == 0


def test_rates_of_therapists_are_for_managers(desk: Desk, visit: Appointment) -> None:
    said = Logged("incident", "mild", at(11, days=-1), "Words")
    log_incident(appointment=visit, said=said, request_key=uuid4(), by=desk.users["manager"], now=NOW)
    pages = {role: text_of(desk, "/incidents/register/", role) for role in ("manager", "therapist", "reception")}
    assert ["1000.0 in 1,000" in page for page in pages.values()] == [True] * 3
    assert [">Anna</th>" in page for page in pages.values()] == [True, False, False]
    wrong = desk.browsers["manager"].get("/incidents/register/?from_date=2026-12-01&to_date=2026-11-01")
    assert wrong.status_code == 422
    assert desk.browsers["manager"].get("/incidents/register/?from_date=x").status_code == 422


def test_a_manager_keeps_a_record_and_lets_it_go(desk: Desk) -> None:
    manager, address = desk.browsers["manager"], f"/patients/{desk.patient.pk}/hold/"
    assert address in text_of(desk, f"/patients/{desk.patient.pk}/", "manager")
    assert manager.post(address, {"why": ""}).status_code == 422
    assert manager.post(address, {"why": "A claim."}).status_code == 303
    assert Patient.objects.get(pk=desk.patient.pk).kept_on_hold is True
    assert "A claim." in text_of(desk, address, "manager")
    assert manager.post(address, {"why": "Settled.", "lift": "1"}).status_code == 303
    assert manager.post(address, {"why": "Settled.", "lift": "1"}).status_code == 403
    assert Patient.objects.get(pk=desk.patient.pk).kept_on_hold is False
    for role in ("reception", "therapist", "owner"):
        assert desk.browsers[role].get(address).status_code == 403

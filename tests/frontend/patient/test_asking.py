"""A request from its patient's side: until when, a question, a choice, and what there is instead."""

from datetime import timedelta

import pytest
from django.test import Client

from booking.models import Appointment
from booking.services.review_talks import ask_patient
from booking.services.reviews import decide_request, lapse_requests
from intake.models import AuditEvent
from tests.factories import intake as people
from tests.factories.booking import NOW, Clinic, at
from tests.frontend.patient.conftest import set_now
from tests.frontend.patient.person import DETAILS, Person, text_of


@pytest.fixture
def asking(clinic: Clinic) -> Person:
    """Somebody whose request for Thursday at 10 waits for Anna until Wednesday at noon."""
    person = Person(Client(), clinic)
    person.post("/check/", kind="manual")
    session = person.client.session
    session["check.screening"] = people.make_screening(people.review_line(), now=NOW).token
    session.save()
    person.pick(at(10, days=3))
    person.post("/book/details/", **DETAILS)
    person.post("/book/agree/", payment="desk", agree="on")
    return person


def visit_of() -> Appointment:
    return Appointment.objects.get(awaiting="review")


def test_the_page_says_until_when(asking: Person) -> None:
    page = text_of(asking.get("/visit/"))
    assert "You have asked for this time" in page
    assert "You hear from us by <strong>" in page
    assert "12:00</strong>" in page


def test_the_choice_is_offered_and_can_be_taken_back(asking: Person) -> None:
    said = []
    for accepts in ("yes", "no"):
        asking.post("/visit/assessment/", accepts=accepts)
        said.append(visit_of().accepts_assessment)
    assert said == [True, False]
    assert "Keep it as an assessment" in text_of(asking.get("/visit/"))


def test_a_question_is_read_and_answered_on_its_own_page(asking: Person, clinic: Clinic) -> None:
    ask_patient(appointment=visit_of(), question="Which tablets?", by=clinic.anna.user, now=NOW)
    assert "Which tablets?" not in text_of(asking.get("/visit/"))
    assert "Your therapist has a question" in text_of(asking.get("/visit/"))
    assert "Which tablets?" in text_of(asking.get("/visit/question/"))
    assert asking.post("/visit/question/", text=" ").status_code == 422
    assert asking.post("/visit/question/", text="White ones").status_code == 302
    assert "White ones" in text_of(asking.get("/visit/question/"))
    assert "Your therapist has a question" not in text_of(asking.get("/visit/"))
    assert AuditEvent.objects.filter(action="read", agent_role="patient").exists()


def test_a_no_says_what_there_is_instead(asking: Person, clinic: Clinic) -> None:
    decide_request(
        appointment=visit_of(), decision="declined", reason="CANARY", offered=["call", "without-needles"],
        by=clinic.anna.user, now=NOW,
    )  # fmt: skip
    page = text_of(asking.get("/visit/"))
    assert "What we offer instead" in page
    assert "A call: please ring us on" in page
    assert "A visit without needles" in page
    assert "Nothing is charged for it." in page
    assert "CANARY" not in page


def test_who_got_no_answer_sees_three_other_times(asking: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    now = at(12, days=2)
    assert lapse_requests(now=now) == 1
    set_now(monkeypatch, now + timedelta(minutes=1))
    page = asking.get("/visit/").content.decode()
    assert page.count("/book/times/?service=") == 3
    assert "Nothing is charged for it." in page

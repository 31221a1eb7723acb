"""After booking: what only informs the therapist, which changes no result and may be left out."""

import pytest

from booking.models import Appointment
from intake.models import AuditEvent, QuestionnaireResponse
from intake.selectors.reviews import answered_form
from tests.frontend.patient.person import Person, text_of

HIP = {
    "joint_replacement": "yes",
    "joint_replacement--same_area": "no",
    "joint_replacement--lt12m": "no",
}
WHERE = "joint_replacement--where"


@pytest.fixture
def booked(person: Person) -> Person:
    person.check(HIP)
    assert person.book()["Location"] == "/visit/"
    return person


def told(visit: Appointment) -> dict[str, str]:
    """What a therapist reads of the further questions about the joint."""
    assert visit.screening
    form = answered_form(visit.screening)
    return {one.id: one.answer for item in form.items if item.id == "joint_replacement" for one in item.follow_ups}


def test_the_visit_offers_it_and_the_therapist_reads_it(booked: Person) -> None:
    before = booked.visit.screening
    assert before
    result = before.result
    assert "/visit/details/" in text_of(booked.get("/visit/"))
    page = text_of(booked.get("/visit/details/"))
    assert f'name="{WHERE}"' in page
    assert "same_area" not in page
    assert booked.post("/visit/details/", **{WHERE: "Left hip, 2019"})["Location"] == "/visit/"
    visit = booked.visit
    assert told(visit) == {"where": "Left hip, 2019", "same_area": "No", "lt12m": "No"}
    assert visit.screening
    assert (visit.screening.pk, visit.screening.result, visit.screening.outcome) == (before.pk, result, before.outcome)
    response = QuestionnaireResponse.objects.get()
    assert response.status == "amended"
    events = AuditEvent.objects.filter(action="details-added").order_by("id")
    assert [(one.entity_type, one.agent_role) for one in events] == [
        ("intake.questionnaireresponse", "patient"), ("booking.appointment", "patient"),
    ]  # fmt: skip
    assert "Left hip, 2019" in text_of(booked.get("/visit/details/"))


def test_nothing_has_to_be_told_and_what_was_told_can_be_taken_back(booked: Person) -> None:
    assert booked.post("/visit/details/")["Location"] == "/visit/"
    booked.post("/visit/details/", **{WHERE: "Left hip"})
    booked.post("/visit/details/", **{WHERE: ""})
    assert told(booked.visit)["where"] == "Not answered"


def test_what_decides_is_not_changed_whatever_is_sent(booked: Person) -> None:
    booked.post("/visit/details/", **{WHERE: "Hip", "joint_replacement--lt12m": "yes", "pregnancy": "yes"})
    assert told(booked.visit) == {"where": "Hip", "same_area": "No", "lt12m": "No"}


def test_a_refused_text_is_kept_in_its_field(booked: Person) -> None:
    answer = booked.post("/visit/details/", **{WHERE: "x" * 2001})
    assert answer.status_code == 422
    assert "x" * 2001 in text_of(answer)
    assert told(booked.visit)["where"] == "Not answered"


def test_only_the_holder_of_the_visit_comes_here(booked: Person, someone: object) -> None:
    stranger = someone()  # type: ignore[operator]
    assert stranger.get("/visit/details/").status_code == 404
    assert stranger.post("/visit/details/", **{WHERE: "x"}).status_code == 404


def test_who_said_no_to_everything_is_not_asked(person: Person) -> None:
    person.check()
    person.book()
    assert "/visit/details/" not in text_of(person.get("/visit/"))
    assert person.get("/visit/details/")["Location"] == "/visit/"


def test_once_the_visit_has_begun_it_is_too_late(booked: Person) -> None:
    Appointment.objects.update(status="checked-in")
    assert booked.get("/visit/details/")["Location"] == "/visit/"
    assert booked.post("/visit/details/", **{WHERE: "x"})["Location"] == "/visit/"

"""Booking again: a signed-in patient sees what they said last time and confirms it page by page."""

import re

import pytest
from django.test import Client

from intake.models import AuditEvent, Patient, Role, Screening
from tests.factories.accounts import sign_in
from tests.factories.intake import make_user
from tests.frontend.patient.person import Person, text_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def patient(person: Person) -> Patient:
    """Ada, who has booked before and has an account."""
    person.check({"fainting": "yes", "fainting--other_faints": "no"})
    person.book()
    patient: Patient = Patient.objects.get()
    patient.user = make_user(Role.PATIENT)
    patient.save(update_fields=["user"])
    return patient


def walk(person: Person) -> tuple[str, int]:
    """Every page with its first button; all that was shown, and where no button said "nothing has changed"."""
    path, seen, others = "/check/questions/1/", "", 0
    for _ in range(20):
        if not path.startswith("/check/questions/"):
            return seen, others
        page = text_of(person.get(path))
        seen += page
        shown = re.search(r'name="shown" value="([^"]*)"', page)
        assert shown
        button = "same" if 'name="same"' in page else "rest"
        others += button == "rest"
        level = {"needle_choice--level": "fine"} if button == "rest" else {}
        path = person.post(path, **{button: "1", "shown": shown[1]}, **level)["Location"]
    raise AssertionError(path)


def test_each_page_is_confirmed_and_the_answers_are_new_ones(person: Person, patient: Patient) -> None:
    first = Screening.objects.get()
    again = Person(Client(), person.clinic)
    sign_in(again.client, patient.user)
    again.begin()
    seen, _others = walk(again)
    assert "Last time: <strong>Yes; No</strong>" in seen
    again.post("/check/answers/")
    second = Screening.objects.exclude(pk=first.pk).get()
    assert first.response_id != second.response_id
    assert first.result["line"]["answers"] == second.result["line"]["answers"]
    read = AuditEvent.objects.filter(action="read", entity_id=first.pk, agent=patient.user, agent_role="patient")
    assert read.exists()


def test_nobody_else_sees_them(person: Person, patient: Patient) -> None:
    stranger = Person(Client(), person.clinic)
    stranger.begin()
    assert "Last time: " not in walk(stranger)[0]
    other_birth_date = Person(Client(), person.clinic)
    sign_in(other_birth_date.client, patient.user)
    other_birth_date.begin(birth_date_year="1990")
    assert "Last time: " not in walk(other_birth_date)[0]

"""Beside the straight way: a call back, a form taken along, a therapist's question, the clinic's own questions."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.journeys import evidence, steps
from tests.journeys.steps import Visitor
from tests.live import LiveStack

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("live-2")]

Somebody = Callable[..., Visitor]


def test_a_refused_person_asks_for_a_call_and_reception_makes_it(
    somebody: Somebody, reception: Callable[[], Visitor]
) -> None:
    # Given somebody who can't be needled
    patient = somebody()
    steps.passes_the_check(patient, told={"needle_choice": {"level": "no"}})
    steps.sees(patient, "Not needling for now, but here is what we can do")

    # When they leave a name and a number, we say by when we call
    steps.types(patient, "Your name", "Rosa Field")
    steps.types(patient, "Phone", "780 555 0188")
    steps.presses(patient, "Please call me")
    expect(patient.page.get_by_text("We call you by")).to_be_visible()
    steps.sees(patient, re.compile("."))

    # then reception finds it and says what came of it
    desk = reception()
    steps.opens(desk, "/tasks/")
    steps.sees(desk, "To do")
    expect(desk.page.get_by_text("Rosa Field")).to_be_visible()
    steps.presses(desk, "Reached")
    steps.sees(desk, "To do")
    expect(desk.page.get_by_text("Rosa Field")).to_have_count(0)


def test_a_form_goes_on_on_another_phone(somebody: Somebody) -> None:
    # Given a form with the urgent signs answered, and its link
    patient = somebody()
    steps.reads_and_begins(patient)
    steps.says_who_comes(patient)
    steps.says_where_it_hurts(patient, "Low back")
    steps.sees(patient, re.compile("."))
    steps.taps(patient, patient.page.locator("main form button[data-rest]").first)
    steps.opens(patient, "/check/save/")
    steps.sees(patient, "Save and go on later")
    steps.presses(patient, "Show me the link")
    steps.sees(patient, "Save and go on later")
    link = patient.page.get_by_label("Your link").input_value()

    # When somebody opens it on another phone and knows the birth date
    other = somebody()
    steps.opens(other, link.removeprefix(other.site))
    steps.sees(other, "Go on where you were")
    steps.gives_birth_date(other, ("7", "March", "1984"))
    steps.presses(other, "Go on")

    # then it goes on there, at the page that comes next
    expect(other.page).to_have_url(re.compile("/check/questions/2/"))
    steps.sees(other, re.compile("."))


def test_a_therapist_asks_and_the_patient_answers(
    live_stack: LiveStack, somebody: Somebody, colleague: Somebody
) -> None:
    # Given a request
    email = "vera@example.test"
    patient = somebody()
    steps.passes_the_check(patient, told={"diabetes": {"control": "up_down"}})
    steps.chooses_visit(patient, "First visit")
    steps.looks_ahead(patient)
    steps.holds_a_time(patient)
    steps.says_who_they_are(patient, "Vera Stone", email)
    steps.agrees(patient, pay="Pay at the clinic", asks=True)
    steps.sees(patient, "You have asked for this time")

    # When the therapist asks
    visit = evidence.visit_of(live_stack, email)
    therapist = colleague(name=visit["therapist"])
    steps.opens(therapist, f"/reviews/{visit['id']}/")
    steps.sees(therapist, "Vera Stone")
    therapist.page.get_by_text("Ask the patient a question").click()
    therapist.page.locator("form[action$='/question/'] textarea").fill("Do you check it at home?")
    steps.taps(therapist, therapist.page.locator("form[action$='/question/'] button"))
    steps.sees(therapist, "Vera Stone")
    evidence.is_neutral(live_stack.mail.wait_for(to=email, containing="question"))

    # then the patient reads it on the visit's page and answers
    steps.opens(patient, "/visit/question/")
    steps.sees(patient, "A question from your therapist")
    patient.page.locator("main textarea").fill("Every morning.")
    steps.taps(patient, patient.page.locator("main form button").last)
    steps.sees(patient, "You have asked for this time")
    steps.opens(therapist, f"/reviews/{visit['id']}/")
    steps.sees(therapist, "Vera Stone")
    expect(therapist.page.get_by_text("Every morning.")).to_be_visible()

    # and the pages beside the visit are as they should be
    for path in ("/visit/information/", "/visit/take-back/"):
        steps.opens(patient, path)
        steps.sees(patient, re.compile("."))
    record = f"/patients/{visit['patient_id']}/looks/"
    for path in (f"/visits/{visit['id']}/treatment/", "/reviews/", "/reviews/stand-in/", "/tasks/", record):
        steps.opens(therapist, path)
        steps.sees(therapist, re.compile("."))
    evidence.all_is_well(live_stack)


def test_a_manager_changes_a_word_and_a_clinician_signs(live_stack: LiveStack, colleague: Somebody) -> None:
    # Given questions that are not signed
    manager = colleague(role="manager")
    steps.opens(manager, "/settings/questionnaire/")
    steps.sees(manager, "Health questions")

    # When words of one are changed and everything is looked through
    steps.opens(manager, "/settings/questionnaire/items/metal_allergy/")
    steps.sees(manager, re.compile("."))
    manager.page.locator("main .texts textarea").first.fill("Does your skin react to metal, such as nickel?")
    steps.presses(manager, "Put into the working copy")
    for path in ("items/rf_dvt/", "numbers/", "patient/", "new/"):
        steps.opens(manager, f"/settings/questionnaire/{path}")
        steps.sees(manager, re.compile("."))
    steps.opens(manager, "/settings/questionnaire/publish/")
    steps.sees(manager, "Look through and sign")
    expect(manager.page.locator("ul.changes ins")).to_have_text("Does your skin react to metal, such as nickel?")
    steps.types(manager, "Full name of the clinician", "Dr. Ada Marsh")
    steps.types(manager, "Registration number", "PT-1234")
    steps.types(manager, "Registered with", "Physiotherapy Alberta")
    manager.page.get_by_label(re.compile("^I ")).check()
    steps.presses(manager, "Sign and publish")

    # Then it is in force, signed
    steps.sees(manager, "Health questions")
    expect(manager.page.locator(".heading .tag")).to_have_text("signed")
    evidence.all_is_well(live_stack)

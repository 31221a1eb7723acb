"""Beside the straight way: a call back, and a form taken along to another phone."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.journeys import steps
from tests.journeys.steps import Visitor

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("live")]

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

"""LHC-Forms, a form filler made by others, shows our Questionnaire; what is filled in there comes back as our line."""

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B.questionnaireresponse import QuestionnaireResponse
from playwright.sync_api import Page

from intake.api.fhir_response import line_of
from intake.rules.answers import read_line
from intake.rules.screening import evaluate
from tests.intake.api.fhir_code_sets import problems_of_response
from tests.intake.api.test_fhir_response import DEFINITION, EVERYTHING, FORM, exported, what_counts
from tests.intake.rules.lines import ITEMS, TODAY, healthy, possible_answers

LHC_FORMS = Path(__file__).resolve().parents[3] / ".tools" / "lforms"
SCRIPTS = ("webcomponent/assets/lib/zone.min.js", "webcomponent/lhc-forms.js", "fhir/R4/lformsFHIR.min.js")
pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(not LHC_FORMS.exists(), reason="LHC-Forms is not there; scripts/install-lforms fetches it"),
]


@pytest.fixture
def form(page: Page) -> Page:
    """Our Questionnaire, ready to be filled in by the keyboard."""
    page.set_content('<!doctype html><html lang="en"><body><div id="form"></div></body></html>')
    for script in SCRIPTS:
        page.add_script_tag(path=LHC_FORMS / script)
    page.add_style_tag(path=LHC_FORMS / "webcomponent/styles.css")
    page.wait_for_function("() => Boolean(window.LForms && LForms.Util)")
    page.evaluate("form => LForms.Util.addFormToPage(form, 'form', {fhirVersion: 'R4'})", FORM)
    page.wait_for_selector('[id="context.age/1/1"]')
    return page


def fill_in(form: Page, items: list[dict[str, Any]]) -> None:
    """Give by mouse and keyboard the answers of a response, in their order, so that what follows them appears."""
    for item in items:
        place = f'[id^="{item["linkId"]}/1"]'
        for answer in item.get("answer", []):
            _answer(form, place, answer)
            fill_in(form, answer.get("item", []))
        fill_in(form, item.get("item", []))


def _answer(form: Page, place: str, answer: dict[str, Any]) -> None:
    if "valueCoding" in answer:
        display = re.escape(answer["valueCoding"]["display"])
        field = form.locator(f"input{place}")
        field.click()
        form.locator("#lhc-tools-searchResults li").get_by_text(re.compile(rf"^(\d+:\s*)?{display}$")).click()
        field.press("Tab")
    elif "valueBoolean" in answer:
        form.locator(f"label{place}").filter(has_text="Yes").click()
    elif "valueDate" in answer:
        field = form.locator(f"{place} input")
        field.fill(date.fromisoformat(answer["valueDate"]).strftime("%m/%d/%Y"))
        field.press("Enter")
    else:
        field = form.locator(f"input{place}, textarea{place}")
        field.fill(str(next(iter(answer.values()))))
        field.press("Tab")


def filled_in(form: Page) -> dict[str, Any]:
    """The response as the form filler hands it on, valid in our eyes and in those of the library."""
    resource = form.evaluate("() => LForms.Util.getFormFHIRData('QuestionnaireResponse', 'R4')")
    QuestionnaireResponse.model_validate(resource)
    assert problems_of_response(resource, FORM) == []
    return resource


def test_what_is_filled_in_there_comes_back_as_our_line(form: Page) -> None:
    fill_in(form, exported(EVERYTHING)["item"])
    line = line_of(DEFINITION, filled_in(form))
    assert line == what_counts(EVERYTHING)
    result, expected = (evaluate(DEFINITION, *read_line(DEFINITION, one, today=TODAY)) for one in (line, EVERYTHING))
    assert (result.as_line(), result.complete) == (expected.as_line(), True)


def worst_of(items: list[dict[str, Any]]) -> dict[str, Any]:
    """A line on which each of these items fires, with its last answers and every choice of several."""
    answers = {item["id"]: item["triage_on"] for item in items if item["answer_type"].startswith("yes_no")}
    follow_ups = {
        item["id"]: {one["id"]: possible_answers(one)[-1] for one in item["follow_ups"]}
        for item in items
        if item["follow_ups"]
    }
    return healthy(
        answers=answers, follow_ups=follow_ups, age=17, stage="check_in", visit="return", modality="electrical",
        regions=["abdomen", "chest"],
    )  # fmt: skip


@pytest.mark.parametrize("part", range(4))
def test_our_response_is_shown_there_and_comes_back_the_same(form: Page, part: int) -> None:
    line = worst_of(ITEMS[part::4])
    show = """async ([form, response]) => {
        const shown = LForms.Util.convertFHIRQuestionnaireToLForms(form, 'R4')
        const filled = LForms.Util.mergeFHIRDataIntoLForms(response, shown, 'R4')
        await LForms.Util.addFormToPage(filled, 'form', {fhirVersion: 'R4'})
    }"""
    form.evaluate(show, [FORM, exported(line)])
    assert line_of(DEFINITION, filled_in(form)) == what_counts(line)

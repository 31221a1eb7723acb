"""The questionnaire as FHIR R4, read by a library that knows the standard."""

import pytest
from fhir.resources.R4B.questionnaire import Questionnaire

from intake.questionnaires.shipped import shipped_questionnaire
from tests.factories.intake import make_questionnaire
from tests.intake.api.fhir_code_sets import problems_of_questionnaire

URL = "/api/v1/questionnaires/dry-needling/"
pytestmark = pytest.mark.django_db


@pytest.fixture
def resource(client):
    make_questionnaire()
    response = client.get(URL, headers={"Accept": "application/fhir+json"})
    assert (response.status_code, response.headers["Content-Type"]) == (200, "application/fhir+json")
    return response.json()


def items_of(entry):
    for item in entry.get("item", []):
        yield item
        yield from items_of(item)


def test_it_is_a_valid_questionnaire(resource):
    assert Questionnaire.model_validate(resource).status == "draft"
    assert problems_of_questionnaire(resource) == []


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (lambda resource: resource.update(status="sketch"), "status sketch"),
        (lambda resource: resource["item"][0].update(type="section"), "context: type section"),
        (lambda resource: resource["item"][0]["item"][0].update(linkId="context.age"), "context.age: stands twice"),
        (
            lambda resource: resource["item"][0]["item"][2].update(repeats=True),
            "context.age: repeats, which no integer may",
        ),
        (
            lambda resource: resource["item"][0]["item"][0]["answerOption"].clear(),
            "context.regions: a choice without options",
        ),
    ],
)
def test_the_check_of_code_sets_sees_what_the_library_lets_through(resource, spoil, problem):
    spoil(resource)
    assert problem in problems_of_questionnaire(resource)


def test_none_of_these_and_what_may_be_unknown_can_be_said_in_any_form_filler(resource):
    by_id = {item["linkId"]: item for item in items_of(resource)}
    none = {"system": "urn:drypoint:answer", "code": "none-of-these", "display": "None of these"}
    multis = [item for item in by_id.values() if item.get("repeats") and not item["linkId"].startswith("context")]
    assert [item["answerOption"][-1]["valueCoding"] for item in multis] == [none] * len(multis)
    assert by_id["anticoagulant.inr.unknown"]["type"] == "boolean"
    assert by_id["anticoagulant.inr.unknown"]["enableWhen"] == by_id["anticoagulant.inr"]["enableWhen"]


def test_every_question_and_follow_up_is_there_under_its_own_link_id(resource):
    definition = shipped_questionnaire()
    expected = {item.id for item in definition.items}
    expected |= {f"{item.id}.{follow_up.id}" for item in definition.items for follow_up in item.follow_ups}
    expected |= {"anticoagulant.inr.unknown", "anticoagulant.inr_date.unknown"}
    found = [item["linkId"] for item in items_of(resource)]
    assert len(found) == len(set(found))
    assert {name for name in found if not name.startswith(("group.", "context"))} == expected


def test_every_condition_names_a_question_and_an_answer_that_exist(resource):
    by_id = {item["linkId"]: item for item in items_of(resource)}
    for item in by_id.values():
        for condition in item.get("enableWhen", []):
            question = by_id[condition["question"]]
            if "answerCoding" in condition:
                assert condition["answerCoding"]["code"] in [
                    option["valueCoding"]["code"] for option in question["answerOption"]
                ]
            if len(item["enableWhen"]) > 1:
                assert item["enableBehavior"] in ("all", "any")


def test_a_follow_up_waits_for_its_gate_and_its_parent(resource):
    by_id = {item["linkId"]: item for item in items_of(resource)}
    coding = {"system": "urn:drypoint:answer", "code": "yes"}
    assert by_id["anticoagulant.drug"]["enableWhen"] == [
        {"question": "anticoagulant", "operator": "=", "answerCoding": coding}
    ]
    assert by_id["anticoagulant.inr"]["enableWhen"] == [
        {"question": "anticoagulant.drug", "operator": "=", "answerCoding": coding | {"code": "warfarin"}}
    ]


def test_what_depends_on_the_context_says_so(resource):
    by_id = {item["linkId"]: item for item in items_of(resource)}
    definition = shipped_questionnaire()
    always = {
        item["linkId"] for item in by_id.values() if item["linkId"] in definition.by_id and "enableWhen" not in item
    }
    assert {name for name in definition.by_id if name not in always} == {
        "minor", "thoracic_region", "abdomen_region", "electrical_modality", "rf_after_needling",
        "systemic_infection", "day_alcohol_drugs", "day_eaten", "day_tired", "day_changes", "day_driving",
    }  # fmt: skip


def test_before_anything_is_published_there_is_a_problem_not_a_page(client):
    response = client.get(URL)
    assert (response.status_code, response.json()["code"]) == (503, "no-questionnaire")

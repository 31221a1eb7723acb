"""Answers as a FHIR R4 QuestionnaireResponse: valid, complete, handed to whom they belong to, and readable again."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from fhir.resources.R4B.questionnaireresponse import QuestionnaireResponse
from hypothesis import HealthCheck, given, settings

from intake.api.fhir import as_fhir
from intake.api.fhir_response import as_response, line_of
from intake.models import AuditEvent, Questionnaire, Role
from intake.questionnaires.shipped import SHIPPED_VERSION, shipped_data, shipped_questionnaire
from intake.rules.answers import AnswerError, read_line, to_line
from intake.rules.screening import evaluate
from tests.factories.accounts import sign_in
from tests.factories.intake import (
    NOW,
    line_with,
    make_care_relation,
    make_patient,
    make_questionnaire,
    make_screening,
    make_user,
)
from tests.intake.api.fhir_code_sets import problems_of_response
from tests.intake.rules.lines import TODAY, healthy
from tests.intake.rules.random_lines import lines

DEFINITION = shipped_questionnaire()
ITEMS, RULES = shipped_data()
FORM = as_fhir(
    Questionnaire(
        slug="dry-needling", version=SHIPPED_VERSION, rules_version=SHIPPED_VERSION, items=ITEMS, rules=RULES,
        published_at=NOW,
    ),
    DEFINITION,
    url="https://clinic.example/questionnaire",
)  # fmt: skip
EVERYTHING = healthy(
    answers={"anticoagulant": "yes", "lung": "yes", "surgery": "yes", "pregnancy": "na", "rf_dvt": "unsure"},
    follow_ups={
        "anticoagulant": {"drug": ["warfarin", "other"], "inr": 2.4, "inr_date": "unknown", "reason": "né\n„x“"},
        "lung": {"which": [], "area": "no"},
        "surgery": {"what": "knee", "same_area": "no", "healed": "yes"},
    },
    likely_regions=["thigh"],
    regions=["knee", "neck"],
    age=17,
)


def exported(line):
    context, answers = read_line(DEFINITION, line, today=TODAY)
    about = {"status": "completed", "questionnaire": f"{FORM['url']}|{FORM['version']}"}
    return as_response(DEFINITION, context, answers) | about


def what_counts(line):
    """The line as its response holds it: only answers that are asked and visible, and no empty text."""
    context, answers = read_line(DEFINITION, line, today=TODAY)
    result = evaluate(DEFINITION, context, answers)
    kept = to_line(context, answers)
    kept["answers"] = {name: gate for name, gate in kept["answers"].items() if name in result.items}
    shown = {name: kept["follow_ups"].get(name, {}) for name in result.findings}
    for name, said in shown.items():
        visible = result.findings[name].visible
        shown[name] = {one: answer for one, answer in said.items() if one in visible and answer != ""}
    kept["follow_ups"] = {name: said for name, said in shown.items() if said}
    if not kept["context"]["likely_regions"]:
        del kept["context"]["likely_regions"]
    return kept


def test_every_kind_of_answer_goes_out_and_comes_back_the_same():
    resource = json.loads(json.dumps(exported(EVERYTHING)))
    assert QuestionnaireResponse.model_validate(resource).status == "completed"
    assert problems_of_response(resource, FORM) == []
    assert line_of(DEFINITION, resource) == what_counts(EVERYTHING)
    assert what_counts(EVERYTHING)["follow_ups"]["anticoagulant"] == EVERYTHING["follow_ups"]["anticoagulant"]
    assert what_counts(EVERYTHING)["follow_ups"]["lung"] == {"which": [], "area": "no"}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(line=lines(is_complete=True))
def test_any_complete_answers_are_valid_and_come_back_to_the_same_result(line):
    resource = exported(line)
    QuestionnaireResponse.model_validate(resource)
    assert problems_of_response(resource, FORM) == []
    again = line_of(DEFINITION, resource)
    assert again == what_counts(line)
    first, second = (evaluate(DEFINITION, *read_line(DEFINITION, one, today=TODAY)) for one in (line, again))
    assert (second.as_line(), second.complete) == (first.as_line(), True)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(line=lines())
def test_what_is_missing_stays_missing(line):
    resource = exported(line) | {"status": "in-progress"}
    assert problems_of_response(resource, FORM) == []
    assert line_of(DEFINITION, resource) == what_counts(line)


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (lambda one: one.update(status="done"), "status done"),
        (lambda one: one.update(questionnaire="x"), "it answers another questionnaire"),
        (lambda one: one["item"].reverse(), "the whole: unknown, repeated or unordered items"),
        (lambda one: one["item"][0]["item"][2]["answer"][0].update(valueString="17"), "context.age: no answer of type"),
        (lambda one: one["item"][0]["item"][3]["answer"][0]["valueCoding"].update(code="laser"), "is no option"),
        (lambda one: one["item"][0]["item"].pop(2), "context.age: required, but not answered"),
    ],
)  # fmt: skip
def test_the_check_sees_what_is_wrong_with_a_response(spoil, problem):
    resource = exported(EVERYTHING)
    spoil(resource)
    assert [one for one in problems_of_response(resource, FORM) if problem in one] != []


def answer_of(link_id, *answers):
    return {"resourceType": "QuestionnaireResponse", "item": [{"linkId": link_id, "answer": list(answers)}]}


DEEP = {"resourceType": "QuestionnaireResponse", "item": []}
for _ in range(200):
    DEEP = DEEP | {"item": [DEEP | {"linkId": "group.x"}]}
YES = {"valueCoding": {"system": "urn:drypoint:answer", "code": "yes"}}
NO_RESPONSES = {
    "nothing": None,
    "a list": [],
    "a questionnaire": FORM,
    "items that are an object": {"resourceType": "QuestionnaireResponse", "item": {}},
    "items that are texts": {"resourceType": "QuestionnaireResponse", "item": ["lung"]},
    "an item without a linkId": {"resourceType": "QuestionnaireResponse", "item": [{"answer": [YES]}]},
    "a linkId that is a number": answer_of(3, YES),
    "an unknown question": answer_of("hiccups", YES),
    "an unknown follow-up": answer_of("lung.colour", YES),
    "an answer without a value": answer_of("lung", {}),
    "an answer with two": answer_of("lung", YES | {"valueString": "yes"}),
    "a coding of another system": answer_of("lung", {"valueCoding": {"system": "urn:other", "code": "yes"}}),
    "a coding that is a text": answer_of("lung", {"valueCoding": "yes"}),
    "two answers to one question": answer_of("lung", YES, YES),
    "the same question twice": {
        "resourceType": "QuestionnaireResponse",
        "item": answer_of("lung", YES)["item"] * 2,
    },
    "unknown where it is not offered": answer_of("surgery.what.unknown", {"valueBoolean": True}),
    "unknown as a text": answer_of("anticoagulant.inr.unknown", {"valueString": "yes"}),
    "a number and unknown": {
        "resourceType": "QuestionnaireResponse",
        "item": [
            *answer_of("anticoagulant.inr.unknown", {"valueBoolean": True})["item"],
            *answer_of("anticoagulant.inr", {"valueDecimal": 2})["item"],
        ],
    },
    "a response without end": DEEP,
}


@pytest.mark.parametrize("resource", NO_RESPONSES.values(), ids=NO_RESPONSES.keys())
def test_what_is_no_response_to_our_questions_is_refused(resource):
    with pytest.raises(AnswerError):
        line_of(DEFINITION, resource)


def test_what_an_answer_may_be_is_for_the_line_to_say():
    line = line_of(DEFINITION, answer_of("lung", {"valueCoding": {"code": "perhaps"}}))
    assert line["answers"] == {"lung": "perhaps"}
    with pytest.raises(AnswerError):
        read_line(DEFINITION, healthy(answers=line["answers"]), today=TODAY)


# --- over HTTP -------------------------------------------------------------------------------------------------------
@pytest.fixture
def screening(clock_file):
    clock_file.write_text(str((NOW + timedelta(minutes=5) - datetime.now(UTC)).total_seconds()))
    line = line_with({"surgery": "yes"}, {"surgery": {"what": "canary", "same_area": "no", "healed": "yes"}})
    made = make_screening(line).screening
    made.patient = make_patient(user=make_user(Role.PATIENT))
    made.save(update_fields=["patient"])
    return made


def ask(screening, user=None):
    client = Client()
    if user is not None:
        sign_in(client, user)
    return client.get(f"/api/v1/screenings/{screening.pk}/response/", headers={"Accept": "application/fhir+json"})


@pytest.mark.django_db
def test_the_patient_and_the_therapist_who_cares_get_it_and_that_is_written_down(screening):
    therapist = make_user(Role.THERAPIST)
    make_care_relation(therapist, screening.patient)
    form = Client().get("/api/v1/questionnaires/dry-needling/").json()
    for user in (screening.patient.user, therapist):
        response = ask(screening, user)
        assert (response.status_code, response.headers["Content-Type"]) == (200, "application/fhir+json")
        assert response.headers["Cache-Control"] == "private, no-store"
        resource = response.json()
        QuestionnaireResponse.model_validate(resource)
        assert problems_of_response(resource, form) == []
        assert line_of(DEFINITION, resource)["follow_ups"]["surgery"]["what"] == "canary"
        assert resource["subject"] == {"reference": f"Patient/{screening.patient_id}"}
        event = AuditEvent.objects.latest("id")
        assert (event.action, event.agent, event.entity_id) == ("exported", user, screening.pk)
        assert event.patient_id == screening.patient_id


@pytest.mark.django_db
def test_nobody_else_gets_it_and_nothing_is_written_down(screening):
    before = AuditEvent.objects.filter(action="exported").count()
    others = [make_user(role) for role in (Role.PATIENT, Role.THERAPIST, Role.RECEPTION, Role.MANAGER, Role.OWNER)]
    answers = [ask(screening), *(ask(screening, user) for user in others)]
    assert [(one.status_code, one.json()["code"]) for one in answers] == [(404, "not-found")] * 6
    assert AuditEvent.objects.filter(action="exported").count() == before


@pytest.mark.django_db
def test_answers_that_belong_to_nobody_yet_are_handed_to_nobody():
    make_questionnaire()
    assert ask(make_screening().screening, make_user(Role.THERAPIST)).status_code == 404

"""What must not be put before patients, tried on every item that is shipped."""

import copy

import pytest

from intake.questionnaires.shipped import shipped_data, shipped_questionnaire
from intake.rules.answers import Answers, read_context
from intake.rules.definitions import parse_questionnaire
from intake.rules.safety import Problem, safety_problems
from intake.rules.screening import evaluate
from intake.rules.versions import without

ITEMS, RULES = shipped_data()
SHIPPED = shipped_questionnaire()
EVERY = [item["id"] for item in ITEMS]
GATES = [item["id"] for item in ITEMS if item["answer_type"].startswith("yes_no")]
ADMINISTRATIVE = {item["id"] for item in ITEMS if item["category"] == "administrative"}
RED_FLAGS = [item["id"] for item in ITEMS if item["category"] == "red_flag"]
LABELS = {item["id"]: item["label"] for item in ITEMS}


def changed(name: str, **values: object):
    items = copy.deepcopy(ITEMS)
    next(item for item in items if item["id"] == name).update(values)
    return parse_questionnaire(items, RULES)


def codes(questionnaire, measured_by=None):
    return [(one.code, one.item) for one in safety_problems(questionnaire, measured_by=measured_by)]


def test_the_shipped_questions_may_be_published():
    assert safety_problems(SHIPPED, measured_by=SHIPPED) == ()


@pytest.mark.parametrize("name", GATES)
def test_a_gate_whose_not_sure_clears_is_refused_unless_it_is_administrative(name):
    found = codes(changed(name, triage_if_unsure="CLEAR"))
    assert found == ([] if name in ADMINISTRATIVE else [("unsure-clears", name)])


@pytest.mark.parametrize("name", GATES)
def test_a_gate_without_not_sure_is_refused_unless_it_is_administrative(name):
    found = codes(changed(name, answer_type="yes_no"))
    assert found == ([] if name in ADMINISTRATIVE else [("no-unsure", name)])


@pytest.mark.parametrize("name", EVERY)
def test_an_item_that_comes_to_nothing_is_refused_unless_it_is_administrative(name):
    code = "fires-to-clear" if name in GATES else "unanswered-clears"
    changes = {"triage": "CLEAR"} | ({"triage_if_unsure": "REVIEW"} if name in GATES else {})
    assert codes(changed(name, **changes)) == ([] if name in ADMINISTRATIVE else [(code, name)])


@pytest.mark.parametrize("name", GATES)
def test_a_gate_that_is_no_gate_any_more_is_refused(name):
    questionnaire = changed(name, answer_type="derived_from_nothing", triage_on="applies")
    assert ("gate-removed", name) in codes(questionnaire, SHIPPED)


@pytest.mark.parametrize("name", RED_FLAGS)
def test_a_red_flag_that_is_not_asked_or_not_one_is_refused(name):
    left = parse_questionnaire(*without(ITEMS, RULES, [name]))
    assert codes(left, SHIPPED) == [("red-flag-missing", name)]
    assert codes(changed(name, category="relative"), SHIPPED) == [("red-flag-changed", name)]


@pytest.mark.parametrize("name", sorted(set(EVERY) - set(RED_FLAGS)))
def test_any_other_item_may_be_left_out(name):
    assert codes(parse_questionnaire(*without(ITEMS, RULES, [name])), SHIPPED) == []


@pytest.mark.parametrize("change", [{"triage": "STOP"}, {"urgent": "EMERGENCY"}])
@pytest.mark.parametrize("name", EVERY)
def test_what_can_stop_a_booking_is_not_administrative(name, change):
    questionnaire = changed(name, category="administrative", **change)
    assert codes(questionnaire) == [("administrative-stops", name)]


def test_not_knowing_must_not_leave_the_decision_to_the_other_options():
    items = copy.deepcopy(ITEMS)
    item = next(one for one in items if one["id"] == "epilepsy")
    item["follow_ups"][0]["unknown_allowed"] = True
    assert codes(parse_questionnaire(items, RULES)) == [("unknown-decides", "epilepsy")]


def test_there_must_be_something_to_ask():
    assert codes(parse_questionnaire([], {**RULES, "combination_rules": []})) == [("nothing-asked", "")]


def test_a_problem_names_the_item_in_words():
    problem = Problem("unsure-clears", "lung", LABELS["lung"])
    assert str(problem) == f'"{LABELS["lung"]}": "not sure" would count as nothing found.'


@pytest.mark.parametrize("name", GATES)
def test_what_may_be_published_is_what_the_engine_keeps_from_clearing(name):
    """The other way round: with the shipped data the engine clears neither silence nor doubt."""
    item = SHIPPED.by_id[name]
    context = read_context(SHIPPED, _context_of(item), today=None)
    silent = evaluate(SHIPPED, context, Answers({}, {}))
    unsure = evaluate(SHIPPED, context, Answers({name: "unsure"}, {}))
    assert (silent.items[name], silent.complete, name in silent.unanswered) == (None, False, True)
    assert (unsure.items[name] == "CLEAR") == (name in ADMINISTRATIVE and item.triage_if_unsure == "CLEAR")


def _context_of(item):
    said = {"regions": ["abdomen"], "age": 16, "modality": "electrical", "visit": "return", "on": "2026-11-22"}
    for stage in SHIPPED.stages:
        context = {**said, "stage": stage}
        if item in [one for one in SHIPPED.items if one.id in _kept(context)]:
            return context
    raise AssertionError(item.id)


def _kept(context):
    return evaluate(SHIPPED, read_context(SHIPPED, context, today=None), Answers({}, {})).items

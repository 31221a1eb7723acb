"""What the rules allow and the shipped questions happen not to use, on questions made up for it."""

import pytest

from intake.rules.answers import read_line
from intake.rules.definitions import QuestionnaireError, parse_questionnaire
from intake.rules.screening import evaluate
from tests.intake.rules.lines import RULES, TODAY
from tests.intake.rules.naive_screening import naive_screen

MADE_UP = RULES | {"combination_rules": []}


def item(name, **over):
    return {
        "id": name,
        "question": f"{name}?",
        "answer_type": "yes_no_unsure",
        "scope": "booking",
        "triage": "STOP",
        "triage_on": "yes",
        "triage_if_unsure": "REVIEW",
        "urgent": None,
        "follow_up_mode": "raise",
        "follow_ups": [],
        "applies_when": {"always": True},
    } | over


def option(value, triage=None, **over):
    return {"value": value, "label": value} | ({"triage": triage} if triage else {}) | over


def screened(items, *, answers=None, follow_ups=None, rules=(), **assumed):
    """The result, which the naive reading comes to as well; for one region unless `regions` names others."""
    regions = assumed.pop("regions", ["knee"])
    data = RULES | {"combination_rules": list(rules)}
    line = {
        "context": {
            "regions": regions,
            "age": 40,
            "modality": "manual",
            "stage": "booking",
            "visit": "first",
            "on": "2026-11-22",
        },
        "answers": answers or {},
        "follow_ups": follow_ups or {},
    }
    questionnaire = parse_questionnaire(items, data)
    result = evaluate(questionnaire, *read_line(questionnaire, line, today=TODAY), **assumed)
    assert result.as_line() == naive_screen(items, data, line, **assumed)
    return result


def test_nothing_is_taken_for_granted_unless_asked_for():
    items = [item("one"), item("two")]
    result = screened(items, answers={"one": "no"})
    assert (result.outcome, result.bookable, result.unanswered) == ("CLEAR", "no", ("two",))
    result = screened(items, answers={"one": "no"}, assume_unanswered_safe=True)
    assert (result.outcome, result.bookable, result.unanswered) == ("CLEAR", "yes", ())


@pytest.mark.parametrize(
    ("regions", "outcome", "bookable"),
    [(["knee"], "STOP", "no"), (["knee", "thigh"], "REVIEW", "no")],
)
def test_an_urgent_stop_for_a_region_stays_urgent_among_several(regions, outcome, bookable):
    result = screened([item("skin", scope="region", urgent="SAME_DAY")], answers={"skin": "yes"}, regions=regions)
    assert (result.outcome, result.urgent, result.bookable) == (outcome, "SAME_DAY", bookable)
    assert result.excluded_regions == tuple(regions)


@pytest.mark.parametrize(("regions", "outcome"), [(["knee"], "STOP"), (["knee", "thigh"], "REVIEW")])
def test_not_sure_may_stop_a_region_too(regions, outcome):
    skin = item("skin", scope="region", triage_if_unsure="STOP")
    result = screened([skin], answers={"skin": "unsure"}, regions=regions)
    assert (result.outcome, result.items, result.excluded_regions) == (outcome, {"skin": outcome}, tuple(regions))


def test_what_is_clear_is_not_active_and_meets_no_rule():
    mild = item("mild", triage="CLEAR", triage_if_unsure="CLEAR", follow_ups=[
        {"id": "more", "type": "choice", "options": [option("a"), option("b", "CAUTION")]},
    ])  # fmt: skip
    rules = [
        {"id": "any", "when": {"item_any": ["mild"]}, "raise_to": "STOP"},
        {"id": "same", "when": {"follow_up": {"item": "mild", "id": "more", "value": "a"}}, "raise_to": "STOP"},
        {"id": "other", "when": {"not_follow_up": {"item": "mild", "id": "more", "value": "a"}}, "raise_to": "REVIEW"},
    ]
    clear = screened([mild], answers={"mild": "yes"}, follow_ups={"mild": {"more": "a"}}, rules=rules)
    assert (clear.outcome, clear.active, clear.rules, set(clear.findings)) == ("CLEAR", (), (), {"mild"})
    caution = screened([mild], answers={"mild": "yes"}, follow_ups={"mild": {"more": "b"}}, rules=rules)
    assert (caution.outcome, caution.active, caution.rules) == ("STOP", ("mild",), ("any", "other"))


def test_a_question_begun_with_its_gate_counts_as_given_though_a_follow_up_lacks():
    deep = item("deep", urgent="SAME_DAY", follow_ups=[
        {"id": "how", "type": "choice", "options": [option("bad", "STOP"), option("good", "CLEAR")]},
    ])  # fmt: skip
    result = screened([deep, item("other")], answers={"deep": "yes", "other": "no"})
    assert (result.outcome_of_answers, result.findings["deep"].is_default) == ("STOP", False)


def test_a_question_without_a_gate_counts_as_given_as_soon_as_anything_of_it_is():
    choice = item("choice", answer_type="follow_up_only", triage_on="follow_up", follow_ups=[
        {"id": "level", "type": "choice", "options": [option("fine", "CLEAR"), option("no", "STOP")]},
        {"id": "other", "type": "choice", "options": [option("yes", "CAUTION"), option("no", "CLEAR")]},
    ])  # fmt: skip
    untouched = screened([choice])
    assert (untouched.outcome, untouched.outcome_of_answers) == ("STOP", "CLEAR")
    begun = screened([choice], follow_ups={"choice": {"other": "no"}})
    assert (begun.outcome, begun.outcome_of_answers, begun.unanswered) == ("STOP", "STOP", ("choice.level",))


def test_a_rule_may_be_urgent_and_flag_without_raising():
    rule = {
        "id": "soon",
        "when": {"item_any": ["one"]},
        "raise_to": None,
        "urgent": "MEDICAL_SOON",
        "flag": "high_priority",
    }
    result = screened([item("one", triage="CAUTION")], answers={"one": "yes"}, rules=[rule])
    assert (result.outcome, result.urgent, result.bookable) == ("CAUTION", "MEDICAL_SOON", "no")
    assert (result.rules, result.flags) == (("soon",), ("high_priority",))


def test_the_likely_places_of_a_rule_exclude_none_of_the_chosen():
    rule = {
        "id": "near",
        "when": {"all": [{"item_any": ["one"]}, {"any": [{"region_any": ["neck"]}, {"region_any": ["thigh"]}]}]},
        "raise_to": "REVIEW",
        "flag": "exclude_region",
    }
    one = item("one", triage="CAUTION")
    result = screened([one], answers={"one": "yes"}, rules=[rule], regions=["knee", "thigh", "neck"])
    assert result.excluded_regions == ("thigh", "neck")


@pytest.mark.parametrize(
    "follow_up",
    [
        {"id": "how", "type": "choice", "options": [option("bad", urgent="SAME_DAY")]},
        {"id": "how", "type": "number", "rules": [{"op": ">", "value": 1, "urgent": "SAME_DAY"}]},
    ],
    ids=["an option", "a rule"],
)
def test_an_urgency_needs_a_triage(follow_up):
    with pytest.raises(QuestionnaireError, match="an urgency needs a triage"):
        parse_questionnaire([item("one", follow_ups=[follow_up])], MADE_UP)

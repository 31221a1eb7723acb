"""A data set is taken whole or refused, with the place of what is wrong."""

import copy

import pytest

from intake.questionnaires.shipped import SHIPPED_VERSION, shipped_questionnaire
from intake.rules.definitions import QuestionnaireError, parse_questionnaire
from tests.intake.rules.lines import ITEMS, RULES


def position(item):
    return next(number for number, one in enumerate(ITEMS) if one["id"] == item)


def broken_items(item, *path, to):
    items = copy.deepcopy(ITEMS)
    put(items[position(item)], path, to)
    return items, RULES


def broken_rules(*path, to):
    rules = copy.deepcopy(RULES)
    put(rules, path, to)
    return ITEMS, rules


def put(place, path, value):
    for key in path[:-1]:
        place = place[key]
    if value is DELETED:
        del place[path[-1]]
    else:
        place[path[-1]] = value


DELETED = object()
MALFORMED = {
    "no list of items": (({}, RULES), "questionnaire: items must be a list"),
    "an item that is a text": ((["lung"], RULES), "item number 1: an object is expected"),
    "an item twice": (([*ITEMS, ITEMS[0]], RULES), "item rf_cauda_equina: this id stands twice"),
    "no triage": (broken_items("lung", "triage", to=DELETED), "item lung: triage must be one of"),
    "an unknown triage": (broken_items("lung", "triage", to="MAYBE"), "item lung: triage must be one of"),
    "an unknown urgency": (broken_items("lung", "urgent", to="NOW"), "item lung: urgent must be one of"),
    "an unknown scope": (broken_items("lung", "scope", to="house"), "item lung: scope"),
    "an unknown mode": (broken_items("lung", "follow_up_mode", to="vote"), "item lung: follow_up_mode"),
    "no triage if unsure": (broken_items("lung", "triage_if_unsure", to=DELETED), "item lung: triage_if_unsure"),
    "an unknown answer type": (broken_items("lung", "answer_type", to="stars"), "item lung: unknown answer_type"),
    "a gate that can't fire": (broken_items("lung", "triage_on", to="applies"), "item lung: triage_on"),
    "no gate but a gate's answer": (broken_items("minor", "triage_on", to="yes"), "item minor: triage_on"),
    "a dotted id": (broken_items("lung", "id", to="a.b"), "id must not be empty or hold a dot"),
    "an unknown region": (
        broken_items("lung", "applies_when", to={"region_any": ["tail"]}),
        "item lung, applies_when: region_any names 'tail'",
    ),
    "an unknown condition": (
        broken_items("lung", "applies_when", to={"moon": "full"}),
        "item lung, applies_when: unknown condition 'moon'",
    ),
    "a question's own answers as its condition": (
        broken_items("lung", "applies_when", to={"item_any": ["lung"]}),
        "item lung, applies_when: unknown condition 'item_any'",
    ),
    "two conditions in one": (
        broken_items("lung", "applies_when", to={"always": True, "age_below": 3}),
        "item lung, applies_when: a condition has exactly one key",
    ),
    "a follow-up of unknown type": (
        broken_items("lung", "follow_ups", 0, "type", to="dance"),
        "item lung, follow-up which: type",
    ),
    "a choice without options": (
        broken_items("lung", "follow_ups", 0, "options", to=[]),
        "item lung, follow-up which: options",
    ),
    "an option twice": (
        broken_items("lung", "follow_ups", 0, "options", 1, "value", to="pneumothorax"),
        "item lung, follow-up which: two options have the same value",
    ),
    "an option with an unknown triage": (
        broken_items("lung", "follow_ups", 0, "options", 1, "triage", to="stop"),
        "item lung, follow-up which, option copd: triage",
    ),
    "a follow-up twice": (
        broken_items("lung", "follow_ups", 1, "id", to="which"),
        "item lung, follow-up which: this id stands twice",
    ),
    "a condition on a later follow-up": (
        broken_items("lung", "follow_ups", 0, "show_if", to={"area": "yes"}),
        "item lung, follow-up which, show_if: 'area' is no earlier follow-up",
    ),
    "a condition on no possible answer": (
        broken_items("pregnancy", "follow_ups", 1, "show_if", to={"weeks": "t9"}),
        "item pregnancy, follow-up problem, show_if: weeks names 't9'",
    ),
    "a rule with an unknown comparison": (
        broken_items("anticoagulant", "follow_ups", 1, "rules", 0, "op", to="~"),
        "item anticoagulant, follow-up inr, rule number 1: op",
    ),
    "a range upside down": (
        broken_items("anticoagulant", "follow_ups", 1, "range", to=[20, 1]),
        "item anticoagulant, follow-up inr: range",
    ),
    "rules that are a list": ((ITEMS, []), "rules: an object is expected"),
    "another order of outcomes": (
        broken_rules("order_most_restrictive_first", to=["CLEAR", "CAUTION", "REVIEW", "STOP"]),
        "rules: order_most_restrictive_first",
    ),
    "another urgency": (broken_rules("urgent_levels", "NEVER", to=""), "rules: urgent_levels"),
    "no version": (broken_rules("rules_version", to=DELETED), "rules: rules_version"),
    "no regions": (broken_rules("regions", to=DELETED), "rules: regions"),
    "a combination of unknown items": (
        broken_rules("combination_rules", 2, "when", "all", 0, "item_any", to=["moon"]),
        "combination rule cancer_plus_signs, when, part number 1: item_any names 'moon'",
    ),
    "a combination on an unknown answer": (
        broken_rules("combination_rules", 3, "when", "all", 0, "follow_up", "value", to="maybe"),
        "combination rule bilateral_progressive, when, part number 1, follow_up: value names 'maybe'",
    ),
    "a combination without a condition": (
        broken_rules("combination_rules", 3, "when", to={}),
        "combination rule bilateral_progressive, when",
    ),
    "an empty combination": (
        broken_rules("combination_rules", 3, "when", to={"all": []}),
        "combination rule bilateral_progressive, when: all must not be empty",
    ),
    "a compared answer without its item": (
        broken_rules("combination_rules", 3, "when", "all", 0, "follow_up", to={}),
        "combination rule bilateral_progressive",
    ),
    "a minimum age that is no number": (
        broken_rules("clinic_config", "min_age_online_dry_needling", to="16"),
        "combination rule below_min_age, when: age_below_config",
    ),
    "an INR setting that is no number": (
        broken_rules("clinic_config", "inr_stop", to="high"),
        "item anticoagulant, follow-up inr, rule number 2",
    ),
    "a missing outcome text": (broken_rules("messages", "by_outcome", "STOP", to=DELETED), "STOP must be a text"),
    "a likely region that does not exist": (
        broken_rules("likely_treatment_regions", "knee", to=["tail"]),
        "likely_treatment_regions: knee names 'tail'",
    ),
}


@pytest.mark.parametrize(("data", "problem"), MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_data_set_is_refused_with_its_place(data, problem):
    with pytest.raises(QuestionnaireError) as refusal:
        parse_questionnaire(*data)
    assert problem in str(refusal.value)


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"inr_max": 3}, "there is no setting 'inr_max'"),
        ({"inr_stop": "3"}, "the setting inr_stop must be of the same type"),
        ({"inr_stop": True}, "the setting inr_stop must be of the same type"),
        ({"nurse_line": 811}, "the setting nurse_line must be of the same type"),
    ],
)
def test_a_setting_must_exist_and_be_of_its_type(settings, problem):
    with pytest.raises(QuestionnaireError, match=problem):
        shipped_questionnaire(**settings)


def test_the_shipped_data_is_taken_whole():
    questionnaire = shipped_questionnaire()
    assert [item.id for item in questionnaire.items] == [item["id"] for item in ITEMS]
    assert [rule.id for rule in questionnaire.rules] == [rule["id"] for rule in RULES["combination_rules"]]
    assert questionnaire.version == SHIPPED_VERSION == RULES["rules_version"]
    assert questionnaire.config == RULES["clinic_config"]
    assert {source.id for item in questionnaire.items for source in item.sources} == {
        source["id"] for item in ITEMS for source in item["sources"]
    }


def test_a_minimal_data_set_is_enough():
    item = {
        "id": "well",
        "question": "Are you well?",
        "answer_type": "yes_no",
        "scope": "booking",
        "triage": "STOP",
        "triage_on": "no",
        "follow_up_mode": "raise",
        "applies_when": {"always": True},
    }
    rules = {
        "rules_version": "1",
        "clinic_config": {},
        "regions": ["knee"],
        "modalities": ["manual"],
        "stages": ["booking"],
        "visits": ["first"],
    }
    assert [one.id for one in parse_questionnaire([item], rules).items] == ["well"]

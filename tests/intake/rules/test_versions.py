"""An item that is switched off counts as one that was never asked, in every rule that names it."""

import copy
import random

import pytest

from intake.questionnaires.shipped import shipped_data, shipped_questionnaire
from intake.rules.answers import Answers, read_line
from intake.rules.definitions import parse_questionnaire
from intake.rules.screening import evaluate
from intake.rules.versions import RuleChange, rule_changes, without
from tests.intake.rules.lines import TODAY, healthy, possible_answers

ITEMS, RULES = shipped_data()
SHIPPED = shipped_questionnaire()
FREE = sorted(item["id"] for item in ITEMS if item["category"] != "red_flag")


@pytest.mark.parametrize("name", [item["id"] for item in ITEMS])
def test_without_any_one_item_the_data_is_still_whole(name):
    before = copy.deepcopy((ITEMS, RULES))
    left = parse_questionnaire(*without(ITEMS, RULES, [name]))
    assert [item.id for item in left.items] == [item["id"] for item in ITEMS if item["id"] != name]
    lost = {change.id for change in rule_changes(RULES, [name]) if change.kind == "lost"}
    assert {rule.id for rule in SHIPPED.rules} - {rule.id for rule in left.rules} == lost
    assert before == (ITEMS, RULES)


def test_without_everything_that_may_go_the_data_is_still_whole():
    left = parse_questionnaire(*without(ITEMS, RULES, FREE))
    assert [rule.id for rule in left.rules] == ["bilateral_progressive", "below_min_age", "many_cautions"]


def test_the_rules_that_lose_their_meaning_are_named():
    assert rule_changes(RULES, ["lung", "easy_bruising"]) == (
        RuleChange("bleed_deep_region", SHIPPED.rules[0].alert, "narrowed", ("easy_bruising",)),
        RuleChange("lung_and_region", "Lung risk region with lung disease", "lost", ("lung",)),
    )
    assert rule_changes(RULES, []) == ()


@pytest.mark.parametrize(
    ("when", "left"),
    [
        ({"follow_up": {"item": "lung", "id": "area", "value": "yes"}}, None),
        ({"not_follow_up": {"item": "lung", "id": "area", "value": "yes"}}, {"always": True}),
        ({"any": [{"item_any": ["lung"]}, {"item_any": ["cancer"]}]}, {"any": [{"item_any": ["cancer"]}]}),
        ({"any": [{"item_any": ["lung"]}]}, None),
        ({"all": [{"item_any": ["lung"]}, {"region_any": ["chest"]}]}, None),
        (
            {"all": [{"not_follow_up": {"item": "lung", "id": "area", "value": "yes"}}, {"region_any": ["chest"]}]},
            {"all": [{"region_any": ["chest"]}]},
        ),
        (
            {"count_at_least": {"triage": "CAUTION", "n": 2, "except": ["lung", "cancer"]}},
            {"count_at_least": {"triage": "CAUTION", "n": 2, "except": ["cancer"]}},
        ),
    ],
)
def test_what_is_left_of_a_condition(when, left):
    rules = {"combination_rules": [{"id": "one", "when": when}]}
    kept = [] if left is None else [{"id": "one", "when": left}]
    assert without([], rules, ["lung"]) == ([], {"combination_rules": kept})


@pytest.mark.parametrize("seed", range(60))
def test_the_result_is_that_of_an_item_that_is_safe_and_never_speaks(seed):
    """Asked and answered with the safe answer, or not asked: everything else comes out the same."""
    chance = random.Random(seed)
    off = [name for name in chance.sample(FREE, 5) if SHIPPED.by_id[name].gate_answers]
    context, answers = read_line(SHIPPED, _random_line(chance), today=TODAY)
    safe = {name: "yes" if SHIPPED.by_id[name].triage_on == "no" else "no" for name in off}
    asked = evaluate(SHIPPED, context, Answers({**answers.gates, **safe}, answers.follow_ups))
    left = parse_questionnaire(*without(ITEMS, RULES, off))
    gates = {name: gate for name, gate in answers.gates.items() if name not in off}
    follow_ups = {name: given for name, given in answers.follow_ups.items() if name not in off}
    unasked = evaluate(left, context, Answers(gates, follow_ups))
    assert (unasked.outcome, unasked.urgent, unasked.rules, unasked.excluded_regions, unasked.unanswered) == (
        asked.outcome, asked.urgent, asked.rules, asked.excluded_regions, asked.unanswered,
    )  # fmt: skip


def _random_line(chance):
    """Some items fire, with any answers to their follow-ups."""
    regions = chance.sample(sorted(SHIPPED.regions), chance.choice([1, 2]))
    line = healthy(regions=regions, stage=chance.choice(SHIPPED.stages), visit=chance.choice(SHIPPED.visits))
    for item in chance.sample(ITEMS, 12):
        if item["id"] in line["answers"]:
            line["answers"][item["id"]] = item["triage_on"]
        line["follow_ups"][item["id"]] = {one["id"]: chance.choice(possible_answers(one)) for one in item["follow_ups"]}
    return line

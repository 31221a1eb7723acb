"""Whatever is answered: the engine agrees with a second reading of the data, and a risk never helps."""

import copy
from itertools import combinations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from intake.rules.validity import URGENCIES
from tests.intake.rules.lines import (
    ITEM,
    ITEMS,
    RULES,
    calm_answers,
    context_that_keeps,
    healthy,
    possible_answers,
    safe,
    screen,
)
from tests.intake.rules.naive_screening import STRICT, naive_screen
from tests.intake.rules.random_lines import GATED, lines

quick = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
MULTIS = [(item["id"], one["id"]) for item in ITEMS for one in item["follow_ups"] if one["type"] == "multi"]
STOPS_OF_REGIONS = [
    (item["id"], one["id"], option["value"])
    for item in ITEMS
    if item["scope"] == "region"
    for one in item["follow_ups"]
    for option in one.get("options", [])
    if option.get("triage") == "STOP"
]


def require_no_milder(after, before):
    """The second result restricts nothing that the first does not."""
    strong = [*URGENCIES, None]
    assert STRICT.index(after.outcome) <= STRICT.index(before.outcome)
    assert strong.index(after.urgent) <= strong.index(before.urgent)
    assert set(before.excluded_regions) <= set(after.excluded_regions)
    assert ["no", "request", "yes"].index(after.bookable) <= ["no", "request", "yes"].index(before.bookable)


@quick
@given(line=lines())
def test_the_engine_agrees_with_the_naive_reading(line):
    assert screen(line).as_line() == naive_screen(ITEMS, RULES, line)


@quick
@given(line=lines(is_complete=True))
def test_the_engine_agrees_with_the_naive_reading_of_complete_forms(line):
    result = screen(line)
    assert result.complete
    assert result.as_line() == naive_screen(ITEMS, RULES, line)


# --- what is not known to be safe is never bookable ------------------------------------------------------------------
@quick
@given(line=lines())
def test_only_what_is_answered_whole_and_stops_nowhere_may_be_booked(line):
    result = screen(line)
    if result.bookable == "yes":
        assert set(result.items.values()) <= {"CLEAR", "CAUTION"}
        assert (result.complete, result.unanswered, result.urgent, result.excluded_regions) == (True, (), None, ())
    if result.bookable == "request":
        assert set(result.items.values()) <= {"CLEAR", "CAUTION", "REVIEW"}
        assert (result.complete, result.unanswered, result.urgent) == (True, (), None)


@quick
@given(line=lines(), name=st.sampled_from(GATED))
def test_a_kept_question_without_an_answer_is_never_bookable(line, name):
    line["answers"].pop(name, None)
    result = screen(line)
    if name in result.items:
        assert (result.bookable, result.complete, name in result.unanswered) == ("no", False, True)


@quick
@given(line=lines(is_complete=True), item=st.sampled_from(ITEMS), data=st.data())
def test_a_follow_up_that_decides_and_has_no_answer_is_never_bookable(line, item, data):
    if item["id"] in GATED:
        line["answers"][item["id"]] = item["triage_on"]
    result = screen(line)
    finding = result.findings.get(item["id"])
    bearing = [
        one for one in item["follow_ups"] if "rules" in one or any("triage" in o for o in one.get("options", []))
    ]
    shown = [one["id"] for one in bearing if finding and one["id"] in finding.visible]
    if shown:
        left_out = data.draw(st.sampled_from(shown))
        del line["follow_ups"][item["id"]][left_out]
        result = screen(line)
        assert (result.bookable, result.complete) == ("no", False)
        assert f"{item['id']}.{left_out}" in result.unanswered


# --- a risk never helps ----------------------------------------------------------------------------------------------
@quick
@given(line=lines(), name=st.sampled_from(GATED), data=st.data())
def test_one_more_risk_never_makes_the_result_milder(line, name, data):
    item = ITEM[name]
    without, with_risk = copy.deepcopy(line), copy.deepcopy(line)
    without["answers"][name] = safe(item)
    with_risk["answers"][name] = data.draw(st.sampled_from([item["triage_on"], "unsure"]))
    require_no_milder(screen(with_risk), screen(without))


@quick
@given(line=lines(), where=st.sampled_from(MULTIS), data=st.data())
def test_one_more_choice_of_several_never_makes_the_result_milder(line, where, data):
    name, follow_up = where
    options = possible_answers(next(one for one in ITEM[name]["follow_ups"] if one["id"] == follow_up))[-1]
    chosen = data.draw(st.lists(st.sampled_from(options), min_size=1, max_size=len(options) - 1, unique=True))
    more = data.draw(st.sampled_from([option for option in options if option not in chosen]))
    line["answers"][name] = ITEM[name]["triage_on"]
    given_before = line["follow_ups"].setdefault(name, {})
    before = screen({**line, "follow_ups": {**line["follow_ups"], name: {**given_before, follow_up: chosen}}})
    after = screen({**line, "follow_ups": {**line["follow_ups"], name: {**given_before, follow_up: [*chosen, more]}}})
    require_no_milder(after, before)


@pytest.mark.parametrize(("name", "follow_up"), MULTIS)
def test_every_one_more_choice_of_one_and_of_two_is_as_strict(name, follow_up):
    item = ITEM[name]
    options = possible_answers(next(one for one in item["follow_ups"] if one["id"] == follow_up))[-1]
    for others in ({}, calm_answers(item["follow_ups"])):
        results = {
            frozenset(chosen): screen(
                healthy(
                    answers={name: item["triage_on"]},
                    follow_ups={name: {**others, follow_up: list(chosen)}},
                    **context_that_keeps(item),
                )
            )
            for count in (1, 2, 3)
            for chosen in combinations(options, count)
        }
        for chosen, before in results.items():
            for more in set(options) - chosen if len(chosen) < 3 else ():
                require_no_milder(results[chosen | {more}], before)


# --- regions ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("name", "follow_up", "option"), STOPS_OF_REGIONS)
@settings(quick, max_examples=40)
@given(line=lines())
def test_a_stop_for_a_region_never_clears_its_region(name, follow_up, option, line):
    item = ITEM[name]
    is_multi = next(one for one in item["follow_ups"] if one["id"] == follow_up)["type"] == "multi"
    line["answers"][name] = item["triage_on"]
    line["follow_ups"][name] = {
        **calm_answers(item["follow_ups"]),
        **line["follow_ups"].get(name, {}),
        follow_up: [option] if is_multi else option,
    }
    result = screen(line)
    assert result.excluded_regions == tuple(line["context"]["regions"])
    assert result.items[name] == ("STOP" if len(line["context"]["regions"]) == 1 else "REVIEW")
    assert result.bookable in ("no", "request")


# --- and nothing else matters ----------------------------------------------------------------------------------------
@quick
@given(line=lines())
def test_hidden_answers_change_nothing(line):
    kept = screen(line)
    for item in ITEMS:
        if item["id"] not in kept.findings:
            line["follow_ups"][item["id"]] = {one["id"]: possible_answers(one)[-1] for one in item["follow_ups"]}
    assert screen(line) == kept


@quick
@given(line=lines(), number=st.sampled_from(["inr_stop", "inr_high_priority", "inr_same_day"]), limit=st.floats(1, 6))
def test_settings_move_only_what_they_are_about(line, number, limit):
    rules = {**RULES, "clinic_config": {**RULES["clinic_config"], number: limit}}
    assert screen(line, **{number: limit}).as_line() == naive_screen(ITEMS, rules, line)


def test_a_healthy_line_stays_the_same_through_the_screening():
    line = healthy()
    before = copy.deepcopy(line)
    screen(line)
    assert line == before

"""Whatever is answered: the engine agrees with a second reading of the data, and a risk never helps."""

import copy

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.intake.rules.lines import ITEM, ITEMS, RULES, healthy, possible_answers, safe, screen
from tests.intake.rules.naive_screening import STRICT, naive_screen

quick = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
GATES = {
    "yes_no_unsure": ["yes", "no", "no", "no", "unsure", None],
    "yes_no_unsure_na": ["yes", "no", "unsure", "na", None],
}
GATED = [item["id"] for item in ITEMS if item["answer_type"] in GATES]
REGIONS = st.lists(st.sampled_from(RULES["regions"]), min_size=1, max_size=4, unique=True)


@st.composite
def answers_to(draw, follow_ups):
    given = {one["id"]: draw(st.sampled_from([None, *possible_answers(one)])) for one in follow_ups}
    return {key: answer for key, answer in given.items() if answer is not None}


@st.composite
def lines(draw, *, is_complete=False):
    line = {
        "context": {
            "regions": draw(REGIONS),
            "likely_regions": draw(REGIONS),
            "age": draw(st.integers(0, 120)),
            "modality": draw(st.sampled_from(RULES["modalities"])),
            "stage": draw(st.sampled_from(RULES["stages"])),
            "visit": draw(st.sampled_from(RULES["visits"])),
            "on": "2026-11-22",
        },
        "answers": {},
        "follow_ups": {},
    }
    risks = draw(st.sets(st.sampled_from([item["id"] for item in ITEMS]), max_size=8))
    for item in ITEMS:
        name = item["id"]
        if name in GATED:
            gate = draw(st.sampled_from(GATES[item["answer_type"]])) if name in risks else safe(item)
            if gate or is_complete:
                line["answers"][name] = gate or safe(item)
        if name in risks or name not in GATED:
            line["follow_ups"][name] = draw(answers_to(item["follow_ups"]))
    return line


@quick
@given(line=lines())
def test_the_engine_agrees_with_the_naive_reading(line):
    assert screen(line).as_line() == naive_screen(ITEMS, RULES, line)


@quick
@given(line=lines(), name=st.sampled_from(GATED), data=st.data())
def test_one_more_risk_never_makes_the_result_milder(line, name, data):
    item = ITEM[name]
    without, with_risk = copy.deepcopy(line), copy.deepcopy(line)
    without["answers"][name] = safe(item)
    with_risk["answers"][name] = data.draw(st.sampled_from([item["triage_on"], "unsure"]))
    before, after = screen(without), screen(with_risk)
    assert STRICT.index(after.outcome) <= STRICT.index(before.outcome)
    assert set(before.excluded_regions) <= set(after.excluded_regions)
    assert ["no", "request", "yes"].index(after.bookable) <= ["no", "request", "yes"].index(before.bookable)


@quick
@given(line=lines(), name=st.sampled_from(GATED))
def test_a_kept_question_without_an_answer_is_never_bookable(line, name):
    line["answers"].pop(name, None)
    result = screen(line)
    if name in result.items:
        assert (result.bookable, result.complete, name in result.unanswered) == ("no", False, True)


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

"""What counts as a well-formed answer, and what is refused with a sentence."""

import re

import pytest

from intake.questionnaires.shipped import shipped_questionnaire
from intake.rules.answers import AnswerError, likely_regions_of, read_line, to_line
from tests.intake.rules.lines import TODAY, healthy

QUESTIONNAIRE = shipped_questionnaire()
LONE_SURROGATE = "\ud800"


def read(line):
    return read_line(QUESTIONNAIRE, line, today=TODAY)


def with_context(**changes):
    line = healthy()
    line["context"] |= changes
    return line


def without_context(key):
    line = healthy()
    del line["context"][key]
    return line


def with_follow_up(item, **given):
    return healthy(follow_ups={item: given})


MALFORMED = {
    "a list": [],
    "a text": "yes",
    "nothing": None,
    "an empty object": {},
    "an unknown key": {**healthy(), "name": "x"},
    "a context that is a list": {**healthy(), "context": []},
    "answers that are a list": {**healthy(), "answers": []},
    "answers that are null": {**healthy(), "answers": None},
    "follow-ups that are a text": {**healthy(), "follow_ups": "x"},
    "no regions": without_context("regions"),
    "no age": without_context("age"),
    "no modality": without_context("modality"),
    "no stage": without_context("stage"),
    "no visit": without_context("visit"),
    "an unknown context key": with_context(weight=80),
    "an empty list of regions": with_context(regions=[]),
    "one region as a text": with_context(regions="knee"),
    "an unknown region": with_context(regions=["tail"]),
    "a region twice": with_context(regions=["knee", "knee"]),
    "a region that is a list": with_context(regions=[["knee"]]),
    "a likely region twice": with_context(likely_regions=["knee", "knee"]),
    "an unknown likely region": with_context(likely_regions=["tail"]),
    "likely regions null": with_context(likely_regions=None),
    "a negative age": with_context(age=-1),
    "an age of 121": with_context(age=121),
    "an age with a fraction": with_context(age=40.5),
    "an age that is true": with_context(age=True),
    "an age as a text": with_context(age="40"),
    "an age of thousands of digits": with_context(age=10**4000),
    "an unknown modality": with_context(modality="laser"),
    "an unknown stage": with_context(stage="later"),
    "an unknown visit": with_context(visit="second"),
    "a visit that is an object": with_context(visit={}),
    "a day that is null": with_context(on=None),
    "a day before 1900": with_context(on="1899-12-31"),
    "a day that does not exist": with_context(on="2026-02-30"),
    "a day in short form": with_context(on="20261122"),
    "a day as a week": with_context(on="2026-W47-7"),
    "a day with a time": with_context(on="2026-11-22T00:00"),
    "a day in other digits": with_context(on="２０２６-11-22"),
    "a day with a line break": with_context(on="2026-11-22\n"),
    "a day that is a number": with_context(on=20261122),
    "an unknown item": healthy(answers={"hiccups": "yes"}),
    "an unknown gate answer": healthy(answers={"lung": "maybe"}),
    "a gate answer that is true": healthy(answers={"lung": True}),
    "a gate answer that is a list": healthy(answers={"lung": ["yes"]}),
    "a gate answer that is null": healthy(answers={"lung": None}),
    "not applicable where it is not offered": healthy(answers={"lung": "na"}),
    "an answer to an item without a gate": healthy(answers={"needle_choice": "yes"}),
    "an answer to a derived item that is not asked": healthy(answers={"minor": "yes"}),
    "follow-ups of an unknown item": healthy(follow_ups={"hiccups": {}}),
    "an unknown follow-up": with_follow_up("lung", colour="red"),
    "follow-ups that are a list": {**healthy(), "follow_ups": {"lung": []}},
    "an unknown choice": with_follow_up("needle_choice", level="great"),
    "a choice that is a list": with_follow_up("needle_choice", level=["fine"]),
    "a choice that is null": with_follow_up("needle_choice", level=None),
    "several choices as a text": with_follow_up("lung", which="copd"),
    "an unknown one of several": with_follow_up("lung", which=["copd", "x"]),
    "the same choice twice": with_follow_up("lung", which=["copd", "copd"]),
    "a choice inside a choice": with_follow_up("lung", which=[["copd"]]),
    "yes as true": with_follow_up("rf_dvt", risk=True),
    "unknown where it is not offered": with_follow_up("rf_dvt", risk="unknown"),
    "an INR that is true": with_follow_up("anticoagulant", inr=True),
    "an INR as a text": with_follow_up("anticoagulant", inr="2.4"),
    "an INR that is not a number": with_follow_up("anticoagulant", inr=float("nan")),
    "an INR without end": with_follow_up("anticoagulant", inr=float("inf")),
    "an INR too low": with_follow_up("anticoagulant", inr=0.49),
    "an INR too high": with_follow_up("anticoagulant", inr=20.1),
    "an INR of thousands of digits": with_follow_up("anticoagulant", inr=10**4000),
    "an INR that is null": with_follow_up("anticoagulant", inr=None),
    "an INR date ahead": with_follow_up("anticoagulant", inr_date="2026-11-23"),
    "an INR date before 1900": with_follow_up("anticoagulant", inr_date="1899-12-31"),
    "an unknown accident date": with_follow_up("rf_trauma_fracture", when="unknown"),
    "a text that is a number": with_follow_up("surgery", what=3),
    "a text too long": with_follow_up("surgery", what="x" * 2001),
    "a text with NUL": with_follow_up("surgery", what="a\0b"),
    "a text with half a character": with_follow_up("surgery", what=f"a{LONE_SURROGATE}b"),
    "a key with half a character": {**healthy(), LONE_SURROGATE: 1},
    "a very long key": {**healthy(), "x" * 100_000: 1},
}


@pytest.mark.parametrize("line", MALFORMED.values(), ids=MALFORMED.keys())
def test_refused_with_a_short_sentence_in_ascii(line):
    with pytest.raises(AnswerError) as refusal:
        read(line)
    assert re.fullmatch(r"[ -~]{10,400}", str(refusal.value))


def test_every_kind_of_answer_is_understood():
    line = healthy(
        answers={"anticoagulant": "yes"},
        follow_ups={
            "anticoagulant": {"drug": ["warfarin", "other"], "inr": 3, "inr_date": "1900-01-01", "stable": "yes"},
            "surgery": {"what": "né\n" * 500, "same_area": "no"},
            "lung": {"which": []},
        },
    )
    context, answers = read(line)
    assert (context.regions, context.age, context.on) == (("knee",), 40, TODAY)
    assert answers.gates["anticoagulant"] == "yes"
    assert answers.follow_ups["anticoagulant"]["drug"] == ("warfarin", "other")
    assert answers.follow_ups["lung"] == {"which": ()}
    assert to_line(context, answers) == line


def test_what_may_be_left_out():
    context, answers = read(
        {"context": {k: v for k, v in healthy()["context"].items() if k not in ("on", "likely_regions")}}
    )
    assert (context.on, context.likely_regions, answers.gates, answers.follow_ups) == (TODAY, (), {}, {})


def test_the_edges_of_the_ranges_are_inside():
    read(with_context(age=0))
    read(with_context(age=120, on="1900-01-01"))
    read(with_follow_up("anticoagulant", inr=0.5, inr_date="2026-11-22"))
    read(with_follow_up("anticoagulant", inr=20, inr_date="unknown"))
    read(with_follow_up("surgery", what="x" * 2000))


def test_an_error_quotes_no_answer():
    with pytest.raises(AnswerError) as refusal:
        read(healthy(answers={"lung": "my secret"}))
    assert str(refusal.value) == "answers.lung must be one of yes, no, unsure"


def test_likely_regions_leave_out_the_chosen_ones():
    assert likely_regions_of(QUESTIONNAIRE, ("knee",)) == ("thigh",)
    assert likely_regions_of(QUESTIONNAIRE, ("neck", "shoulder_girdle")) == ("upper_back_thorax",)
    assert likely_regions_of(QUESTIONNAIRE, ("calf_shin",)) == ()

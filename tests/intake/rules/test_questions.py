"""Which questions are asked, and on which page."""

import itertools

from intake.questionnaires.shipped import shipped_manner, shipped_questionnaire, shipped_sharing
from intake.rules.answers import read_line
from intake.rules.questions import (
    MAX_ROWS,
    PRIVATE,
    deciding_follow_ups,
    informing_follow_ups,
    kept_items,
    pages,
    visible_follow_ups,
)
from tests.intake.rules.lines import RULES, TODAY, healthy

QUESTIONNAIRE = shipped_questionnaire()
LAST, ALONE = shipped_sharing().asked_last, shipped_manner().private


def context_of(**context):
    return read_line(QUESTIONNAIRE, healthy(**context), today=TODAY)[0]


def ids(things):
    return [thing.id for thing in things]


def test_every_kept_item_stands_once_on_a_page_of_its_kind():
    choices = (RULES["modalities"], RULES["stages"], RULES["visits"], (15, 40), ("knee", "abdomen", "neck"))
    for modality, stage, visit, age, region in itertools.product(*choices):
        context = context_of(modality=modality, stage=stage, visit=visit, age=age, regions=[region])
        laid_out = pages(QUESTIONNAIRE, context)
        check_pages(context, laid_out)
        check_pages(context, pages(QUESTIONNAIRE, context, last=LAST, alone=ALONE))


def check_pages(context, laid_out):
    """At most eight rows, one kind and one meaning of "none of these" a page, urgent signs first, everything once."""
    asked = [item.id for page in laid_out for item in page.items]
    assert asked == list(dict.fromkeys(asked))
    assert set(asked) == set(ids(kept_items(QUESTIONNAIRE, context)))
    assert len({page.key for page in laid_out}) == len(laid_out)
    for page in laid_out:
        assert 1 <= len(page.items) <= MAX_ROWS
        assert page.group == PRIVATE or {item.group for item in page.items} == {page.group}
        assert {item.category == "red_flag" for item in page.items} == {page.is_red_flags}
        assert {"yes" if item.triage_on == "no" else "no" for item in page.items} == {page.safe_answer}
    assert [page.is_red_flags for page in laid_out] == sorted((page.is_red_flags for page in laid_out), reverse=True)


def test_a_first_visit_for_a_knee():
    assert [(page.key, len(page.items)) for page in pages(QUESTIONNAIRE, context_of())] == [
        ("a-red-flags-1", 8),
        ("b-choice-consent-1", 3),
        ("c-past-reactions-1", 2),
        ("d-bleeding-1", 5),
        ("e-infection-immune-1", 3),
        ("f-conditions-1", 6),
        ("f-conditions-2", 6),
        ("f-conditions-3", 6),
        ("g-allergy-meds-mind-1", 4),
    ]


def test_the_question_with_the_other_safe_answer_has_its_own_page():
    laid_out = pages(QUESTIONNAIRE, context_of(stage="check_in"))
    assert [(page.safe_answer, ids(page.items)) for page in laid_out if page.group == "H_day_of_visit"] == [
        ("no", ["day_alcohol_drugs", "day_tired", "day_changes", "day_driving"]),
        ("yes", ["day_eaten"]),
    ]


def test_follow_ups_appear_with_what_they_depend_on():
    item = QUESTIONNAIRE.by_id["anticoagulant"]
    assert ids(visible_follow_ups(item, "no", {"drug": ("warfarin",)})) == []
    assert ids(visible_follow_ups(item, "unsure", {})) == []
    assert ids(visible_follow_ups(item, None, {})) == []
    assert ids(visible_follow_ups(item, "yes", {})) == ["drug", "stable", "reason"]
    assert ids(visible_follow_ups(item, "yes", {"drug": ("doac", "warfarin")})) == [
        "drug",
        "inr",
        "inr_date",
        "stable",
        "reason",
    ]


def test_an_item_without_a_gate_shows_its_follow_ups_at_once():
    assert ids(visible_follow_ups(QUESTIONNAIRE.by_id["needle_choice"], None, {})) == ["level"]


def test_deciding_follow_ups_include_those_that_combination_rules_compare():
    assert ids(deciding_follow_ups(QUESTIONNAIRE.by_id["rf_progressive_weakness"])) == ["speed", "both_sides"]
    assert ids(deciding_follow_ups(QUESTIONNAIRE.by_id["anticoagulant"])) == ["drug", "inr", "inr_date"]
    assert ids(deciding_follow_ups(QUESTIONNAIRE.by_id["rf_dvt"])) == []


def informing(line):
    context, answers = read_line(QUESTIONNAIRE, line, today=TODAY)
    return {item.id: ids(follow_ups) for item, follow_ups in informing_follow_ups(QUESTIONNAIRE, context, answers)}


def test_a_healthy_knee_leaves_nothing_to_ask_after_booking():
    assert informing(healthy()) == {}


def test_what_decides_nothing_is_asked_after_booking_of_what_fired():
    given = {"anticoagulant": {"drug": ["doac"]}, "consent_capacity": {"help_type": "sdm"}}
    told = {"anticoagulant": "yes", "consent_capacity": "yes", "rf_dvt": "unsure", "surgery": "no"}
    assert informing(healthy(answers=told, follow_ups=given, regions=["neck"])) == {
        "consent_capacity": ["sdm_name"],
        "anticoagulant": ["stable", "reason"],
        "thoracic_region": ["slim"],
    }


def test_after_booking_a_visit_without_needles_only_red_flags_are_asked_further():
    told = {"rf_dvt": "yes", "anticoagulant": "yes"}
    assert informing(healthy(answers=told, regions=["neck"], modality="none")) == {"rf_dvt": ["risk"]}


def test_what_a_young_person_answers_alone_comes_last():
    laid_out = pages(QUESTIONNAIRE, context_of(modality="electrical"), last=LAST, alone=ALONE)
    assert [(page.key, ids(page.items)) for page in laid_out[-2:]] == [
        ("private-1", ["private_disclosure", "pregnancy", "mental_health"]),
        ("private-2", ["electrical_modality"]),
    ]

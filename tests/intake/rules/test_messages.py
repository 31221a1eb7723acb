"""What a patient is told."""

from intake.questionnaires.shipped import shipped_questionnaire
from intake.rules.messages import Message, messages_for
from tests.intake.rules.lines import ITEM, RULES, healthy, screen

NUMBERS = {"emergency_number": "911", "nurse_line": "811", "crisis_line": "988"}
NOTICES = [
    Message("notice", "This form does not diagnose and does not replace your therapist's check.", None),
    Message("notice", "If you feel worse or have an emergency, call 911.", None),
    Message("notice", "Never stop a prescribed medicine for this visit.", None),
]
BY_OUTCOME = RULES["messages"]["by_outcome"]


def told(line):
    questionnaire = shipped_questionnaire(**NUMBERS)
    messages = messages_for(questionnaire, screen(line, **NUMBERS))
    assert messages[-len(NOTICES) :] == NOTICES
    return messages[: -len(NOTICES)]


def own(item):
    return Message("item", ITEM[item]["patient_message"].replace("{{emergency_number}}", "911"), item)


def of_outcome(kind, item=None):
    text = BY_OUTCOME[kind].replace("{{emergency_number}}", "911").replace("{{nurse_line}}", "811")
    return Message("outcome", text, item)


def test_a_healthy_person_reads_the_notices_only():
    assert told(healthy()) == []


def test_an_items_own_message_stands_on_its_own_result():
    assert told(healthy(answers={"rf_cauda_equina": "unsure"})) == [own("rf_cauda_equina")]


def test_a_milder_result_shows_no_emergency_text():
    line = healthy(answers={"rf_cauda_equina": "yes"}, follow_ups={"rf_cauda_equina": {"onset": "known_stable"}})
    assert told(line) == [of_outcome("REVIEW", "rf_cauda_equina")]


def test_a_stricter_urgency_shows_its_text_instead_of_the_items():
    line = healthy(
        answers={"rf_progressive_weakness": "yes"}, follow_ups={"rf_progressive_weakness": {"speed": "hours_days"}}
    )
    assert told(line) == [of_outcome("EMERGENCY", "rf_progressive_weakness")]


def test_a_stop_that_became_a_review_shows_the_reviews_text():
    line = healthy(
        answers={"local_skin": "yes"}, follow_ups={"local_skin": {"what": ["wound"]}}, regions=["knee", "thigh"]
    )
    assert told(line) == [of_outcome("REVIEW", "local_skin")]


def test_an_item_without_a_message_of_its_own_shows_the_outcomes():
    line = healthy(answers={"frail_bone": "yes"})
    assert told(line) == [of_outcome("CAUTION", "frail_bone")]


def test_the_most_pressing_comes_first_and_no_text_twice():
    line = healthy(
        answers={"frail_bone": "yes", "easy_bruising": "unsure", "lie_still": "yes", "rf_dvt": "yes"},
        follow_ups={"lie_still": {"which": "movement"}},
    )
    assert told(line) == [own("rf_dvt"), of_outcome("REVIEW", "easy_bruising"), of_outcome("CAUTION", "frail_bone")]


def test_a_rule_that_raises_beyond_every_item_adds_the_outcomes_text():
    assert told(healthy(age=15)) == [of_outcome("STOP"), own("minor")]
    line = healthy(
        answers={"rf_cancer_signs": "yes", "cancer": "unsure"},
        follow_ups={"rf_cancer_signs": {"which": ["night_pain"], "cancer_ever": "no"}},
    )
    assert told(line) == [of_outcome("MEDICAL_SOON"), own("rf_cancer_signs"), own("cancer")]


def test_advice_that_is_clear_is_shown_only_when_it_applies():
    assert told(healthy(answers={"day_driving": "yes"}, stage="check_in")) == [own("day_driving")]
    assert told(healthy(stage="check_in")) == []


def test_a_high_inr_says_whom_to_call_and_never_to_stop_the_medicine():
    line = healthy(
        answers={"anticoagulant": "yes"},
        follow_ups={"anticoagulant": {"drug": ["warfarin"], "inr": 5, "inr_date": "unknown"}},
    )
    advice = ITEM["anticoagulant"]["follow_ups"][1]["rules"][0]["message"]
    assert told(line) == [
        of_outcome("SAME_DAY", "anticoagulant"),
        Message("advice", advice, "anticoagulant"),
        Message("always", ITEM["anticoagulant"]["always_message"], "anticoagulant"),
    ]


def test_what_always_holds_is_said_on_any_result():
    line = healthy(answers={"antiplatelet": "unsure"})
    assert told(line) == [
        of_outcome("REVIEW", "antiplatelet"),
        Message("always", ITEM["antiplatelet"]["always_message"], "antiplatelet"),
    ]


def test_a_question_that_nobody_answered_yet_is_not_commented():
    line = healthy(answers={"frail_bone": "yes"})
    del line["follow_ups"]["needle_choice"]
    result = screen(line)
    assert (result.outcome, result.outcome_of_answers, result.bookable) == ("STOP", "CAUTION", "no")
    assert told(line) == [of_outcome("CAUTION", "frail_bone")]


def test_no_text_keeps_a_gap_to_fill_in():
    everything = healthy(answers={item: "yes" for item in ITEM if ITEM[item]["answer_type"].startswith("yes_no")})
    everything["context"] |= {"age": 15, "stage": "check_in", "visit": "return", "modality": "electrical"}
    assert [message.text for message in told(everything) if "{{" in message.text] == []

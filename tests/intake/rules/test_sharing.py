"""One answer feeds all the questions it answers, and never makes anything milder."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.questionnaires.shipped import shipped_data, shipped_manner, shipped_questionnaire, shipped_sharing
from intake.rules.answers import read_line
from intake.rules.definitions import QuestionnaireError, parse_questionnaire
from intake.rules.questions import fires
from intake.rules.sharing import NOTHING, Target, implied, is_told, parse_sharing, share, still_true
from intake.rules.validity import OUTCOMES, URGENCIES
from tests.intake.rules.lines import ITEM, TODAY, context_that_keeps, healthy, screen
from tests.intake.rules.test_screening_properties import lines, quick

QUESTIONNAIRE = shipped_questionnaire()
SHARING = shipped_sharing()


def implied_by(line):
    context, answers = read_line(QUESTIONNAIRE, line, today=TODAY)
    return implied(SHARING, QUESTIONNAIRE, context, answers)


def shared(line, *, before=None):
    """The line with what follows from it; `before`: the line as it was, with what followed then."""
    line = {"context": {}, "answers": {}, "follow_ups": {}, **copy.deepcopy(line)}
    share(line, QUESTIONNAIRE, before=implied_by(before) if before else NOTHING, now=implied_by(line))
    return line


def without(line, *items):
    for item in items:
        line["answers"].pop(item, None)
    return line


CANCER_SIGNS = {"rf_cancer_signs": "yes"}


def cancer_ever(answer, *, unasked=("cancer",), **more):
    line = healthy(answers=CANCER_SIGNS, follow_ups={"rf_cancer_signs": {"which": [], "cancer_ever": answer}}, **more)
    return without(line, *unasked)


def is_safe(one):
    return not one.target.follow_up and not fires(QUESTIONNAIRE.by_id[one.target.item], one.answer)


def told_so(one):
    """A line in which the implication holds, and its target has no answer."""
    place = one.target.item
    context = context_that_keeps(ITEM[place])
    if one.regions:
        context["regions"] = [sorted(one.regions)[0]]
    answers, follow_ups = {}, {}
    for told in one.told:
        if told.target.follow_up:
            answers[told.target.item] = "yes"
            options = ITEM[told.target.item]["follow_ups"]
            kind = next(each["type"] for each in options if each["id"] == told.target.follow_up)
            given = list(told.values[:1]) if kind == "multi" else told.values[0]
            follow_ups.setdefault(told.target.item, {})[told.target.follow_up] = given
        else:
            answers[told.target.item] = told.values[0]
    if one.includes:
        answers[place] = "yes"
        follow_ups[place] = {one.target.follow_up: []}
    line = healthy(answers=answers, follow_ups=follow_ups, **context)
    return line if one.target.follow_up else without(line, place)


@pytest.mark.parametrize("one", SHARING.implications, ids=lambda one: one.id)
def test_what_was_told_answers_the_other_question(one):
    line = shared(told_so(one))
    if one.includes:
        assert one.answer in line["follow_ups"][one.target.item][one.target.follow_up]
        return
    context, answers = read_line(QUESTIONNAIRE, line, today=TODAY)
    assert is_told(implied(SHARING, QUESTIONNAIRE, context, answers), answers, one.target)


@pytest.mark.parametrize("one", SHARING.implications, ids=lambda one: one.id)
def test_every_implication_says_why_in_one_line(one):
    assert 20 < len(one.reason) < 160
    assert "\n" not in one.reason


def test_only_two_safe_answers_follow_from_anything_and_each_from_denials_alone():
    safe = {one.id: [(told.target, told.values) for told in one.told] for one in SHARING.implications if is_safe(one)}
    assert safe == {
        "cancer_ever_no": [(Target("rf_cancer_signs", "cancer_ever"), ("no",))],
        "electrical_none": [
            (Target("epilepsy"), ("no",)),
            (Target("pregnancy"), ("no",)),
            (Target("electronic_device"), ("no",)),
        ],
    }


@pytest.mark.parametrize("one", [one for one in SHARING.implications if one.target.follow_up], ids=lambda one: one.id)
def test_a_derived_choice_is_never_milder_than_another_single_choice(one):
    options = QUESTIONNAIRE.by_id[one.target.item].follow_up_of[one.target.follow_up].options
    if one.includes or not any(option.triage for option in options):
        return
    place = {option.value: OUTCOMES.index(option.triage) if option.triage else len(OUTCOMES) for option in options}
    assert place[one.answer] == min(place.values())


@quick
@given(line=lines(is_complete=True))
def test_sharing_never_makes_the_result_milder(line):
    """Compared with asking everything, where nobody denies in one place what was said in the other."""
    found = implied_by(line)
    for target, answer in found.answers.items():
        item = QUESTIONNAIRE.by_id[target.item]
        if not target.follow_up and not fires(item, answer):
            line["answers"][target.item] = answer  # truthful: who denied the wider question denies this one
    asked, with_sharing = screen(line), screen(shared(line))
    assert OUTCOMES.index(with_sharing.outcome) <= OUTCOMES.index(asked.outcome)
    order = [*URGENCIES, None]
    assert order.index(with_sharing.urgent) <= order.index(asked.urgent)
    assert ["no", "request", "yes"].index(with_sharing.bookable) <= ["no", "request", "yes"].index(asked.bookable)


@quick
@given(line=lines(is_complete=True), data=st.data())
def test_an_answer_that_speaks_against_needling_is_never_replaced_by_a_safe_one(line, data):
    one = data.draw(st.sampled_from([one for one in SHARING.implications if is_safe(one)]))
    line = told_so(one)
    line["answers"][one.target.item] = data.draw(st.sampled_from(["yes", "unsure"]))
    assert shared(line)["answers"][one.target.item] == line["answers"][one.target.item]


@quick
@given(line=lines())
def test_sharing_twice_changes_nothing_more(line):
    once = shared(line)
    assert shared(once, before=once) == once


def test_no_cancer_is_not_asked_again_and_cancer_is_asked_further():
    assert shared(cancer_ever("no"))["answers"]["cancer"] == "no"
    line = shared(cancer_ever("yes"))
    assert line["answers"]["cancer"] == "yes"
    assert "cancer" not in line["follow_ups"]
    assert "cancer.stage" in screen(line).unanswered


def test_changing_the_first_answer_changes_what_follows_from_it():
    before = shared(cancer_ever("yes"))
    before["follow_ups"]["cancer"] = {"stage": ["past"]}
    changed = copy.deepcopy(before)
    changed["follow_ups"]["rf_cancer_signs"]["cancer_ever"] = "no"
    after = shared(changed, before=before)
    assert after["answers"]["cancer"] == "no"
    assert "cancer" not in after["follow_ups"]


def test_taking_the_first_answer_back_takes_back_what_followed_from_it():
    before = shared(cancer_ever("no"))
    changed = copy.deepcopy(before)
    changed["answers"]["rf_cancer_signs"] = "no"
    assert "cancer" not in shared(changed, before=before)["answers"]


def test_who_contradicts_is_asked():
    line = shared(cancer_ever("no", unasked=()) | {})
    assert line["answers"]["cancer"] == "no"
    line = healthy(
        answers={**CANCER_SIGNS, "cancer": "yes"}, follow_ups={"rf_cancer_signs": {"cancer_ever": "no", "which": []}}
    )
    context, answers = read_line(QUESTIONNAIRE, shared(line), today=TODAY)
    assert answers.gates["cancer"] == "yes"
    assert not is_told(implied(SHARING, QUESTIONNAIRE, context, answers), answers, Target("cancer"))


def test_a_hidden_answer_says_nothing():
    line = cancer_ever("yes")
    line["answers"]["rf_cancer_signs"] = "no"
    assert implied_by(line) == NOTHING


def test_a_question_that_is_not_asked_is_not_answered():
    assert Target("electrical_modality") in implied_by(healthy(modality="electrical")).answers
    assert implied_by(healthy(modality="manual")) == NOTHING


def test_does_not_apply_is_no_denial():
    assert implied_by(healthy(answers={"pregnancy": "na"}, modality="electrical")) == NOTHING


def test_what_follows_feeds_the_next_question():
    told = {"previous_reaction": "yes"}
    line = healthy(answers=told, follow_ups={"previous_reaction": {"what": ["fit"]}}, modality="electrical")
    assert implied_by(line).answers == {Target("epilepsy"): "yes", Target("electrical_modality"): "yes"}


def test_a_question_in_other_words_is_asked():
    items, rules = copy.deepcopy(shipped_data())
    next(item for item in items if item["id"] == "cancer")["question"] = "Do you have cancer now?"
    asked = parse_questionnaire(items, rules)
    left = still_true(SHARING, written_for=QUESTIONNAIRE, asked=asked)
    gone = {one.id for one in SHARING.implications} - {one.id for one in left.implications}
    assert gone == {"cancer_ever_yes", "cancer_ever_no"}


def test_a_question_that_is_switched_off_feeds_nothing():
    items, rules = copy.deepcopy(shipped_data())
    asked = parse_questionnaire([item for item in items if item["id"] != "electrical_modality"], rules)
    left = still_true(SHARING, written_for=QUESTIONNAIRE, asked=asked)
    assert not left.asked_last
    assert not any(one.target.item == "electrical_modality" for one in left.implications)


WHEN = [{"item": "epilepsy", "is": ["yes"]}]
THEN = {"item": "cancer", "answer": "no"}


@pytest.mark.parametrize(
    ("implications", "problem"),
    [
        ([{"id": "a", "when": [], "then": THEN, "reason": ""}], "follows from nothing"),
        ([{"id": "a", "when": [{"item": "epilepsy", "is": ["maybe"]}], "then": THEN, "reason": ""}], "maybe"),
        ([{"id": "a", "when": WHEN, "then": {"item": "cancer", "answer": "na"}, "reason": ""}], "must be one of"),
        ([{"id": "a", "when": WHEN, "then": {"item": "lung", "follow_up": "which", "answer": "copd"}, "reason": ""}],
         "several choices"),
        ([{"id": "a", "when": WHEN, "then": {"item": "cancer", "answer": "yes"}, "reason": ""},
          {"id": "b", "when": [{"item": "lung", "is": ["yes"]}], "then": {"item": "epilepsy", "answer": "yes"},
           "reason": ""}], "must stand after"),
        ([{"id": "a", "when": WHEN, "then": THEN, "reason": ""},
          {"id": "b", "when": [{"item": "cancer", "is": ["no"]}], "then": {"item": "lung", "answer": "yes"},
           "reason": ""}], "nothing more may follow"),
    ],
)  # fmt: skip
def test_data_that_can_not_be_meant_is_refused(implications, problem):
    with pytest.raises(QuestionnaireError, match=problem):
        parse_sharing({"implications": implications, "asked_last": []}, QUESTIONNAIRE)


def test_every_intimate_question_says_why():
    manner = shipped_manner()
    assert manner.private <= manner.why.keys()
    assert all(sentence.endswith(".") and len(sentence) < 160 for sentence in manner.why.values())

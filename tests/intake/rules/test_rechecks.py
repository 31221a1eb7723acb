"""What is asked again before a visit, and when."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest

from intake.questionnaires.shipped import shipped_data
from intake.rules.answers import Answers, Context
from intake.rules.definitions import Questionnaire, parse_questionnaire
from intake.rules.questions import kept_items
from intake.rules.rechecks import (
    asked_again,
    carried_over,
    is_covered_by,
    merged_answers,
    recheck_pages,
    says_something_changed,
    what_is_due,
)
from intake.rules.screening import evaluate

START = datetime(2026, 11, 24, 16, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
STANDING = ("pregnancy", "local_skin", "medication")
OF_THE_DAY = ("systemic_infection", "day_alcohol_drugs", "day_eaten", "day_tired", "day_changes", "day_driving")


@cache
def shipped() -> Questionnaire:
    return parse_questionnaire(*shipped_data())


def context(stage: str = "check_in", visit: str = "first") -> Context:
    return Context(("knee",), (), 40, "manual", stage, visit, START.date())


def healthy(**over: str) -> Answers:
    """Everything that is asked when booking, answered safely."""
    kept = kept_items(shipped(), context("booking"))
    gates = {item.id: "yes" if item.triage_on == "no" else "no" for item in kept if item.gate_answers}
    return Answers(gates=gates | over, follow_ups={"needle_choice": {"level": "fine"}})


def ids(extent: str, known: Answers | None = None, visit: str = "first") -> list[str]:
    asked = asked_again(shipped(), context(visit=visit), known or healthy(), extent)  # type: ignore[arg-type]
    return [item.id for item in asked]


@pytest.mark.parametrize(
    ("stage", "ago", "on_the_day", "now", "due"),
    [
        ("booking", 24 * 9, False, 25, "nothing"),  # too early
        ("booking", 24 * 9, False, 24, "short"),
        ("booking", 24 * 9, False, 0, "short"),
        ("booking", 20, False, 15, "nothing"),
        ("within_24h", 20, False, 15, "nothing"),
        ("booking", 20, False, 2, "day"),  # answered yesterday, but not how today is
        ("within_24h", 20, False, 2, "day"),
        ("within_24h", 26, False, 2, "short"),  # the visit was moved since
        ("check_in", 2, True, 1, "nothing"),
        ("check_in", 23, False, 1, "day"),  # it was the day of another time
        ("check_in", 24 * 7, False, 1, "short"),
        ("check_in", 24 * 91, False, 1, "full"),
    ],
)
def test_how_much_is_due(stage: str, ago: float, on_the_day: bool, now: float, due: str) -> None:
    evaluated = START - ago * HOUR
    found = what_is_due(
        stage=stage,
        evaluated_at=evaluated,
        valid_until=evaluated + timedelta(days=90),
        on_the_day=on_the_day,
        is_the_day=now < 10,
        start=START,
        now=START - now * HOUR,
    )
    assert found == due


def test_the_short_set_asks_for_urgent_signs_and_for_what_may_have_changed() -> None:
    red_flags = [item.id for item in shipped().items if item.category == "red_flag" and item.id != "rf_after_needling"]
    assert set(ids("short")) == {*red_flags, *STANDING, *OF_THE_DAY}


def test_on_the_day_only_the_day_is_asked_about() -> None:
    assert set(ids("day")) == set(OF_THE_DAY)


def test_whoever_was_needled_here_is_asked_how_that_was() -> None:
    assert set(ids("day", visit="return")) == {*OF_THE_DAY, "rf_after_needling"}


def test_what_was_never_answered_is_asked_in_any_case() -> None:
    known = healthy()
    del known.gates["diabetes"]  # type: ignore[attr-defined]
    assert "diabetes" in ids("day", known)


def test_everything_is_asked_when_the_answers_have_run_out() -> None:
    assert ids("full") == [item.id for item in kept_items(shipped(), context())]


@pytest.mark.parametrize(("answer", "changed"), [("no", False), ("yes", True), ("unsure", True)])
def test_a_change_is_one_that_is_not_denied(answer: str, changed: bool) -> None:
    assert says_something_changed(shipped(), healthy(day_changes=answer)) is changed


def test_an_answer_is_carried_over_only_to_the_same_question() -> None:
    items, rules = shipped_data()
    reworded = [{**item, "question": "Other words?"} if item["id"] == "diabetes" else item for item in items]
    newer = parse_questionnaire(reworded, rules)
    kept = carried_over(shipped(), newer, healthy())
    assert set(healthy().gates) - set(kept.gates) == {"diabetes"}
    assert carried_over(shipped(), shipped(), healthy()) == healthy()


def test_answers_of_today_replace_those_of_what_was_asked_and_no_others() -> None:
    known = Answers({"fainting": "yes", "cancer": "yes", "lung": "no"}, {"fainting": {"x": "1"}, "cancer": {"y": "2"}})
    given = Answers({"fainting": "no"}, {})
    found = merged_answers(shipped(), known, given, {"fainting", "lung"})
    assert found == Answers({"fainting": "no", "cancer": "yes"}, {"cancer": {"y": "2"}})


def test_what_follows_from_other_answers_makes_an_earlier_one_worse_but_never_milder() -> None:
    known = Answers({"cancer": "yes", "lung": "no"}, {"cancer": {"y": "2"}})
    derived = Answers({"cancer": "no", "lung": "yes"}, {})
    assert merged_answers(shipped(), known, derived, ()) == Answers(
        {"cancer": "yes", "lung": "yes"}, {"cancer": {"y": "2"}}
    )


def test_pages_don_t_mix_what_was_known_with_what_is_asked_afresh() -> None:
    asked = asked_again(shipped(), context(visit="return"), healthy(), "short")
    pages = recheck_pages(asked, context(visit="return"), healthy(), by_group=False)
    assert [(page.is_red_flags, page.known, len(page.items)) for page in pages] == [
        (True, True, 8),
        (True, False, 1),
        (False, True, 3),
        (False, False, 5),
        (False, False, 1),  # "have you eaten?": there yes is the safe answer
    ]
    assert sum(len(page.items) for page in pages) == len(asked)


def test_a_decision_holds_while_nothing_else_asks_for_one() -> None:
    questionnaire = shipped()
    ill = {"diabetes": {"control": "up_down", "complications": ()}}
    before = Answers(healthy(diabetes="yes").gates, {**healthy().follow_ups, **ill})
    days = {name: "yes" if name == "day_eaten" else "no" for name in OF_THE_DAY}
    same = replace(before, gates={**before.gates, **days})
    tired = replace(same, gates={**same.gates, "day_eaten": "no"}, follow_ups={**same.follow_ups})
    other = replace(same, gates={**same.gates, "easy_bruising": "yes"})
    then = evaluate(questionnaire, context("booking"), before)
    assert then.outcome == "REVIEW"

    def holds(answers: Answers) -> bool:
        return is_covered_by(evaluate(questionnaire, context(), answers), then, answers, before)

    assert holds(same)
    assert holds(tired)  # to be kept in mind, not to be decided
    assert not holds(other)
    assert holds(replace(same, gates={**same.gates, "diabetes": "no"}))  # less than was decided about

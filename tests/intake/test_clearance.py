"""May this visit be booked on these answers? Every door asks here."""

from dataclasses import dataclass
from datetime import date, timedelta

import pytest

from intake.models import ScreeningDecision
from intake.questionnaires.shipped import shipped_questionnaire
from intake.rules.answers import read_line
from intake.rules.screening import evaluate
from intake.selectors.clearance import Clearance, get_clearance, screening_by_token
from intake.selectors.questionnaires import definition_of
from tests.factories.intake import (
    NOW,
    caution_line,
    clear_line,
    emergency_line,
    line_with,
    make_questionnaire,
    make_screening,
    make_user,
    review_line,
    stop_line,
)

pytestmark = pytest.mark.django_db
TOMORROW = NOW + timedelta(days=1)


@dataclass
class Service:
    modality: str = "manual"
    screening: str = "full"


NEEDLES, CURRENT, TALK, CALL = Service(), Service("electrical"), Service("none", "red-flags"), Service("none", "none")


def ask(screening, service=NEEDLES, start=TOMORROW, birth_date=None, now=NOW, **more):
    return get_clearance(screening=screening, service=service, start=start, birth_date=birth_date, now=now, **more)


def decide(screening, decision="approved", regions=(), valid_until=NOW + timedelta(days=30)):
    ScreeningDecision.objects.create(
        screening=screening,
        decision=decision,
        decided_by=make_user(),
        decided_at=NOW,
        content={"reason": "seen", "regions": list(regions), "conditions": ""},
        valid_until=valid_until,
    )


@pytest.mark.parametrize(
    ("make_line", "decision", "outcome", "urgent"),
    [
        (clear_line, "yes", "CLEAR", None),
        (caution_line, "yes", "CAUTION", None),
        (review_line, "request", "REVIEW", None),
        (stop_line, "no", "STOP", None),
        (emergency_line, "no", "STOP", "EMERGENCY"),
    ],
)
def test_each_outcome_leads_where_it_should_with_needles(make_line, decision, outcome, urgent):
    screening = make_screening(make_line()).screening
    assert ask(screening) == Clearance(decision, True, outcome, urgent, (), screening.valid_until)


@pytest.mark.parametrize(
    ("make_line", "decision"),
    [(clear_line, "yes"), (review_line, "yes"), (stop_line, "yes"), (emergency_line, "no")],
)
def test_without_needles_only_an_urgent_sign_says_no(make_line, decision):
    assert ask(make_screening(make_line()).screening, TALK).decision == decision


def test_a_phone_call_needs_no_answers():
    assert ask(None, CALL) == Clearance("yes", True)


def test_without_answers_nothing_with_needles_is_booked_by_anybody():
    assert ask(None) == Clearance("no", False)
    assert ask(None, by_staff=True) == Clearance("no", False)


def test_only_staff_book_an_assessment_without_answers():
    assert (ask(None, TALK).decision, ask(None, TALK, by_staff=True).decision) == ("no", "yes")


def test_answers_that_expire_before_the_visit_do_not_count():
    screening = make_screening().screening
    end = screening.valid_until
    assert ask(screening, start=end) == Clearance("yes", True, "CLEAR", None, (), end)
    assert ask(screening, start=end + timedelta(minutes=1)) == Clearance("no", False)


def test_the_age_on_the_day_of_the_visit_counts_not_the_age_that_was_said():
    screening = make_screening(clear_line(age=18)).screening
    born = date(TOMORROW.year - 17, 1, 1)
    assert ask(screening).decision == "yes"
    assert ask(screening, birth_date=born).decision != "yes"


def test_our_records_make_a_first_visit_a_return_visit_with_its_own_question():
    answer = ask(make_screening().screening, returning=True)
    assert (answer.decision, answer.complete) == ("no", False)


def test_answers_for_a_visit_by_hand_do_not_clear_one_with_current():
    answer = ask(make_screening().screening, CURRENT)
    assert (answer.decision, answer.complete) == ("no", False)


def test_an_approval_lets_a_review_book_until_it_ends():
    screening = make_screening(review_line()).screening
    decide(screening)
    assert ask(screening).decision == "yes"
    assert ask(screening, start=NOW + timedelta(days=31)).decision == "request"


def test_a_refusal_overrides_an_approval_of_the_same_moment_too():
    screening = make_screening(review_line()).screening
    decide(screening, "declined", valid_until=None)
    decide(screening)
    assert ask(screening).decision == "no"


def test_no_approval_lifts_a_stop():
    screening = make_screening(stop_line()).screening
    decide(screening)
    assert ask(screening).decision == "no"


def test_a_region_stop_among_several_excludes_all_until_a_therapist_names_those_allowed():
    line = line_with({"vascular": "unsure"}, regions=["knee", "thigh"])
    screening = make_screening(line).screening
    excluded = ask(screening).excluded_regions
    decide(screening, regions=["thigh"])
    assert ask(screening).excluded_regions == tuple(region for region in excluded if region != "thigh")


def test_a_token_finds_its_screening_and_nothing_else_does():
    screening, token = make_screening()
    assert screening_by_token(token) == screening
    assert screening_by_token(screening.token_hash) is None
    assert screening_by_token("") is None


def each_answer_alone(item):
    """Each answer to the item's own question, and where that makes it fire, each choice of its follow-ups."""
    for gate in item.gate_answers or (None,):
        yield gate, None, None
    for follow_up in item.follow_ups:
        for option in follow_up.options:
            yield item.triage_on if item.gate_answers else None, follow_up, option.value


@pytest.mark.parametrize("item", shipped_questionnaire().items, ids=lambda item: item.id)
def test_no_answer_to_any_question_is_cleared_further_than_the_rules_allow(item):
    definition = definition_of(make_questionnaire())
    context = {"stage": "check_in", "visit": "return", "regions": ["neck", "abdomen"], "modality": "electrical"}
    always_asked = {one.id: _some_answers(one) for one in definition.items if not one.gate_answers}
    tried = set()
    for gate, follow_up, value in each_answer_alone(item):
        line = clear_line(**context)
        line["follow_ups"] = always_asked | line["follow_ups"] | {item.id: _some_answers(item)}
        if gate:
            line["answers"][item.id] = gate
        if follow_up:
            line["follow_ups"][item.id][follow_up.id] = [value] if follow_up.type == "multi" else value
        read = read_line(definition, line, today=NOW.date())
        result = evaluate(definition, *read)
        if not result.complete:
            continue
        screening = make_screening(line).screening
        assert ask(screening, CURRENT).decision == result.bookable
        decide(screening)
        approved = ask(screening, CURRENT).decision
        assert approved == ("no" if result.bookable == "no" else "yes")
        tried.add(result.outcome)
    assert tried


def _some_answers(item):
    return {one.id: _some_answer(one) for one in item.follow_ups}


def _some_answer(follow_up):
    if follow_up.options:
        value = follow_up.options[0].value
        return [value] if follow_up.type == "multi" else value
    return {"yes_no": "no", "text": "words", "number": follow_up.low, "date": NOW.date().isoformat()}[follow_up.type]

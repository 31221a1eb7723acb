"""Details after booking: amended, never a changed result."""

from datetime import timedelta
from typing import Any

import pytest

from intake.errors import InvalidAnswers, NotAllowed
from intake.models import Screening
from intake.questionnaires.shipped import shipped_questionnaire
from intake.rules.answers import Answers, Context, read_line
from intake.rules.definitions import Questionnaire
from intake.rules.screening import evaluate
from intake.selectors.details import answers_with_details, details_asked
from intake.selectors.screenings import evaluated_line, stored_result
from intake.services.details import add_details
from tests.factories.intake import NOW, line_with, make_patient, make_screening

pytestmark = pytest.mark.django_db

JOINT: dict[str, Any] = {"same_area": "yes", "lt12m": "no"}
PREGNANT: dict[str, Any] = {"weeks": "t2", "problem": "no"}


def attached(line: dict[str, Any]) -> Screening:
    screening = make_screening(line, now=NOW).screening
    patient = make_patient(now=NOW)
    screening.patient = screening.response.patient = patient
    screening.save(update_fields=["patient"])
    screening.response.save(update_fields=["patient"])
    return screening


def kept(definition: Questionnaire, context: Context, answers: Answers) -> dict[str, Any]:
    """Everything that is stored of a result but the answers."""
    return stored_result(definition, context, answers, evaluate(definition, context, answers)) | {"line": None}


@pytest.fixture
def joint() -> Screening:
    return attached(line_with({"joint_replacement": "yes"}, {"joint_replacement": JOINT}))


def test_every_follow_up_that_is_asked_after_booking_leaves_the_evaluation_equal(joint: Screening) -> None:
    definition, (context, answers) = shipped_questionnaire(), evaluated_line(joint)
    before = kept(definition, context, answers)
    values = {"text": "words", "yes_no": "yes", "date": "2026-01-01", "number": 1}
    tried = 0
    for item in definition.items:
        for one in item.follow_ups:
            if one.id in item.deciding or one.type not in values:
                continue
            line = joint.result["line"]
            given = {**line["follow_ups"].get(item.id, {}), one.id: values[one.type]}
            changed = {**line, "follow_ups": {**line["follow_ups"], item.id: given}}
            _context, more = read_line(definition, changed, today=NOW.date())
            assert kept(definition, context, more) == before, (item.id, one.id)
            tried += 1
    assert tried > 25


def test_what_is_told_later_stands_beside_what_was_screened(joint: Screening) -> None:
    add_details(screening=joint, follow_ups={"joint_replacement": {"where": "Left hip"}}, now=NOW + timedelta(days=3))
    joint = Screening.objects.get(pk=joint.pk)
    assert evaluated_line(joint)[1].follow_ups["joint_replacement"] == JOINT
    assert answers_with_details(joint).follow_ups["joint_replacement"] == {**JOINT, "where": "Left hip"}
    assert joint.response.status == "amended"


@pytest.mark.parametrize(
    ("follow_ups", "problem"),
    [
        pytest.param({"joint_replacement": {"lt12m": "yes"}}, NotAllowed, id="one that decides"),
        pytest.param({"no_such_item": {"where": "x"}}, NotAllowed, id="an unknown item"),
        pytest.param({"joint_replacement": {"no_such": "x"}}, InvalidAnswers, id="an unknown follow-up"),
        pytest.param({"joint_replacement": {"where": 7}}, InvalidAnswers, id="a wrong type"),
        pytest.param({"joint_replacement": {"where": "\ud800"}}, InvalidAnswers, id="a lone surrogate"),
        pytest.param({"joint_replacement": {"where": "x" * 2001}}, InvalidAnswers, id="too long"),
    ],
)
def test_everything_else_is_refused_and_nothing_is_stored(
    joint: Screening, follow_ups: dict[str, Any], problem: type[Exception]
) -> None:
    before = joint.response.content
    with pytest.raises(problem):
        add_details(screening=joint, follow_ups=follow_ups, now=NOW)
    joint.response.refresh_from_db()
    assert (joint.response.content, joint.response.status) == (before, "completed")


def test_a_form_without_a_visit_is_not_added_to() -> None:
    screening = make_screening(now=NOW).screening
    with pytest.raises(NotAllowed):
        add_details(screening=screening, follow_ups={}, now=NOW)


@pytest.mark.parametrize(
    ("majority_age", "asked"), [(18, ["pregnancy", "joint_replacement"]), (41, ["joint_replacement"])]
)
def test_of_a_young_person_nothing_private_is_asked_here(majority_age: int, asked: list[str]) -> None:
    answers = {"joint_replacement": "yes", "pregnancy": "yes"}
    line = line_with(answers, {"joint_replacement": JOINT, "pregnancy": PREGNANT}, age=40)
    found = details_asked(attached(line), majority_age=majority_age)
    assert [item.id for item, _follow_ups in found] == asked

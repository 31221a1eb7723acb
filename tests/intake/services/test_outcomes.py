"""Pain and daily life: kept sealed, in the patient's own words, and compared with the first time."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from intake.errors import InvalidAnswers, NotAllowed
from intake.models import AuditEvent, Observation
from intake.rules.outcome_scores import Change
from intake.selectors.outcomes import activities_named, course_of_outcomes
from intake.services.outcomes import Scores, record_outcome
from intake.services.retention import erase_patient
from tests.factories.intake import NOW, make_patient

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(days=7)


def test_what_changed_is_seen_against_the_first_time_over_the_same_activities() -> None:
    patient = make_patient()
    first = Scores(6, 4, 8, {"Climb stairs": 3, "Sit at work": 5})
    record_outcome(patient=patient, scores=first, focus_id=None, now=NOW)
    record_outcome(patient=patient, scores=Scores(3, activities={"Climb stairs": 8}), focus_id=None, now=LATER)
    before, after = course_of_outcomes(patient)
    assert (before.pain, before.life, before.pain_since, before.life_since) == (6.0, 4.0, None, None)
    assert after.pain_since == Change(6.0, 3.0, beyond_error=True, matters=True, better=True)
    assert after.life_since == Change(3.0, 8.0, beyond_error=True, matters=True, better=True)
    assert activities_named(patient) == ("Climb stairs", "Sit at work")


def test_nothing_of_it_stands_in_clear_and_nothing_can_be_changed() -> None:
    record_outcome(patient=make_patient(), scores=Scores(5, activities={"canary": 2}), focus_id=None, now=NOW)
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(t::text, '') FROM intake_observation t")
        assert "canary" not in cursor.fetchone()[0]
    with pytest.raises(DatabaseError), transaction.atomic():
        Observation.objects.update(effective_at=LATER)
    event = AuditEvent.objects.get(action="outcome-recorded")
    assert (event.agent_role, event.details) == ("patient", {})


@pytest.mark.parametrize(
    "wrong",
    [
        Scores(11),
        Scores(-1),
        Scores(5, 7, 3),
        Scores(5, activities={"a": 11}),
        Scores(5, activities={"a": 1, "b": 1, "c": 1, "d": 1}),
        Scores(5, activities={" ": 1}),
        Scores(5, activities={"Run": 1, "run ": 2}),
        Scores(5, activities={"x" * 81: 1}),
        Scores(5, since_first="fine"),
    ],
    ids=str,
)
def test_what_is_no_answer_is_refused_in_words(wrong: Scores) -> None:
    with pytest.raises(InvalidAnswers):
        record_outcome(patient=make_patient(), scores=wrong, focus_id=None, now=NOW)
    assert Observation.objects.count() == 0


def test_an_erased_record_loses_its_numbers_and_takes_no_more() -> None:
    patient = make_patient()
    record_outcome(patient=patient, scores=Scores(5), focus_id=None, now=NOW)
    erase_patient(patient=patient, by=None, now=LATER)
    assert Observation.objects.count() == 0
    with pytest.raises(NotAllowed):
        record_outcome(patient=patient, scores=Scores(5), focus_id=None, now=LATER)

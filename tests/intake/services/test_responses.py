"""Filling in the form page by page, and what comes out of it."""

from datetime import timedelta

import pytest

from intake.errors import IncompleteAnswers, InvalidAnswers, NotAllowed
from intake.models import AuditEvent, QuestionnaireResponse, Screening
from intake.selectors.screenings import screening_by_token
from intake.services.responses import save_answers, screen_line, screen_response
from intake.services.screenings import attach_screening
from tests.factories.intake import (
    NOW,
    clear_line,
    emergency_line,
    make_patient,
    make_response,
    make_screening,
    review_line,
    stop_line,
)

pytestmark = pytest.mark.django_db


def save(response, **page):
    return save_answers(response=response, now=NOW, **page)


def filled(response, line):
    return save(response, context=line["context"], answers=line["answers"], follow_ups=line["follow_ups"])


def test_pages_add_up_to_a_form():
    response = make_response()
    save(response, context={"regions": ["knee"]})
    save(response, context={"age": 40, "modality": "manual", "stage": "booking", "visit": "first"})
    save(response, answers={"anticoagulant": "yes"}, follow_ups={"anticoagulant": {"drug": ["warfarin"], "inr": 2.4}})
    save(response, answers={"diabetes": "no"}, follow_ups={"anticoagulant": {"inr": None, "stable": "yes"}})
    assert QuestionnaireResponse.objects.get().content == {
        "context": {
            "regions": ["knee"],
            "likely_regions": ["thigh"],
            "age": 40,
            "modality": "manual",
            "stage": "booking",
            "visit": "first",
        },
        "answers": {"anticoagulant": "yes", "diabetes": "no"},
        "follow_ups": {"anticoagulant": {"drug": ["warfarin"], "stable": "yes"}},
    }


def test_going_back_takes_answers_away():
    response = make_response()
    save(response, answers={"anticoagulant": "yes"}, follow_ups={"anticoagulant": {"drug": ["doac"]}})
    save(response, answers={"anticoagulant": None}, follow_ups={"anticoagulant": None})
    assert QuestionnaireResponse.objects.get().content == {"context": {}, "answers": {}, "follow_ups": {}}


@pytest.mark.parametrize(
    "page",
    [
        {"answers": {"no_such_item": "yes"}},
        {"answers": {"anticoagulant": "perhaps"}},
        {"answers": {"needle_choice": "yes"}},
        {"follow_ups": {"anticoagulant": {"inr": 400}}},
        {"follow_ups": {"anticoagulant": {"reason": "a\0b"}}},
        {"follow_ups": {"anticoagulant": "warfarin"}},
        {"context": {"age": 121}},
        {"context": {"regions": []}},
        {"context": {"mood": "good"}},
    ],
)
def test_what_is_not_well_formed_changes_nothing(page):
    response = make_response()
    save(response, answers={"diabetes": "no"})
    with pytest.raises(InvalidAnswers):
        save(response, **page)
    assert QuestionnaireResponse.objects.get().content["answers"] == {"diabetes": "no"}


def test_a_complete_form_is_screened_and_its_token_kept_only_as_a_hash():
    response = make_response()
    filled(response, clear_line())
    screening, token = screen_response(response=response, now=NOW)
    response.refresh_from_db()
    assert (response.status, response.completed_at) == ("completed", NOW)
    assert (screening.outcome, screening.complete, screening.valid_until) == ("CLEAR", True, NOW + timedelta(days=90))
    assert screening_by_token(token) == screening
    assert token not in str(Screening.objects.values_list().get())


def test_an_unfinished_form_says_what_is_missing():
    response = make_response()
    line = clear_line()
    del line["answers"]["diabetes"]
    filled(response, line)
    with pytest.raises(IncompleteAnswers) as raised:
        screen_response(response=response, now=NOW)
    assert raised.value.details == {"unanswered": ["diabetes"]}


def test_a_form_without_its_context_says_what_is_missing():
    with pytest.raises(IncompleteAnswers) as raised:
        screen_response(response=make_response(), now=NOW)
    assert raised.value.details["unanswered"][0] == "context.regions"


def test_an_emergency_is_told_at_once_though_the_form_is_not_finished():
    response = make_response()
    line = emergency_line()
    save(response, context=line["context"], answers={"rf_chest_breath": "yes"}, follow_ups=line["follow_ups"])
    screening = screen_response(response=response, now=NOW).screening
    response.refresh_from_db()
    assert (screening.outcome, screening.urgent, screening.complete) == ("STOP", "EMERGENCY", False)
    assert response.status == "in-progress"


def test_a_corrected_form_is_amended_and_the_first_result_keeps_its_own_answers():
    response = make_response()
    filled(response, stop_line())
    first = screen_response(response=response, now=NOW).screening
    save(response, follow_ups={"needle_choice": {"level": "fine"}})
    second = screen_response(response=response, now=NOW + timedelta(minutes=1)).screening
    response.refresh_from_db()
    first.refresh_from_db()
    assert response.status == "amended"
    assert first.result["line"]["follow_ups"]["needle_choice"] == {"level": "no"}
    assert second.result["line"]["follow_ups"]["needle_choice"] == {"level": "fine"}


@pytest.mark.parametrize(
    ("first", "counts_as"), [(stop_line, "REVIEW"), (review_line, "REVIEW"), (clear_line, "CLEAR")]
)
def test_starting_over_in_the_same_browser_does_not_shop_for_answers(first, counts_as):
    earlier = make_screening(first(), session_hash="s1").screening
    later = make_screening(clear_line(), session_hash="s1", now=NOW + timedelta(minutes=5)).screening
    elsewhere = make_screening(clear_line(), session_hash="s2", now=NOW + timedelta(minutes=5)).screening
    assert later.effective_outcome == counts_as
    assert later.earlier_stricter == (earlier if counts_as == "REVIEW" else None)
    assert elsewhere.effective_outcome == "CLEAR"


def test_an_expired_result_is_not_held_against_anybody():
    earlier = make_screening(stop_line(), session_hash="s1").screening
    later = make_screening(clear_line(), session_hash="s1", now=earlier.valid_until).screening
    assert later.effective_outcome == "CLEAR"


def test_a_milder_form_of_the_same_verified_patient_counts_as_review():
    patient = make_patient(contact_verified_at=NOW)
    attach_screening(screening=make_screening(stop_line()).screening, patient=patient, now=NOW)
    later = attach_screening(screening=make_screening(clear_line()).screening, patient=patient, now=NOW)
    assert later.effective_outcome == "REVIEW"


def test_a_form_that_a_visit_rests_on_is_kept_and_can_not_be_changed():
    screening, patient = make_screening().screening, make_patient()
    attached = attach_screening(screening=screening, patient=patient, now=NOW)
    response = QuestionnaireResponse.objects.get()
    assert (attached.patient, response.patient, response.delete_after) == (patient, patient, None)
    with pytest.raises(NotAllowed):
        save(response, answers={"diabetes": "yes"})
    with pytest.raises(NotAllowed):
        screen_response(response=response, now=NOW)


def test_every_write_leaves_an_event_without_a_clinical_word():
    response = make_response()
    filled(response, emergency_line())
    screen_response(response=response, now=NOW)
    events = AuditEvent.objects.exclude(action="published").order_by("id")
    assert list(events.values_list("action", "agent_role", "details")) == [
        ("started", "anonymous", {}),
        ("answered", "anonymous", {}),
        ("screened", "anonymous", {}),
    ]


@pytest.mark.parametrize("line", [None, [], "x", 5, {}, {"context": 5}, {"context": {}}])
def test_a_malformed_line_is_refused(line):
    make_response()
    with pytest.raises(InvalidAnswers):
        screen_line(line=line, session_hash="", language="en", now=NOW)

"""Who sees answers, what a therapist sees of them, and what a decision is."""

from datetime import timedelta

import pytest

from intake.errors import InvalidAnswers, NotAllowed
from intake.models import AuditEvent
from intake.selectors.reviews import form_state, review_of
from intake.services.reviews import record_decision
from intake.services.screenings import attach_screening
from intake.signals import answers_opened, screening_decided
from tests.factories.intake import (
    NOW,
    clear_line,
    emergency_line,
    line_with,
    make_care_relation,
    make_patient,
    make_screening,
    make_user,
    review_line,
    stop_line,
)

pytestmark = pytest.mark.django_db
WARFARIN = {"anticoagulant": {"drug": ["warfarin"], "inr": 3.2, "inr_date": "unknown", "reason": "CANARY"}}


@pytest.fixture
def patient():
    return make_patient()


@pytest.fixture
def therapist(patient):
    user = make_user("therapist", name="Tess")
    make_care_relation(user, patient)
    return user


def attached(patient, line=None, now=NOW, **more):
    screening = make_screening(line or review_line(), now=now, **more).screening
    return attach_screening(screening=screening, patient=patient, now=now)


def decide(screening, by, decision="approved", reason="Spoke with her.", now=NOW, **more):
    return record_decision(screening=screening, decision=decision, reason=reason, by=by, now=now, **more)


def heard(signal):
    calls = []

    def listen(**what):
        calls.append(what)

    signal.connect(listen, weak=False, dispatch_uid="test")
    return calls


def test_the_therapist_sees_what_fired_in_words_with_reasons_and_sources(patient, therapist):
    line = line_with({"anticoagulant": "yes", "antiplatelet": "unsure"}, WARFARIN, regions=["low_back"])
    form = review_of(screening=attached(patient, line), by=therapist, now=NOW).form
    item = form.fired[0]
    words = {one.id: one.answer for one in item.follow_ups}
    assert (item.label, item.answer, item.outcome) == ("Takes a blood thinner", "Yes", "REVIEW")
    assert words == {
        "drug": "Warfarin (Coumadin) or similar",
        "inr": "3.2",
        "inr_date": "Not known",
        "stable": "Not answered",
        "reason": "CANARY",
    }
    assert item.why.startswith("Not an absolute bar")
    assert item.sources[0].url == "https://www.hindawi.com/journals/prm/2022/1363477/"
    assert [rule.id for rule in form.rules][:2] == ["bleed_deep_region", "dual_antithrombotic"]
    assert item.therapist_alert in form.alerts
    assert "high_priority" in form.flags
    assert next(one for one in form.items if one.id == "antiplatelet").answer == "Not sure"


def test_last_time_stands_beside_it(patient, therapist):
    last = attached(patient, clear_line(), now=NOW - timedelta(days=200))
    dossier = review_of(screening=attached(patient), by=therapist, now=NOW)
    assert dossier.last is not None
    assert (dossier.last.screening, dossier.last.outcome) == (last, "CLEAR")
    assert dossier.earlier_stricter is None


def test_the_stricter_form_that_was_filled_in_before_stands_beside_it(patient, therapist):
    stop = make_screening(stop_line(), session_hash="s").screening
    mild = attached(patient, clear_line(), session_hash="s")
    dossier = review_of(screening=mild, by=therapist, now=NOW)
    assert dossier.form.outcome == "REVIEW"
    assert dossier.earlier_stricter is not None
    assert dossier.earlier_stricter.screening == stop


def test_every_look_is_written_down_without_a_clinical_word(patient, therapist):
    screening = attached(patient)
    review_of(screening=screening, by=therapist, now=NOW)
    event = (
        AuditEvent.objects.filter(action="read")
        .values("agent", "agent_role", "entity_id", "patient_id", "details")
        .get()
    )
    assert event == {
        "agent": therapist.pk,
        "agent_role": "therapist",
        "entity_id": screening.pk,
        "patient_id": patient.pk,
        "details": {},
    }


@pytest.mark.parametrize("role", ["therapist", "reception", "manager", "owner", "patient"])
def test_nobody_else_sees_answers_and_nothing_is_written(patient, role):
    screening = attached(patient)
    with pytest.raises(NotAllowed):
        review_of(screening=screening, by=make_user(role), now=NOW)
    assert not AuditEvent.objects.filter(action__in=["read", "break-glass"]).exists()


def test_a_care_relation_that_ended_a_deactivated_account_and_an_owner_with_a_reason_see_nothing(patient, therapist):
    screening = attached(patient)
    with pytest.raises(NotAllowed):
        review_of(screening=screening, by=therapist, now=NOW + timedelta(days=800))
    with pytest.raises(NotAllowed):
        review_of(screening=screening, by=make_user("owner"), reason="curious", now=NOW)
    therapist.is_active = False
    with pytest.raises(NotAllowed):
        review_of(screening=screening, by=therapist, now=NOW)


def test_a_patient_sees_their_own(patient):
    user = make_user("patient")
    patient.user = user
    patient.save()
    assert review_of(screening=attached(patient), by=user, now=NOW).patient == patient


def test_a_manager_breaks_the_glass_with_a_reason_and_others_hear_of_it(patient):
    manager, calls = make_user("manager"), heard(answers_opened)
    review_of(screening=attached(patient), by=manager, reason="complaint 17", now=NOW)
    event = AuditEvent.objects.get(action="break-glass")
    answers_opened.disconnect(dispatch_uid="test")
    assert (event.agent, event.reason) == (manager, "complaint 17")
    assert [(one["patient"], one["by"]) for one in calls] == [(patient, manager)]


def test_a_form_that_nobody_booked_with_is_opened_for_nobody(therapist):
    with pytest.raises(NotAllowed):
        review_of(screening=make_screening().screening, by=therapist, now=NOW)


@pytest.mark.parametrize(
    ("make_line", "state"),
    [(clear_line, "complete"), (review_line, "needs-therapist"), (emergency_line, "needs-therapist")],
)
def test_reception_sees_only_the_state_of_a_form(make_line, state):
    assert form_state(make_screening(make_line()).screening) == state
    assert form_state(None) == "incomplete"


def test_a_decision_is_written_down_and_said_upwards(patient, therapist):
    screening, calls = attached(patient), heard(screening_decided)
    made = decide(screening, therapist, conditions="thin needles", valid_until=NOW + timedelta(days=30))
    screening_decided.disconnect(dispatch_uid="test")
    made.refresh_from_db()
    shown = review_of(screening=screening, by=therapist, now=NOW).form.decisions[0]
    assert made.content == {
        "reason": "Spoke with her.",
        "regions": [],
        "excluded": [],
        "conditions": "thin needles",
        "visits": None,
        "offered": [],
    }
    assert (shown.decision, shown.decided_by, shown.reason) == ("approved", "Tess", "Spoke with her.")
    assert [one["decision"] for one in calls] == [made]
    assert AuditEvent.objects.filter(action="approved", agent=therapist, patient_id=patient.pk).count() == 1


def test_an_approval_holds_as_long_as_the_answers_unless_said_otherwise(patient, therapist):
    screening = attached(patient)
    assert decide(screening, therapist).valid_until == screening.valid_until
    assert decide(screening, therapist, "declined").valid_until is None


@pytest.mark.parametrize("role", ["therapist", "reception", "manager", "owner", "patient"])
def test_only_a_therapist_who_cares_for_the_patient_decides(patient, role):
    with pytest.raises(NotAllowed):
        decide(attached(patient), make_user(role))


def test_a_stop_can_be_declined_but_not_approved(patient, therapist):
    screening = attached(patient, stop_line())
    with pytest.raises(NotAllowed):
        decide(screening, therapist)
    assert decide(screening, therapist, "declined").decision == "declined"


@pytest.mark.parametrize(
    "over",
    [
        {"reason": " "},
        {"reason": "x" * 2001},
        {"decision": "perhaps"},
        {"regions": ["neck"]},
        {"valid_until": NOW},
        {"valid_until": NOW + timedelta(days=400)},
    ],
)
def test_a_decision_that_is_none_is_refused(patient, therapist, over):
    screening = attached(patient)
    with pytest.raises(InvalidAnswers):
        decide(screening, therapist, **over)
    assert screening.decisions.count() == 0

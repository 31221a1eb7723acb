"""What a yes covers and for how long, who may answer, and what is asked in between."""

from datetime import timedelta
from typing import Any

import pytest

from booking.errors import DecidedAlready, NotPossibleNow
from booking.models import Appointment, StandIn
from booking.reminders.models import Communication
from booking.selectors.approvals import Conditions, conditions_for
from booking.selectors.requests import waiting_requests
from booking.services.appointments import reschedule_appointment
from booking.services.review_talks import answer_question, ask_patient, read_questions
from booking.services.reviews import begin_review, decide_request
from booking.services.stand_ins import end_stand_in, name_stand_in
from booking.services.visits import mark_arrived
from intake.errors import InvalidAnswers, NotAllowed
from intake.models import AuditEvent, CareRelation, PatientReply, Role, Screening
from intake.services.screenings import attach_screening
from tests.booking.services.booking_steps import book
from tests.factories.booking import NOW, Clinic, at, make_practitioner, make_staff
from tests.factories.intake import line_with, make_patient, make_screening, make_user, review_line

pytestmark = pytest.mark.django_db
BOTH = {"regions": ["knee", "calf_shin"]}


def ask(clinic: Clinic, line: Any = None, **over: Any) -> Appointment:
    return book(clinic, line or review_line(), **{"start": at(10, days=3), **over}).appointment


def decide(clinic: Clinic, visit: Appointment, decision: str = "approved", **over: Any) -> Appointment:
    said = {"decision": decision, "reason": "We talked.", "by": clinic.anna.user, "now": NOW}
    return decide_request(appointment=visit, **{**said, **over})


def letters(kind: str) -> list[str]:
    rows = Communication.objects.filter(kind=kind).order_by("recipient")
    return list(rows.values_list("recipient", flat=True))


# How far a yes reaches


def test_a_yes_states_regions_conditions_visits_and_days_and_the_visit_carries_them(clinic: Clinic) -> None:
    visit = decide(
        clinic, ask(clinic, review_line(**BOTH)), excluded=["calf_shin"], conditions="Lying down", visits=2, days=30
    )
    assert conditions_for(visit, now=NOW) == Conditions(
        regions_excluded=("calf_shin",),
        text="Lying down",
        said_by="Anna",
        said_at=NOW,
        valid_until=NOW + timedelta(days=30),
        visits=2,
        visits_used=0,
    )


def test_a_visit_without_a_review_has_no_conditions(clinic: Clinic) -> None:
    assert conditions_for(book(clinic).appointment, now=NOW) == Conditions()


def mine(clinic: Clinic, count: int, **line: Any) -> list[Appointment]:
    """So many requests of one person on the same answers."""
    owner = make_user(Role.PATIENT)
    patient = make_patient(user=owner)
    screening = attach_screening(
        screening=make_screening(review_line(**line), now=NOW).screening, patient=patient, now=NOW
    )
    days = range(3, 3 + count)
    return [ask(clinic, patient=patient, by=owner, screening=screening, start=at(10, days=day)) for day in days]


def test_a_yes_for_two_visits_books_two_and_asks_about_the_third(clinic: Clinic) -> None:
    first, *_ = mine(clinic, 1)
    decide(clinic, first, visits=2)
    later = {"patient": first.patient, "by": first.patient.user, "screening": first.screening}  # type: ignore[union-attr]
    states = [ask(clinic, start=at(10, days=day), **later).awaiting for day in (4, 7)]
    assert states == ["", "review"]


def test_a_visit_that_was_cancelled_does_not_count(clinic: Clinic) -> None:
    first, *_ = mine(clinic, 1)
    decide(clinic, first, visits=1)
    Appointment.objects.filter(pk=first.pk).update(status="cancelled", cancel_reason="clinic", cancelled_at=NOW)
    again = {"patient": first.patient, "by": first.patient.user, "screening": first.screening}  # type: ignore[union-attr]
    assert [ask(clinic, start=at(10, days=day), **again).awaiting for day in (4, 7)] == ["", "review"]


def test_a_yes_for_some_days_asks_about_what_lies_beyond(clinic: Clinic) -> None:
    visit = decide(clinic, ask(clinic), days=5)
    moved = [
        reschedule_appointment(
            appointment=visit, practitioner=None, start=start, by=clinic.anna.user, now=NOW
        ).appointment.awaiting
        for start in (at(14, days=4), at(10, days=8))
    ]
    assert moved == ["", "review"]


def test_a_yes_that_ends_before_the_visit_is_no_yes(clinic: Clinic) -> None:
    for days in (1, 0, 366):
        with pytest.raises(InvalidAnswers):
            decide(clinic, ask(clinic, start=at(10, days=3)) if days == 1 else Appointment.objects.get(), days=days)
    assert Appointment.objects.get().awaiting == "review"


def test_moving_does_not_ask_again_and_every_visit_of_the_number_is_its_own(clinic: Clinic) -> None:
    visit = decide(clinic, ask(clinic), visits=1)
    for start in (at(14, days=4), at(9, days=7)):
        visit = reschedule_appointment(appointment=visit, practitioner=None, start=start, by=None, now=NOW).appointment
        assert (visit.status, visit.awaiting) == ("booked", "")


def test_the_same_answers_given_again_are_not_asked_about_again(clinic: Clinic) -> None:
    first, *_ = mine(clinic, 1)
    decide(clinic, first, visits=3, conditions="Few needles")
    patient = first.patient
    assert patient is not None
    again = attach_screening(
        screening=make_screening(review_line(visit="return"), now=NOW).screening, patient=patient, now=NOW
    )
    visit = ask(clinic, patient=patient, by=patient.user, screening=again, start=at(10, days=4))
    assert (visit.status, conditions_for(visit, now=NOW).text) == ("booked", "Few needles")
    first.refresh_from_db()
    assert (first.status, first.screening) == ("booked", again)


@pytest.mark.parametrize("other", [{"regions": ["thigh"]}, {"modality": "electrical"}])
def test_other_answers_are_asked_about(clinic: Clinic, other: dict[str, Any]) -> None:
    first, *_ = mine(clinic, 1)
    decide(clinic, first)
    patient = first.patient
    assert patient is not None
    attach_screening(screening=make_screening(review_line(**other), now=NOW).screening, patient=patient, now=NOW)
    first.refresh_from_db()
    assert first.awaiting == "review"


def test_what_the_answers_exclude_by_name_no_therapist_brings_back(clinic: Clinic) -> None:
    """Several regions and a skin problem: the therapist names where. Pregnancy rules the low back out for good."""
    line = line_with(
        {"pregnancy": "yes"},
        {"pregnancy": {"weeks": "t2", "problem": "no"}},
        regions=["knee", "low_back"],
        likely_regions=[],
    )
    screening = make_screening(line, now=NOW).screening
    assert screening.result["excluded_regions"] == ["low_back"]
    if screening.outcome != "REVIEW" or screening.urgent or not screening.complete:
        pytest.fail(f"the example is no plain REVIEW any more: {screening.outcome} {screening.result['unanswered']}")
    visit = decide(clinic, ask(clinic, screening=screening), regions=["low_back"])
    assert conditions_for(visit, now=NOW).regions_excluded == ("low_back",)


def test_what_a_skin_problem_excludes_the_therapist_names_again(clinic: Clinic) -> None:
    screening = make_screening(
        line_with({"local_skin": "yes"}, {"local_skin": {"what": ["wound"]}}, **BOTH), now=NOW
    ).screening
    assert (screening.outcome, screening.result["excluded_regions"]) == ("REVIEW", ["knee", "calf_shin"])
    visit = decide(clinic, ask(clinic, screening=screening), regions=["calf_shin"])
    assert conditions_for(visit, now=NOW).regions_excluded == ("knee",)


def test_no_region_left_is_no_yes(clinic: Clinic) -> None:
    with pytest.raises(InvalidAnswers):
        decide(clinic, ask(clinic), excluded=["knee"])


def test_lowered_it_is_booked_and_counts_as_with_care(clinic: Clinic) -> None:
    visit = decide(clinic, ask(clinic), "lowered")
    moment = visit.start - timedelta(minutes=5)
    desk = make_staff()
    arrived = mark_arrived(appointment=visit, by=desk, now=moment)
    assert (visit.status, arrived.status) == ("booked", "arrived")


def test_raised_these_answers_never_book_needles_again(clinic: Clinic) -> None:
    first, second = mine(clinic, 2)
    decide(clinic, first, "raised")
    second.refresh_from_db()
    assert (first.screening.effective_outcome, second.awaiting) == ("REVIEW", "review")  # type: ignore[union-attr]
    assert Screening.objects.get().effective_outcome == "STOP"
    for decision in ("approved", "lowered"):
        with pytest.raises(NotAllowed):
            decide(clinic, second, decision)
    assert decide(clinic, second, "declined").status == "cancelled"


def test_a_no_asks_again_about_what_was_booked_on_the_same_answers(clinic: Clinic) -> None:
    first, second = mine(clinic, 2)
    decide(clinic, first)
    decide(clinic, second, "declined")
    first.refresh_from_db()
    assert (first.status, first.awaiting, first.approval) == ("pending", "review", None)


# Who answers


def stand_in(clinic: Clinic, colleague: Any, by: Any = None, **over: Any) -> StandIn:
    said = {"practitioner": clinic.anna, "colleague": colleague, "start": NOW, "end": at(18, days=5)}
    return name_stand_in(**{**said, "by": by or clinic.anna.user, "now": NOW, **over})


def test_a_named_stand_in_who_is_not_on_duty_answers(clinic: Clinic) -> None:
    dora = make_practitioner("Dora")  # has no hours at all
    visit = ask(clinic)
    assert list(waiting_requests(by=dora.user, now=NOW)) == []
    with pytest.raises(NotAllowed):
        begin_review(appointment=visit, by=dora.user, now=NOW)
    row = stand_in(clinic, dora)
    assert list(waiting_requests(by=dora.user, now=NOW)) == [visit]
    begin_review(appointment=visit, by=dora.user, now=NOW)
    assert CareRelation.objects.get(practitioner=dora.user).reason == "stand-in"
    assert AuditEvent.objects.get(action="stands-in").details["named"] is True
    assert decide(clinic, visit, by=dora.user).status == "booked"
    end_stand_in(stand_in=row, by=clinic.anna.user, now=NOW + timedelta(hours=1))
    with pytest.raises(NotPossibleNow):
        end_stand_in(stand_in=row, by=clinic.anna.user, now=NOW + timedelta(hours=2))


def test_who_stands_in_hears_of_what_waits_and_of_what_comes(clinic: Clinic) -> None:
    dora = make_practitioner("Dora")
    ask(clinic)
    stand_in(clinic, dora)
    ask(clinic, start=at(13, days=3))
    told = Communication.objects.filter(kind="request-waiting", recipient=dora.user.email)
    assert told.values("appointment").distinct().count() == 2


def test_who_is_named_late_or_for_later_gets_the_mails_that_fall_into_their_time(clinic: Clinic) -> None:
    dora = make_practitioner("Dora")
    visit = ask(clinic)
    assert visit.decide_by is not None
    later = NOW + timedelta(hours=1)
    stand_in(clinic, dora, start=later)
    half = NOW + (visit.decide_by - NOW) / 2
    rows = Communication.objects.filter(recipient=dora.user.email).order_by("due_at")
    assert list(rows.values_list("kind", "due_at")) == [("request-waiting", later), ("request-still-waiting", half)]


def test_who_stands_in_for_an_hour_is_not_reminded_after_it(clinic: Clinic) -> None:
    dora = make_practitioner("Dora")
    ask(clinic)
    stand_in(clinic, dora, end=NOW + timedelta(hours=1))
    assert list(Communication.objects.filter(recipient=dora.user.email).values_list("kind", flat=True)) == [
        "request-waiting"
    ]


@pytest.mark.parametrize("role", [Role.RECEPTION, Role.OWNER, Role.THERAPIST, Role.PATIENT])
def test_only_the_therapist_or_a_manager_names_somebody(clinic: Clinic, role: str) -> None:
    with pytest.raises(NotAllowed):
        stand_in(clinic, clinic.ben, by=make_user(role))
    assert stand_in(clinic, clinic.ben, by=make_user(Role.MANAGER)).colleague == clinic.ben


def test_nobody_stands_in_who_may_not_needle_or_for_a_time_that_is_over(clinic: Clinic) -> None:
    unauthorised = make_practitioner("Cleo", needling_authorisation="")
    for over in (
        {"colleague": unauthorised},
        {"colleague": clinic.anna},
        {"end": NOW},
        {"end": NOW - timedelta(days=1)},
    ):
        with pytest.raises(InvalidAnswers):
            stand_in(clinic, **{"colleague": clinic.ben, **over})


def test_a_therapist_whose_authorisation_ended_decides_no_more(clinic: Clinic) -> None:
    visit = ask(clinic)
    clinic.anna.needling_authorised_until = at(10, days=-1).date()
    clinic.anna.save()
    with pytest.raises(NotAllowed):
        decide(clinic, visit)


def test_who_is_faster_decides_and_the_other_hears_who_it_was(clinic: Clinic) -> None:
    visit = ask(clinic)
    decide(clinic, visit)
    with pytest.raises(DecidedAlready, match="Anna has answered"):
        decide(clinic, visit, "declined", by=clinic.ben.user)


# Questions


def test_a_question_goes_out_without_its_words_and_the_answer_comes_back(clinic: Clinic) -> None:
    visit = ask(clinic)
    due = visit.decide_by
    asked = ask_patient(appointment=visit, question="Which tablets?", by=clinic.anna.user, now=NOW)
    assert (asked.awaiting, asked.decide_by, letters("question-waiting")) == ("review", due, ["ada@example.com"])
    with pytest.raises(InvalidAnswers):
        ask_patient(appointment=visit, question="And since when?", by=clinic.anna.user, now=NOW)
    answer_question(appointment=visit, text="The small white ones", now=NOW)
    thread = read_questions(appointment=visit, now=NOW)
    assert [(one.text, one.reply) for one in thread] == [("Which tablets?", "The small white ones")]
    assert letters("request-answered") == [clinic.anna.user.email]
    with pytest.raises(NotPossibleNow):
        answer_question(appointment=visit, text="Once more", now=NOW)
    assert decide(clinic, visit).status == "booked"


def test_a_question_alone_decides_nothing(clinic: Clinic) -> None:
    visit = ask(clinic)
    ask_patient(appointment=visit, question="Which tablets?", by=clinic.anna.user, now=NOW)
    moved = reschedule_appointment(
        appointment=visit, practitioner=None, start=at(14, days=3), by=None, now=NOW
    ).appointment
    assert moved.awaiting == "review"


@pytest.mark.parametrize("text", ["", "  ", "x" * 2001, "a\0b", "half \ud800"])
def test_questions_and_answers_are_words(clinic: Clinic, text: str) -> None:
    visit = ask(clinic)
    with pytest.raises(InvalidAnswers):
        ask_patient(appointment=visit, question=text, by=clinic.anna.user, now=NOW)
    ask_patient(appointment=visit, question="Which?", by=clinic.anna.user, now=NOW)
    with pytest.raises(InvalidAnswers):
        answer_question(appointment=visit, text=text, now=NOW)
    assert not PatientReply.objects.exists()


def test_only_the_patient_answers_and_only_therapists_ask(clinic: Clinic) -> None:
    visit = ask(clinic)
    for user in (make_staff(), make_user(Role.MANAGER), make_user(Role.PATIENT)):
        with pytest.raises(NotAllowed):
            ask_patient(appointment=visit, question="Which?", by=user, now=NOW)
    ask_patient(appointment=visit, question="Which?", by=clinic.anna.user, now=NOW)
    with pytest.raises(NotAllowed):
        answer_question(appointment=visit, text="Mine", by=make_user(Role.PATIENT), now=NOW)

"""The questions before a visit: asked of everybody, and what a new answer does to the visit and to those after it."""

from datetime import timedelta

import pytest

from booking.errors import NotCleared, NotPossibleNow, RecheckDue
from booking.models import Appointment
from booking.payments.ledger import balance_of
from booking.payments.models import LedgerEntry
from booking.reminders.models import Communication
from booking.selectors.day_board import blockers_of
from booking.selectors.rechecks import recheck_due
from booking.services.appointments import make_needle_free
from booking.services.rechecks import begin_questions, finish_questions
from booking.services.reviews import decide_request, lapse_requests
from booking.services.visits import check_in, mark_arrived
from intake.errors import IncompleteAnswers, NotAllowed
from intake.models import AuditEvent, Screening
from intake.services.responses import save_answers
from tests.booking.services.booking_steps import book
from tests.factories.booking import NOW, Clinic, at, make_appointment, make_staff
from tests.factories.intake import make_patient, make_screening, review_line
from tests.factories.rechecks import answer_again, as_last_time, begin_again

pytestmark = pytest.mark.django_db(transaction=True)
EVENING = at(20, days=0)  # the evening before the visit of Tuesday at ten
MORNING = at(9, 50)
ABOUT_ANSWERS = ("form-unfinished", "recheck-due", "therapist-talks-first", "not-cleared", "review-pending")


@pytest.fixture
def visit(clinic: Clinic) -> Appointment:
    return book(clinic).appointment


def fever_of(visit: Appointment) -> tuple[dict[str, str], dict[str, object]]:
    """Ill with a fever: no needling today."""
    _form, recheck = begin_again(visit, MORNING)
    what = recheck.definition.by_id["systemic_infection"].follow_ups[0]
    stop = next(option.value for option in what.options if option.triage == "STOP")
    return {"systemic_infection": "yes"}, {"systemic_infection": {"what": stop}}


def codes(visit: Appointment) -> list[str]:
    """What stands in the way of it, as far as it is about answers."""
    found = [blocker.code for blocker in blockers_of(visit, by=make_staff(), now=MORNING)]
    return [code for code in found if code in ABOUT_ANSWERS]


def test_nobody_is_checked_in_before_the_questions_are_answered(visit: Appointment) -> None:
    desk = make_staff()
    here = mark_arrived(appointment=visit, by=desk, now=MORNING)
    assert codes(here) == ["recheck-due"]
    with pytest.raises(RecheckDue):
        check_in(appointment=here, by=desk, now=MORNING)
    answer_again(here, MORNING)
    assert codes(here) == []
    assert check_in(appointment=here, by=desk, now=MORNING).status == "checked-in"


def test_the_answers_of_the_evening_before_leave_the_day_itself_to_ask_about(visit: Appointment) -> None:
    assert recheck_due(visit, now=EVENING) == "short"
    later = Appointment.objects.get(pk=visit.pk)
    later.start, later.end = at(10, days=9), at(11, days=9)
    later.occupied = (later.start, later.end)
    later.save()
    assert recheck_due(later, now=at(9, days=8)) == "nothing"
    assert recheck_due(later, now=at(20, days=8)) == "short"
    assert recheck_due(answer_again(later, at(20, days=8)), now=at(20, days=8)) == "nothing"
    later.refresh_from_db()
    assert (later.screening.stage, recheck_due(later, now=at(9, days=9))) == ("within_24h", "day")
    answer_again(later, at(9, days=9))
    later.refresh_from_db()
    assert (later.screening.stage, recheck_due(later, now=at(9, days=9))) == ("check_in", "nothing")


def test_what_is_not_asked_again_stands_as_it_was_said(visit: Appointment) -> None:
    before = visit.screening
    after = answer_again(visit, MORNING).screening
    assert after.response.based_on == before.response
    said, known = after.result["line"], before.result["line"]
    assert {name: gate for name, gate in said["answers"].items() if name in known["answers"]} == known["answers"]
    assert said["follow_ups"] == known["follow_ups"]
    assert (after.stage, after.complete, after.patient, after.outcome) == ("check_in", True, visit.patient, "CLEAR")


def test_an_unanswered_question_is_never_taken_from_last_time(visit: Appointment) -> None:
    form, recheck = begin_again(visit, MORNING)
    said = as_last_time(recheck, {}, {})
    del said["answers"]["day_tired"]
    save_answers(response=form, **said, now=MORNING)
    with pytest.raises(IncompleteAnswers) as refused:
        finish_questions(appointment=visit, response=form, now=MORNING)
    assert refused.value.details == {"unanswered": ["day_tired"]}


def test_whoever_says_that_something_changed_is_asked_everything(visit: Appointment) -> None:
    form, recheck = begin_again(visit, MORNING)
    said = as_last_time(recheck, {"day_changes": "yes"}, {})
    save_answers(response=form, **said, now=MORNING)
    with pytest.raises(IncompleteAnswers) as refused:
        finish_questions(appointment=visit, response=form, now=MORNING)
    assert "diabetes" in refused.value.details["unanswered"]


def test_a_form_is_finished_once_and_for_its_own_patient(visit: Appointment, clinic: Clinic) -> None:
    form, recheck = begin_again(visit, MORNING)
    save_answers(response=form, **as_last_time(recheck, {}, {}), now=MORNING)
    other = make_patient()
    another = make_appointment(
        clinic, start=at(14), patient=other, screening=make_screening(now=NOW).screening, practitioner=clinic.ben,
        room=clinic.rooms[1],
    )  # fmt: skip
    with pytest.raises(NotAllowed):
        finish_questions(appointment=another, response=form, now=MORNING)
    finish_questions(appointment=visit, response=form, now=MORNING)
    with pytest.raises((NotAllowed, NotPossibleNow)):
        finish_questions(appointment=visit, response=form, now=MORNING)


def test_a_visit_without_needles_asks_nothing(visit: Appointment, clinic: Clinic) -> None:
    make_needle_free(appointment=visit, by=None, now=NOW)
    with pytest.raises(NotPossibleNow):
        begin_questions(appointment=Appointment.objects.get(pk=visit.pk), language="en", now=MORNING)
    assert not Communication.objects.filter(kind="recheck", status="preparation").exists()


def test_a_new_flag_keeps_nobody_from_arriving_and_the_desk_learns_only_that_they_talk(visit: Appointment) -> None:
    desk = make_staff()
    answered = answer_again(visit, MORNING, *fever_of(visit))
    assert (answered.status, answered.awaiting, answered.decide_by) == ("pending", "review", answered.end)
    assert lapse_requests(now=at(10, 5)) == 0  # who is late still finds the time kept
    here = mark_arrived(appointment=answered, by=desk, now=at(10, 5))
    assert codes(here) == ["therapist-talks-first"]
    with pytest.raises(NotCleared):
        check_in(appointment=here, by=desk, now=at(10, 5))


def test_a_flag_after_arriving_blocks_needling_and_leaves_the_patient_arrived(visit: Appointment) -> None:
    here = mark_arrived(appointment=visit, by=make_staff(), now=MORNING)
    assert answer_again(here, MORNING, *fever_of(here)).status == "arrived"
    assert codes(here) == ["therapist-talks-first"]


def test_going_on_without_needles_takes_one_step_and_costs_nothing_more(visit: Appointment, clinic: Clinic) -> None:
    here = mark_arrived(appointment=visit, by=make_staff(), now=MORNING)
    here = answer_again(here, MORNING, *fever_of(here))
    owed = balance_of(here).owed
    changed = make_needle_free(appointment=here, by=clinic.anna.user, now=MORNING)
    assert (changed.status, changed.service.modality, changed.start) == ("arrived", "none", visit.start)
    assert balance_of(changed).owed <= owed
    assert not LedgerEntry.objects.filter(kind="fee").exists()
    assert check_in(appointment=changed, by=make_staff(), now=MORNING).status == "checked-in"


def test_who_is_here_goes_on_without_needles_even_where_no_room_or_length_fits(clinic: Clinic) -> None:
    visit = book(clinic, service=clinic.follow_up).appointment
    here = answer_again(mark_arrived(appointment=visit, by=make_staff(), now=MORNING), MORNING, *fever_of(visit))
    make_appointment(clinic, start=at(10), room=clinic.rooms[1], practitioner=clinic.ben, patient=make_patient())
    changed = make_needle_free(appointment=here, by=clinic.anna.user, now=MORNING)
    kept = (changed.start, changed.end, changed.room, changed.price_amount)
    assert kept == (visit.start, visit.end, visit.room, visit.price_amount)  # 45 minutes at 90 dollars elsewhere


def test_without_any_service_free_of_needles_it_says_so(visit: Appointment, clinic: Clinic) -> None:
    clinic.assessment.delete()
    here = answer_again(mark_arrived(appointment=visit, by=make_staff(), now=MORNING), MORNING, *fever_of(visit))
    with pytest.raises(NotPossibleNow, match="no visit without needles in person"):
        make_needle_free(appointment=here, by=clinic.anna.user, now=MORNING)


def test_the_therapist_decides_in_the_room(visit: Appointment, clinic: Clinic) -> None:
    here = mark_arrived(appointment=visit, by=make_staff(), now=MORNING)
    here = answer_again(here, MORNING, {"local_skin": "unsure", "easy_bruising": "no", "pregnancy": "unsure"})
    assert codes(here) == ["therapist-talks-first"]
    decide_request(appointment=here, decision="approved", reason="Talked.", by=clinic.anna.user, now=MORNING)
    assert check_in(appointment=here, by=make_staff(), now=MORNING).status == "checked-in"


def test_a_new_flag_makes_every_coming_visit_wait_for_a_therapist(visit: Appointment, clinic: Clinic) -> None:
    weeks = [
        make_appointment(clinic, start=at(10, days=1 + 7 * n), patient=visit.patient, screening=visit.screening)
        for n in (1, 2)
    ]
    call = make_appointment(clinic, start=at(15, days=8), patient=visit.patient, service=clinic.call)
    answered = answer_again(visit, MORNING, *fever_of(visit))
    for one in weeks:
        one.refresh_from_db()
        assert (one.status, one.awaiting, one.screening) == ("pending", "review", answered.screening)
        assert one.decide_by < one.start
    call.refresh_from_db()
    assert call.status == "booked"
    assert not LedgerEntry.objects.filter(kind__in=["fee", "charge"], payment__appointment__in=weeks).exists()


def test_an_approval_holds_while_the_answers_that_it_was_about_are_equal(clinic: Clinic) -> None:
    visit = book(clinic, review_line()).appointment
    decide_request(appointment=visit, decision="approved", reason="Known.", by=clinic.anna.user, now=NOW)
    answered = answer_again(visit, MORNING)
    assert (answered.status, answered.screening.outcome) == ("booked", "REVIEW")
    desk = make_staff()
    here = mark_arrived(appointment=answered, by=desk, now=MORNING)
    assert check_in(appointment=here, by=desk, now=MORNING).status == "checked-in"


def test_an_approval_does_not_cover_what_is_new(clinic: Clinic) -> None:
    visit = book(clinic, review_line()).appointment
    decide_request(appointment=visit, decision="approved", reason="Known.", by=clinic.anna.user, now=NOW)
    answered = answer_again(visit, MORNING, {"pregnancy": "unsure"})
    assert (answered.status, answered.awaiting) == ("pending", "review")


def test_well_again_after_a_stop_is_for_the_therapist_to_say(visit: Appointment) -> None:
    here = mark_arrived(appointment=visit, by=make_staff(), now=MORNING)
    answer_again(here, MORNING, *fever_of(here))
    again = answer_again(here, MORNING + timedelta(minutes=5), by=here.practitioner.user)
    assert (again.screening.outcome, again.screening.effective_outcome) == ("CLEAR", "REVIEW")
    assert codes(again) == ["therapist-talks-first"]


def test_urgent_signs_end_the_questions_at_once(visit: Appointment) -> None:
    form, recheck = begin_again(Appointment.objects.get(pk=visit.pk), at(10, days=0) + timedelta(hours=25))
    del recheck
    chest = {"rf_chest_breath": {"after_needling": "no", "checked": "no"}}
    later = Appointment.objects.get(pk=visit.pk)
    save_answers(response=form, answers={"rf_chest_breath": "yes"}, follow_ups=chest, now=MORNING)
    answered = finish_questions(appointment=later, response=form, now=MORNING)
    assert (answered.screening.urgent, answered.screening.complete) == ("EMERGENCY", False)
    assert codes(answered) == ["therapist-talks-first"]


def test_who_asked_and_who_answered_is_written_down(visit: Appointment, clinic: Clinic) -> None:
    here = mark_arrived(appointment=visit, by=make_staff(), now=MORNING)
    answer_again(here, MORNING)
    answer_again(here, MORNING + timedelta(minutes=5), by=clinic.anna.user)
    events = AuditEvent.objects.filter(action="answered-again", entity_type="intake.screening").order_by("id")
    assert list(events.values_list("agent_role", "agent")) == [("patient", None), ("therapist", clinic.anna.user_id)]
    assert Screening.objects.filter(patient=visit.patient).count() == 3

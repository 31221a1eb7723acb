"""After a visit: what is planned, what an answer sets going, and who is called until somebody has it."""

from datetime import datetime, time, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from booking.models import AfterCareAnswer, AfterCareSettings, Appointment, OnCallNotice, OnCallTurn, Task
from booking.reminders.models import Communication
from booking.reminders.of_care import FAMILIES, NOT_NEEDLED
from booking.rules.after_care import Urgency
from booking.rules.kinds import family_of
from booking.selectors.after_care import after_path, notes_of, regions_needled, visit_after
from booking.selectors.errands import open_tasks
from booking.services.after_care import HowItIs, answer_after_visit, plan_after_visit, read_answers_after
from booking.services.errands import complete_task, log_attempt, take_task
from booking.services.on_call import TurnDetails, add_turn, escalate_unanswered, remove_turn, save_after_care
from booking.services.retention import erase_record
from booking.services.visits import finish_visit, mark_arrived, mark_entered_in_error, mark_noshow
from intake.access import can_see_answers
from intake.errors import InvalidAnswers, NotAllowed, TooManyAttempts
from intake.models import AuditEvent, Patient, Role, User
from tests.booking.services.test_treatments import in_the_room, plan, record, yes
from tests.factories.booking import Clinic, at, make_appointment, make_course, make_staff
from tests.factories.intake import caution_line, make_patient

pytestmark = pytest.mark.django_db
EVENING = at(20)
Kind = Task.Kind


def finished(clinic: Clinic, **over: Any) -> Appointment:
    """A visit from 10 to 11 that is over, with nothing recorded."""
    fields = {"start": at(10), "patient": make_patient(email="ada@example.org"), "status": "fulfilled"}
    return make_appointment(clinic, **{**fields, **over})


def planned(visit: Appointment) -> dict[str, str]:
    rows = Communication.objects.filter(appointment=visit, patient__isnull=False).order_by("due_at")
    return {row.kind: row.status for row in rows if family_of(row.kind) in FAMILIES}


def on_duty(clinic: Clinic, user: User, *, rank: int = 1, hours: tuple[int, int] = (0, 0)) -> OnCallTurn:
    return OnCallTurn.objects.create(
        location=clinic.location, user=user, weekdays=list(range(7)), start_time=time(hours[0]),
        end_time=time(hours[1]), rank=rank,
    )  # fmt: skip


def called() -> list[tuple[str, str]]:
    """Who was written to that a patient waits, in order."""
    rows = Communication.objects.filter(kind__startswith="care-").order_by("created_at", "recipient")
    return [(row.kind, row.recipient) for row in rows]


def say(visit: Appointment, feeling: str = "same", *signs: str, words: str = "", now: datetime = EVENING) -> Urgency:
    return answer_after_visit(appointment=visit, said=HowItIs(feeling, signs, words), now=now).urgency


# What is planned


def test_a_finished_first_visit_is_written_to_the_same_evening_the_next_day_and_after(clinic: Clinic) -> None:
    visit = finished(clinic, status="checked-in")
    finish_visit(appointment=visit, by=make_staff(), now=at(11))
    rows = Communication.objects.filter(appointment=visit).order_by("due_at")
    hours = {row.kind: (row.due_at - visit.end) / timedelta(hours=1) for row in rows}
    assert list(hours) == ["aftercare", "next-day-check", "next-day-check-2", "outcome-questions"]
    assert 3 <= hours["aftercare"] <= 6
    assert hours["next-day-check"] == 24
    assert 48 <= hours["next-day-check-2"] <= 72
    assert hours["outcome-questions"] == 7 * 24
    assert {row.content["path"] for row in rows} == {after_path(visit)}


def test_a_returning_patient_is_asked_of_soreness_only_where_care_is_needed(clinic: Clinic) -> None:
    patient = make_patient()
    finished(clinic, patient=patient, start=at(10, days=-6))
    again = finished(clinic, patient=patient)
    plan_after_visit(appointment=again, now=at(11))
    assert "next-day-check-2" not in planned(again)
    careful = in_the_room(clinic, caution_line(), start=at(14))
    careful.status = "fulfilled"
    finished(clinic, patient=careful.patient, start=at(10, days=-5))
    plan_after_visit(appointment=careful, now=at(15))
    assert planned(careful)["next-day-check-2"] == "preparation"


def test_nobody_is_written_to_about_needling_that_did_not_happen(clinic: Clinic) -> None:
    visit = in_the_room(clinic)
    finish_visit(appointment=visit, by=make_staff(), now=at(11))
    assert set(planned(visit).values()) == {"preparation"}
    record(clinic, visit, needling="none", regions=(), now=at(11, 30))
    stopped = Communication.objects.filter(appointment=visit, status="stopped")
    assert {row.status_reason for row in stopped} == {NOT_NEEDLED}
    assert "preparation" not in planned(visit).values()
    plan(clinic, visit, "knee", now=at(11, 40))
    yes(clinic, visit, "knee", now=at(11, 40))
    record(clinic, visit, "knee", why_amended="Wrong row.", now=at(11, 45))
    assert planned(visit)["aftercare"] == "preparation"


def test_no_mail_about_a_visit_without_needles_nor_after_it_was_taken_out(clinic: Clinic) -> None:
    call = finished(clinic, service=clinic.call, start=at(14))
    plan_after_visit(appointment=call, now=at(11))
    assert planned(call) == {}
    visit = finished(clinic)
    plan_after_visit(appointment=visit, now=at(11))
    mark_entered_in_error(appointment=visit, by=make_staff(), now=at(12))
    assert set(planned(visit).values()) == {"stopped"}
    assert visit_after(after_path(visit).split("/")[2]) is None


def test_what_would_come_too_late_is_not_planned(clinic: Clinic) -> None:
    visit = finished(clinic)
    plan_after_visit(appointment=visit, now=at(9, days=5))
    assert set(planned(visit)) == {"outcome-questions"}


def test_within_a_course_outcomes_are_asked_first_and_last_and_once_more_later(clinic: Clinic) -> None:
    course, patient = make_course(clinic, sessions=3), make_patient()
    sessions = [
        finished(clinic, patient=patient, course=course, session_number=number, start=at(10, days=number * 7),
                 status="fulfilled" if number < 3 else "booked")
        for number in (1, 2, 3)
    ]  # fmt: skip
    for visit in sessions[:2]:
        plan_after_visit(appointment=visit, now=visit.end)
    last = sessions[2]
    Appointment.objects.filter(pk=last.pk).update(status="fulfilled")
    last.refresh_from_db()
    plan_after_visit(appointment=last, now=last.end)
    asked = [[kind for kind in planned(visit) if kind.startswith("outcome")] for visit in sessions]
    assert asked == [["outcome-questions"], [], ["outcome-questions", "outcome-questions-2"]]


# Who did not come


def missed(clinic: Clinic, patient: Patient, *, days: int = 1, **over: Any) -> dict[str, Any]:
    """What stands in the letter to somebody who does not come then."""
    visit = make_appointment(clinic, start=at(10, days=days), patient=patient, **over)
    mark_noshow(appointment=visit, by=make_staff(), now=at(11, days=days))
    row = Communication.objects.get(appointment=visit, kind="no-show")
    assert row.due_at - at(11, days=days) == timedelta(minutes=30)
    return {name: row.content[name] for name in ("first", "fee")}


def test_who_did_not_come_hears_it_kindly_and_of_a_fee_only_where_there_is_one(clinic: Clinic) -> None:
    patient = make_patient()
    assert missed(clinic, patient, forgives_first_miss=True) == {"first": True, "fee": False}
    assert missed(clinic, patient, days=2, forgives_first_miss=True) == {"first": False, "fee": True}
    assert missed(clinic, make_patient(), days=3, no_show_fee_amount=0) == {"first": True, "fee": False}
    assert missed(clinic, make_patient(), days=4) == {"first": True, "fee": True}


def test_who_comes_after_all_hears_nothing(clinic: Clinic) -> None:
    visit = make_appointment(clinic, start=at(10), patient=make_patient())
    mark_noshow(appointment=visit, by=make_staff(), now=at(10, 10))
    mark_arrived(appointment=visit, by=make_staff(), now=at(10, 20))
    assert Communication.objects.get(appointment=visit, kind="no-show").status == "stopped"


# The notes


def test_the_regions_really_needled_decide_about_the_lung_and_unrecorded_counts_as_lung(clinic: Clinic) -> None:
    visit = in_the_room(clinic)

    def speaks_of_lungs() -> bool:
        return any("lung" in note.words for note in notes_of(visit))

    assert (regions_needled(visit), speaks_of_lungs()) == (None, True)
    plan(clinic, visit, "knee")
    yes(clinic, visit, "knee")
    record(clinic, visit, "knee")
    assert (regions_needled(visit), speaks_of_lungs()) == (("knee",), False)
    record(clinic, visit, needling="none", regions=(), why_amended="Stopped before.", now=at(10, 30))
    assert (regions_needled(visit), speaks_of_lungs()) == ((), False)


def test_the_link_never_ends_and_is_signed(clinic: Clinic) -> None:
    visit = finished(clinic)
    token = after_path(visit).split("/")[2]
    assert visit_after(token) == visit
    assert (visit_after(token[:-1]), visit_after(""), visit_after(str(visit.pk))) == (None, None, None)


# The answers


def test_answers_are_kept_sealed_and_can_never_be_changed(clinic: Clinic) -> None:
    visit = finished(clinic)
    say(visit, "worse", "breath", words="canary words")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT string_agg(t::text, '') FROM booking_aftercareanswer t) ||"
            " (SELECT string_agg(t::text, '') FROM booking_task t) ||"
            " (SELECT string_agg(t::text, '') FROM intake_auditevent t) ||"
            " (SELECT coalesce(string_agg(t::text, ''), '') FROM reminders_communication t)"
        )
        everything = cursor.fetchone()[0]
    assert [word for word in ("canary", "breath", "worse") if word in everything] == []
    with pytest.raises(DatabaseError), transaction.atomic():
        AfterCareAnswer.objects.update(urgency=0)


def test_better_and_same_make_nobody_any_work(clinic: Clinic) -> None:
    visit = finished(clinic)
    assert [say(visit, feeling) for feeling in ("better", "same")] == [Urgency.NONE, Urgency.NONE]
    assert (Task.objects.count(), called()) == (0, [])


def test_worse_or_worried_is_one_task_for_the_therapist_in_the_clinics_hours(clinic: Clinic) -> None:
    visit = finished(clinic)
    say(visit, "worse")
    say(visit, "worried", now=EVENING + timedelta(hours=1))
    task = Task.objects.get()
    assert (task.kind, task.appointment, called()) == (Kind.AFTER_VISIT, visit, [])
    assert task.due_at > EVENING + timedelta(hours=10)


@pytest.mark.parametrize(
    "said", [HowItIs("fine"), HowItIs(""), HowItIs("same", ("headache",)), HowItIs("same", (), "x" * 1001)]
)
def test_what_can_not_be_an_answer_is_refused_in_words(clinic: Clinic, said: HowItIs) -> None:
    with pytest.raises(InvalidAnswers):
        answer_after_visit(appointment=finished(clinic), said=said, now=EVENING)
    assert AfterCareAnswer.objects.count() == 0


def test_more_than_twenty_answers_an_hour_are_not_kept(clinic: Clinic) -> None:
    visit = finished(clinic)
    for number in range(20):
        say(visit, words=str(number))
    with pytest.raises(TooManyAttempts):
        say(visit)
    assert AfterCareAnswer.objects.count() == 20


def test_only_a_therapist_who_cares_or_a_manager_with_a_reason_reads_an_answer(clinic: Clinic) -> None:
    visit = finished(clinic)
    say(visit, "worse", words="My words")
    anna, manager = clinic.anna.user, make_staff(Role.MANAGER)
    for by in (anna, make_staff(), manager, make_staff(Role.OWNER)):
        with pytest.raises(NotAllowed):
            read_answers_after(appointment=visit, by=by, now=EVENING)
    read = read_answers_after(appointment=visit, by=manager, reason="She called.", now=EVENING)
    assert [(one.feeling, one.words) for one in read] == [("worse", "My words")]
    seen = AuditEvent.objects.filter(action="break-glass").values_list("agent", "reason", "patient_id")
    assert list(seen) == [(manager.pk, "She called.", visit.patient_id)]


# Who is called


def test_a_red_flag_calls_the_first_on_duty_and_then_one_after_the_other(clinic: Clinic) -> None:
    anna, ben, manager = clinic.anna.user, clinic.ben.user, make_staff(Role.MANAGER)
    on_duty(clinic, anna)
    on_duty(clinic, ben, rank=2)
    visit = finished(clinic)
    assert say(visit, "better", "breath") == Urgency.EMERGENCY
    assert called() == [("care-waiting", anna.email)]
    steps = []
    for minutes in (14, 15, 29, 30, 45, 60):
        escalate_unanswered(now=EVENING + timedelta(minutes=minutes))
        steps.append([who for _kind, who in called()])
    assert steps == [
        [anna.email],
        *[[anna.email, ben.email]] * 2,
        *[[anna.email, ben.email, manager.email]] * 3,
    ]
    assert [kind for kind, _who in called()] == ["care-waiting", "care-still-waiting", "care-still-waiting"]


def test_once_somebody_has_it_nobody_else_is_called(clinic: Clinic) -> None:
    on_duty(clinic, clinic.ben.user)
    visit = finished(clinic)
    say(visit, "worse", "infection")
    task = open_tasks(by=clinic.ben.user, now=EVENING).get()
    ben = clinic.ben.user
    assert not can_see_answers(ben, visit.patient, EVENING)
    taken = take_task(task=task, by=ben, now=EVENING + timedelta(minutes=3))
    assert (taken.owner, taken.taken_at) == (ben, EVENING + timedelta(minutes=3))
    assert can_see_answers(ben, visit.patient, EVENING + timedelta(minutes=4))
    assert not can_see_answers(ben, visit.patient, EVENING + timedelta(days=8))
    assert escalate_unanswered(now=EVENING + timedelta(minutes=32)) == 0
    complete_task(task=task, by=ben, now=EVENING + timedelta(minutes=32))
    assert escalate_unanswered(now=EVENING + timedelta(hours=2)) == 0
    assert [who for _kind, who in called()] == [ben.email]


def test_who_took_a_call_and_does_not_finish_it_is_reminded_and_at_last_the_next_one_is_called(clinic: Clinic) -> None:
    anna, ben = clinic.anna.user, clinic.ben.user
    on_duty(clinic, anna)
    on_duty(clinic, ben, rank=2)
    say(finished(clinic), "worse", "infection")
    take_task(task=Task.objects.get(), by=anna, now=EVENING)
    gone_on = [escalate_unanswered(now=EVENING + timedelta(minutes=minutes)) for minutes in (29, 30, 31, 60, 90, 91)]
    assert gone_on == [0, 1, 0, 1, 1, 0]
    assert called() == [
        ("care-waiting", anna.email),
        *[("care-not-finished", anna.email)] * 3,
        ("care-still-waiting", ben.email),
    ]


def test_who_was_not_called_does_not_see_the_task_of_a_stranger(clinic: Clinic) -> None:
    on_duty(clinic, clinic.ben.user)
    say(finished(clinic), "worse", "infection")
    assert open_tasks(by=clinic.anna.user, now=EVENING).count() == 0
    assert open_tasks(by=make_staff(), now=EVENING).count() == 1


def test_with_nobody_on_duty_the_therapist_managers_and_owners_are_called_at_once(clinic: Clinic) -> None:
    manager, owner = make_staff(Role.MANAGER), make_staff(Role.OWNER)
    on_duty(clinic, clinic.ben.user, hours=(8, 17))
    visit = finished(clinic)
    say(visit, "same", "nerves")
    assert {who for _kind, who in called()} == {manager.email, owner.email, clinic.anna.user.email}
    morning = at(8, 30, days=2)
    escalate_unanswered(now=morning)  # by then somebody is on duty, and nobody has it yet
    assert clinic.ben.user.email in {who for _kind, who in called()}
    assert set(OnCallNotice.objects.filter(is_last=False).values_list("user", flat=True)) == {clinic.ben.user.pk}


def test_a_new_red_flag_is_told_to_whoever_has_it(clinic: Clinic) -> None:
    on_duty(clinic, clinic.ben.user)
    visit = finished(clinic)
    say(visit, "worse", "infection")
    take_task(task=Task.objects.get(), by=clinic.ben.user, now=EVENING)
    say(visit, "worse", "breath", now=EVENING + timedelta(minutes=9))
    assert (Task.objects.count(), called()) == (
        1,
        [("care-waiting", clinic.ben.user.email), ("care-still-waiting", clinic.ben.user.email)],
    )


def test_a_second_tap_says_it_once_and_later_the_same_is_said_again(clinic: Clinic) -> None:
    on_duty(clinic, clinic.ben.user)
    visit = finished(clinic)
    for seconds in (0, 5, 59):
        assert say(visit, "worse", "breath", now=EVENING + timedelta(seconds=seconds)) == Urgency.EMERGENCY
    assert (AfterCareAnswer.objects.count(), len(called())) == (1, 1)
    say(visit, "worse", "breath", now=EVENING + timedelta(seconds=61))
    assert (AfterCareAnswer.objects.count(), len(called())) == (2, 2)


def test_a_call_that_reached_nobody_goes_on_from_there(clinic: Clinic) -> None:
    on_duty(clinic, clinic.anna.user)
    on_duty(clinic, clinic.ben.user, rank=2)
    say(finished(clinic), "worse", "infection")
    tried = EVENING + timedelta(minutes=10)
    log_attempt(task=Task.objects.get(), outcome="no-answer", location=clinic.location, by=make_staff(), now=tried)
    assert escalate_unanswered(now=tried + timedelta(minutes=14)) == 0
    assert escalate_unanswered(now=tried + timedelta(minutes=15)) == 1


def test_who_left_is_not_called(clinic: Clinic) -> None:
    User.objects.filter(pk=clinic.ben.user.pk).update(is_active=False)
    on_duty(clinic, clinic.ben.user)
    manager = make_staff(Role.MANAGER)
    say(finished(clinic), "worse", "faint")
    assert manager.email in {who for _kind, who in called()}
    assert clinic.ben.user.email not in {who for _kind, who in called()}


# Settings


def test_turns_and_settings_are_the_managers_and_the_owners(clinic: Clinic) -> None:
    manager = make_staff(Role.MANAGER)
    details = TurnDetails(clinic.anna.user, [0, 1], time(18), time(8), 1)
    turn = add_turn(location=clinic.location, details=details, by=manager, now=EVENING)
    said: dict[str, Any] = {"heat": "good", "ice": "", "no_flying_hours": 24, "answer_minutes": 10}
    save_after_care(location=clinic.location, **said, by=make_staff(Role.OWNER), now=EVENING)
    assert AfterCareSettings.objects.values("heat", "ice", "no_flying_hours", "answer_minutes").get() == said
    for wrong in ({"heat": "hot"}, {"answer_minutes": 4}, {"no_flying_hours": 337}):
        with pytest.raises(InvalidAnswers):
            save_after_care(location=clinic.location, **(said | wrong), by=manager, now=EVENING)
    anna = clinic.anna.user
    for who, days, rank in ((make_staff(), [0], 1), (anna, [], 1), (anna, [7], 1), (anna, [0], 0)):
        nobody = TurnDetails(who, days, time(8), time(9), rank)
        with pytest.raises(InvalidAnswers):
            add_turn(location=clinic.location, details=nobody, by=manager, now=EVENING)
    for stranger in (make_staff(), clinic.anna.user):
        with pytest.raises(NotAllowed):
            remove_turn(turn=turn, by=stranger, now=EVENING)
    remove_turn(turn=turn, by=manager, now=EVENING)
    assert OnCallTurn.objects.count() == 0


def test_an_erased_record_loses_its_answers_and_takes_no_more(clinic: Clinic) -> None:
    visit = finished(clinic)
    say(visit, "worse")
    assert visit.patient is not None
    erase_record(patient=visit.patient, by=None, now=EVENING)
    assert AfterCareAnswer.objects.count() == 0
    with pytest.raises(NotAllowed):
        say(visit, "worse")

"""What staff promised: opened once, taken by one, tried, closed, and its number forgotten."""

from datetime import timedelta

import pytest

from booking.errors import NotPossibleNow
from booking.models import Task, TaskAttempt
from booking.services.errands import (
    CALL_BACKS_A_DAY,
    CALL_BACKS_OF_A_PLACE,
    ask_for_call_back,
    cancel_task,
    complete_task,
    forget_contacts,
    log_attempt,
    open_task,
    take_task,
)
from booking.services.retention import erase_record
from intake.errors import NotAllowed, TooManyAttempts
from intake.models import AuditEvent, Role
from tests.factories.booking import NOW, Clinic, at, make_appointment, make_staff
from tests.factories.intake import make_patient

pytestmark = pytest.mark.django_db(transaction=True)

CONTACT = {"name": "Ada", "phone": "+17805550123", "best_time": "mornings"}
Outcome = TaskAttempt.Outcome


def ask(clinic: Clinic, session: str = "a", address: str = "192.0.2.1", now: object = NOW, **over: str) -> Task:
    return ask_for_call_back(
        contact=CONTACT | over, location=clinic.location, session_hash=session, address=address, now=now
    )


def actions() -> list[str]:
    return list(AuditEvent.objects.filter(entity_type="booking.task").order_by("id").values_list("action", flat=True))


def test_a_call_is_promised_within_four_opening_hours(clinic: Clinic) -> None:
    task = Task.objects.get(pk=ask(clinic).pk)
    assert (task.kind, task.status, task.due_at, task.contact) == ("call-back", "requested", at(12, days=0), CONTACT)
    assert actions() == ["task-opened"]


def test_a_second_tap_is_the_same_task_and_a_corrected_number_replaces_the_first(clinic: Clinic) -> None:
    first = ask(clinic)
    again = ask(clinic, phone="+17805550199", now=NOW + timedelta(minutes=30))
    assert (again.pk, again.due_at, again.contact["phone"]) == (first.pk, first.due_at, "+17805550199")
    complete_task(task=first, by=make_staff(), now=NOW)
    assert ask(clinic).pk != first.pk


def test_asking_too_often_is_refused(clinic: Clinic) -> None:
    for _ in range(CALL_BACKS_A_DAY):
        ask(clinic)
    with pytest.raises(TooManyAttempts):
        ask(clinic)
    assert Task.objects.count() == 1


def test_many_browsers_of_one_network_are_refused_too(clinic: Clinic) -> None:
    for number in range(CALL_BACKS_OF_A_PLACE):
        ask(clinic, session=str(number), address=f"192.0.2.{number}")
    with pytest.raises(TooManyAttempts):
        ask(clinic, session="another", address="192.0.2.200")
    assert ask(clinic, session="elsewhere", address="198.51.100.1").status == "requested"


def test_one_takes_it_and_a_colleague_is_told_so(clinic: Clinic) -> None:
    task, robin, dana = ask(clinic), make_staff(), make_staff(Role.MANAGER)
    taken = take_task(task=task, by=robin, now=NOW)
    assert (taken.status, taken.owner, taken.taken_at) == ("in-progress", robin, NOW)
    assert take_task(task=task, by=robin, now=NOW).owner == robin
    with pytest.raises(NotPossibleNow):
        take_task(task=task, by=dana, now=NOW)


def test_no_answer_puts_it_back_with_a_new_hour_and_reached_ends_it(clinic: Clinic) -> None:
    task, robin = ask(clinic), make_staff()
    take_task(task=task, by=robin, now=NOW)
    noon = at(12, days=0)
    tried = log_attempt(task=task, outcome=Outcome.NO_ANSWER, location=clinic.location, by=robin, now=noon)
    assert (tried.status, tried.owner, tried.due_at) == ("requested", None, at(16, days=0))
    done = log_attempt(task=task, outcome=Outcome.REACHED, location=clinic.location, by=robin, now=at(13, days=0))
    assert (done.status, done.owner, done.closed_at) == ("completed", robin, at(13, days=0))
    assert list(task.attempts.values_list("outcome", "made_at")) == [("no-answer", noon), ("reached", at(13, days=0))]
    assert actions() == ["task-opened", "task-taken", "task-tried", "task-tried", "task-completed"]


def test_what_is_closed_stays_closed(clinic: Clinic) -> None:
    task, robin = ask(clinic), make_staff()
    cancel_task(task=task, by=robin, now=NOW)
    for again in (take_task, complete_task, cancel_task):
        with pytest.raises(NotPossibleNow):
            again(task=task, by=robin, now=NOW)
    with pytest.raises(NotPossibleNow):
        log_attempt(task=task, outcome=Outcome.REACHED, location=clinic.location, by=robin, now=NOW)
    assert Task.objects.get().status == "cancelled"


@pytest.mark.parametrize("role", [Role.PATIENT, Role.OWNER])
def test_only_the_clinic_works_on_tasks(clinic: Clinic, role: str) -> None:
    task = ask(clinic)
    with pytest.raises(NotAllowed):
        take_task(task=task, by=make_staff(role), now=NOW)


def test_a_visit_has_one_open_task_of_a_kind(clinic: Clinic) -> None:
    patient = make_patient(now=NOW)
    visit = make_appointment(clinic, start=at(9), patient=patient)
    first = open_task(kind=Task.Kind.REVIEW_OVERDUE, appointment=visit, due_at=at(9, days=0), now=NOW)
    again = open_task(kind=Task.Kind.REVIEW_OVERDUE, appointment=visit, due_at=at(11, days=0), now=NOW)
    other = open_task(kind=Task.Kind.WITHDRAWN_CONSENT, patient=patient, due_at=at(11, days=0), now=NOW)
    assert (again, first.patient, other != first) == (first, patient, True)
    assert open_task(kind=Task.Kind.WITHDRAWN_CONSENT, patient=patient, due_at=NOW, now=NOW) == other
    complete_task(task=first, by=make_staff(), now=NOW)
    assert open_task(kind=Task.Kind.REVIEW_OVERDUE, appointment=visit, due_at=NOW, now=NOW) != first


def test_the_number_is_forgotten_thirty_days_after_the_end_and_not_before(clinic: Clinic) -> None:
    done, cancelled, waiting = (ask(clinic, session=name) for name in "abc")
    complete_task(task=done, by=make_staff(), now=NOW)
    cancel_task(task=cancelled, by=make_staff(), now=NOW + timedelta(days=1))
    assert forget_contacts(now=NOW + timedelta(days=30) - timedelta(seconds=1)) == 0
    assert forget_contacts(now=NOW + timedelta(days=30)) == 1
    assert forget_contacts(now=NOW + timedelta(days=400)) == 1
    kept = {task.pk: task.contact for task in Task.objects.all()}
    assert kept == {done.pk: None, cancelled.pk: None, waiting.pk: CONTACT}


def test_erasing_a_record_takes_the_number_of_its_tasks(clinic: Clinic) -> None:
    patient = make_patient(now=NOW)
    task = open_task(kind=Task.Kind.CALL_BACK, patient=patient, contact=CONTACT, due_at=NOW, now=NOW)
    erase_record(patient=patient, by=None, now=NOW)
    task.refresh_from_db()
    assert task.contact is None

"""After one visit several red flags at the same moment, and several sweeps: one task, and one chain of calls."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from datetime import time as wall_time
from unittest import mock
from uuid import UUID

import pytest
from django.db import connection

from booking.models import AfterCareAnswer, Appointment, OnCallNotice, OnCallTurn, Task
from booking.reminders.models import Communication
from booking.services.after_care import HowItIs, answer_after_visit
from booking.services.on_call import escalate_unanswered
from intake.models import User
from tests.factories.booking import Clinic, at, make_appointment, make_clinic, make_staff
from tests.factories.intake import make_patient
from tests.races.crowd import at_once

pytestmark = pytest.mark.django_db(transaction=True)
EVENING = at(20)
LATER = EVENING + timedelta(minutes=15)  # when the first one has had their time
UNTIL_OTHERS_ARE_DONE = 0.4  # seconds


@pytest.fixture
def clinic(transactional_db: None) -> Clinic:
    """Anna is told first, then Ben, then whoever manages."""
    clinic = make_clinic()
    make_staff("manager")
    for rank, user in enumerate((clinic.anna.user, clinic.ben.user), start=1):
        OnCallTurn.objects.create(
            location=clinic.location, user=user, weekdays=list(range(7)), start_time=wall_time(0),
            end_time=wall_time(0), rank=rank,
        )  # fmt: skip
    return clinic


@pytest.fixture
def visit(clinic: Clinic) -> Appointment:
    return make_appointment(clinic, start=at(10), patient=make_patient(), status="fulfilled")


@pytest.fixture
def _tasks_as_many_as_one_likes(clinic: Clinic) -> Iterator[None]:
    (once,) = [one for one in Task._meta.constraints if one.name == "task_open_once_for_a_visit"]
    with connection.schema_editor() as editor:
        editor.remove_constraint(Task, once)
    yield
    OnCallNotice.objects.all().delete()
    Task.objects.all().delete()
    with connection.schema_editor() as editor:
        editor.add_constraint(Task, once)


def say(visit: UUID, sign: str, now: datetime = EVENING) -> None:
    answer_after_visit(appointment=Appointment.objects.get(pk=visit), said=HowItIs("worse", (sign,)), now=now)


def sweep(now: datetime = LATER) -> None:
    escalate_unanswered(now=now)


def sweep_unlocked(pause: float) -> None:
    """The negative control: takes a task that another sweep has in its hands, and goes on when that is done."""

    def late(**_more: object) -> bool:
        time.sleep(pause)
        return True

    rows = Task.objects.all()
    with ExitStack() as stack:
        stack.enter_context(mock.patch.object(Task.objects, "select_for_update", return_value=rows))
        stack.enter_context(mock.patch("booking.services.on_call.waited_enough", late))
        sweep()


def told() -> list[User]:
    return [notice.user for notice in OnCallNotice.objects.select_related("user").order_by("told_at", "id")]


def mails() -> Counter[tuple[str, str]]:
    return Counter(Communication.objects.filter(kind__startswith="care-").values_list("kind", "recipient"))


def test_two_red_flags_at_once_are_one_task_and_call_one_person(clinic: Clinic, visit: Appointment) -> None:
    flags = ["breath", "faint", "nerves", "infection"]
    assert at_once(*[(say, (visit.pk, flag)) for flag in flags]) == Counter({"done": 4})
    task = Task.objects.get()
    assert (task.kind, task.appointment_id, told()) == ("after-visit-urgent", visit.pk, [clinic.anna.user])
    anna = clinic.anna.user.email
    assert mails() == Counter({("care-waiting", anna): 1, ("care-still-waiting", anna): 3})  # each answer is news
    assert AfterCareAnswer.objects.count() == 4


def test_one_red_flag_from_several_tabs_calls_once(clinic: Clinic, visit: Appointment) -> None:
    assert at_once(*[(say, (visit.pk, "breath"))] * 4) == Counter({"done": 4})
    assert (Task.objects.count(), AfterCareAnswer.objects.count()) == (1, 1)
    assert mails() == Counter({("care-waiting", clinic.anna.user.email): 1})


@pytest.mark.usefixtures("_tasks_as_many_as_one_likes")
def test_without_lock_and_constraint_there_would_be_several_tasks(visit: Appointment) -> None:
    """The negative control of both."""

    def nobody_waits(_visit: Appointment) -> None:
        time.sleep(UNTIL_OTHERS_ARE_DONE / 4)

    with mock.patch("booking.services.after_care._not_erased", nobody_waits):
        at_once(*[(say, (visit.pk, "breath"))] * 4)
    assert Task.objects.count() > 1


def test_sweeps_side_by_side_tell_the_next_one_and_nobody_else(clinic: Clinic, visit: Appointment) -> None:
    say(visit.pk, "breath")
    assert at_once(*[(sweep, ())] * 6) == Counter({"done": 6})
    assert told() == [clinic.anna.user, clinic.ben.user]
    assert mails() == Counter(
        {("care-waiting", clinic.anna.user.email): 1, ("care-still-waiting", clinic.ben.user.email): 1}
    )


def test_without_their_lock_sweeps_would_run_down_the_whole_chain(clinic: Clinic, visit: Appointment) -> None:
    """The negative control: the second one finds Ben told, and rings the next ones at once."""
    say(visit.pk, "breath")
    at_once((sweep_unlocked, (0.0,)), (sweep_unlocked, (UNTIL_OTHERS_ARE_DONE,)))
    assert len(told()) > 2


def test_an_answer_while_a_sweep_runs_still_calls_one_after_the_other(clinic: Clinic, visit: Appointment) -> None:
    say(visit.pk, "breath")
    came_of_it = at_once(
        (sweep, ()), (say, (visit.pk, "faint", LATER)), (sweep, ()), (say, (visit.pk, "nerves", LATER))
    )
    assert came_of_it == Counter({"done": 4})
    assert (Task.objects.count(), told()) == (1, [clinic.anna.user, clinic.ben.user])

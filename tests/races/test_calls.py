"""Several receptionists who call the same patient at the same moment: one does, the others see that."""

import time
from collections import Counter
from collections.abc import Iterator
from unittest import mock
from uuid import UUID

import pytest
from django.db import connection

from booking.models import Appointment, Call
from booking.services.calls import note_call
from intake.models import User
from tests.factories.booking import NOW, at, make_appointment, make_clinic, make_staff
from tests.factories.intake import make_patient
from tests.races.crowd import at_once
from tests.races.unguarded import unlocked

pytestmark = pytest.mark.django_db(transaction=True)
A_MOMENT = 0.3  # seconds


@pytest.fixture
def visit(transactional_db: None) -> Appointment:
    return make_appointment(make_clinic(), start=at(10), patient=make_patient(email=""))


@pytest.fixture
def desk(transactional_db: None) -> list[User]:
    return [make_staff(name=name) for name in ("Robin", "Dana", "Lou", "Max")]


@pytest.fixture
def _numbers_as_often_as_one_likes(visit: Appointment) -> Iterator[None]:
    (once,) = [one for one in Call._meta.constraints if one.name == "call_number_once"]
    with connection.schema_editor() as editor:
        editor.remove_constraint(Call, once)
    yield
    Call.objects.all().delete()
    with connection.schema_editor() as editor:
        editor.add_constraint(Call, once)


def note(visit: UUID, by: UUID, outcome: str) -> None:
    appointment, user = Appointment.objects.get(pk=visit), User.objects.get(pk=by)
    note_call(appointment=appointment, outcome=Call.Outcome(outcome), seen=0, by=user, now=NOW)


@pytest.mark.parametrize("outcome", ["calling", "no-answer"])
def test_one_of_four_calls_and_the_others_see_it(visit: Appointment, desk: list[User], outcome: str) -> None:
    pressed = at_once(*[(note, (visit.pk, one.pk, outcome)) for one in desk])
    assert pressed == Counter({"done": 1, "called-meanwhile": 3})
    assert list(Call.objects.values_list("number", "outcome")) == [(1, outcome)]


@pytest.mark.usefixtures("_numbers_as_often_as_one_likes")
def test_without_lock_and_constraint_a_patient_would_be_called_several_times(
    visit: Appointment, desk: list[User]
) -> None:
    """The negative control of both."""

    def slowly(**_change: object) -> None:
        time.sleep(A_MOMENT)  # it is written, and nobody else can see it yet

    with unlocked(), mock.patch("booking.services.calls.record_change", slowly):
        at_once(*[(note, (visit.pk, one.pk, "no-answer")) for one in desk])
    assert Call.objects.filter(number=1).count() > 1

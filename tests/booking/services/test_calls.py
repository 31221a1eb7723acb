"""What comes of calls before a visit."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, ProgrammingError, transaction

from booking.errors import NotPossibleNow
from booking.errors_of_messages import CalledMeanwhile
from booking.models import Appointment, Call
from booking.services.calls import note_call
from intake.errors import NotAllowed
from intake.models import AuditEvent, Role, User
from tests.factories import booking as made
from tests.factories import intake as people
from tests.factories.booking import NOW, Clinic, at

pytestmark = pytest.mark.django_db
Outcome = Call.Outcome


@pytest.fixture
def clinic() -> Clinic:
    return made.make_clinic()


@pytest.fixture
def visit(clinic: Clinic) -> Appointment:
    return made.make_appointment(clinic, start=at(10), patient=people.make_patient(email=""))


@pytest.fixture
def robin() -> User:
    return made.make_staff(name="Robin")


@pytest.fixture
def dana() -> User:
    return made.make_staff(name="Dana")


def note(visit: Appointment, outcome: str, by: User, *, seen: int = 0, minutes: int = 0) -> Call:
    now = NOW + timedelta(minutes=minutes)
    return note_call(appointment=visit, outcome=Outcome(outcome), seen=seen, by=by, now=now)


def test_who_says_that_they_are_coming_has_confirmed_all_visits_of_that_day(
    clinic: Clinic, visit: Appointment, robin: User
) -> None:
    second = made.make_appointment(clinic, start=at(14), patient=visit.patient)
    other_day = made.make_appointment(clinic, start=at(10, days=2), patient=visit.patient)
    note(visit, "coming", robin)
    for one in (visit, second, other_day):
        one.refresh_from_db()
    assert [one.accepted_how for one in (visit, second, other_day)] == ["call", "call", ""]
    assert AuditEvent.objects.get(action="called", entity_id=visit.pk).reason == "coming"


def test_a_colleague_s_call_of_this_moment_is_left_to_them(visit: Appointment, robin: User, dana: User) -> None:
    note(visit, "calling", robin)
    with pytest.raises(CalledMeanwhile, match="Robin is calling them at this moment"):
        note(visit, "calling", dana)
    note(visit, "no-answer", robin, seen=1, minutes=1)
    with pytest.raises(CalledMeanwhile, match="Robin has just called them: no answer"):
        note(visit, "coming", dana, seen=1, minutes=2)
    note(visit, "coming", dana, seen=2, minutes=3)
    assert [call.outcome for call in visit.calls.all()] == ["calling", "no-answer", "coming"]


def test_a_call_that_was_never_ended_is_free_after_ten_minutes(visit: Appointment, robin: User, dana: User) -> None:
    note(visit, "calling", robin)
    assert note(visit, "no-answer", dana, minutes=11).number == 2


def test_a_double_tap_notes_one_call(visit: Appointment, robin: User) -> None:
    assert note(visit, "no-answer", robin) == note(visit, "no-answer", robin)


def test_a_slip_is_put_right(visit: Appointment, robin: User) -> None:
    note(visit, "coming", robin)
    note(visit, "no-answer", robin, seen=1)
    visit.refresh_from_db()
    assert (visit.is_accepted, visit.accepted_how) == (False, "")


def test_who_cannot_come_has_not_confirmed(visit: Appointment, robin: User) -> None:
    Appointment.objects.filter(pk=visit.pk).update(accepted_at=NOW, accepted_how="text", accepted_version=1)
    note(visit, "cant-come", robin)
    visit.refresh_from_db()
    assert (visit.is_accepted, visit.status) == (False, "booked")


@pytest.mark.parametrize(
    ("over", "outcome"),
    [
        ({"start": NOW - timedelta(minutes=1)}, "coming"),
        ({"status": "cancelled", "cancel_reason": "clinic", "cancelled_at": NOW}, "coming"),
        ({"status": "arrived"}, "no-answer"),
        ({}, "told"),
    ],
    ids=["has begun", "cancelled", "is here", "nothing to tell"],
)
def test_nothing_is_noted_that_cannot_be(clinic: Clinic, robin: User, over: dict[str, object], outcome: str) -> None:
    visit = made.make_appointment(clinic, patient=people.make_patient(), **{"start": at(10), **over})  # type: ignore[arg-type]
    with pytest.raises(NotPossibleNow):
        note(visit, outcome, robin)
    assert not visit.calls.exists()


def test_patients_note_no_calls(visit: Appointment) -> None:
    with pytest.raises(NotAllowed):
        note(visit, "coming", people.make_user(Role.PATIENT))


def test_the_database_keeps_one_call_a_number_and_changes_none(visit: Appointment, robin: User) -> None:
    call = note(visit, "no-answer", robin)
    with pytest.raises(IntegrityError, match="call_number_once"), transaction.atomic():
        Call.objects.create(appointment=visit, number=1, schedule_version=1, outcome="told", made_by=robin, made_at=NOW)
    with pytest.raises(ProgrammingError, match="Cannot update rows"), transaction.atomic():
        Call.objects.filter(pk=call.pk).update(outcome="coming")

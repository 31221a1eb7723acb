"""The promise that nobody is needled without the questions before it, as the nightly run looks for it."""

import pytest

from booking.models import Appointment
from booking.services.visits import check_in, mark_arrived
from config.invariants import broken_promises
from tests.booking.services.booking_steps import book
from tests.factories.booking import NOW, at, make_clinic, make_staff
from tests.factories.rechecks import answer_again

pytestmark = pytest.mark.django_db


def broken(visit: Appointment) -> list[str]:
    return [one.name for one in broken_promises(now=at(10, 30)) if str(visit.pk) in one.rows]


def test_a_visit_that_began_without_the_questions_is_found() -> None:
    visit = book(make_clinic()).appointment
    Appointment.objects.filter(pk=visit.pk).update(status="checked-in", checked_in_at=at(10))
    assert "asked-again" in broken(visit)
    Appointment.objects.filter(pk=visit.pk).update(checked_in_at=NOW.replace(year=2020))
    assert "asked-again" not in broken(visit)  # it began before the promise was made


def test_a_visit_that_began_with_them_is_not() -> None:
    desk, visit = make_staff(), answer_again(book(make_clinic()).appointment, at(9, 50))
    check_in(appointment=mark_arrived(appointment=visit, by=desk, now=at(10)), by=desk, now=at(10))
    assert broken(visit) == []


def test_who_has_arrived_with_something_new_to_tell_breaks_no_promise() -> None:
    visit = mark_arrived(appointment=book(make_clinic()).appointment, by=make_staff(), now=at(9, 50))
    answer_again(visit, at(9, 51), {"pregnancy": "unsure"})
    assert broken(visit) == []

"""Staff say whether the patient is told; who chose not to tell stands in the log of messages."""

from datetime import timedelta

import pytest
from django.urls import reverse

from booking.reminders.models import Communication
from booking.rules.policy import UNDO_FOR
from booking.services.cancellations import cancel_appointment, settle_cancellations
from booking.services.course_changes import cancel_rest, move_course
from booking.services.moves import reschedule_appointment
from booking.services.undoing import undo_cancellation
from intake.errors import NotAllowed
from tests.factories import booking as made
from tests.frontend.staff.conftest import NOW, Desk

pytestmark = pytest.mark.django_db
UNTOLD = ("stopped", "Staff chose not to tell the patient: Robin")
TOLD = ("preparation", "")


def _written(desk: Desk, kind: str) -> set[tuple[str, str]]:
    rows = Communication.objects.filter(patient=desk.patient, kind=kind)
    return set(rows.values_list("status", "status_reason"))


def _post(desk: Desk, name: str, *args: object, **said: str) -> int:
    address = reverse(f"staff:{name}", args=[desk.visit.pk, *args])
    return desk.browsers["reception"].post(address, said).status_code


@pytest.mark.parametrize(
    ("said", "told"),
    [({}, TOLD), ({"asks_tell": "1", "tell": "on"}, TOLD), ({"asks_tell": "1"}, UNTOLD)],
    ids=["not asked", "ticked", "unticked"],
)
def test_a_move_is_told_unless_staff_untick_it(desk: Desk, said: dict[str, str], told: tuple[str, str]) -> None:
    wish = f"{made.at(13, days=2):%Y-%m-%dT%H:%M:%SZ} {desk.clinic.anna.pk}"
    assert _post(desk, "move", time=wish, **said) == 303
    assert _written(desk, "moved") == {told}
    assert _written(desk, "reminder-2") == {TOLD}


def test_an_untold_cancellation_stays_untold_when_it_settles(desk: Desk) -> None:
    assert _post(desk, "cancel", reason="clinic", asks_tell="1") == 303
    assert _written(desk, "cancellation") == {UNTOLD}
    settle_cancellations(now=NOW + UNDO_FOR)
    assert _written(desk, "cancellation") == {UNTOLD}


def test_what_is_cancelled_again_after_an_undo_can_be_told(desk: Desk) -> None:
    desk.visit.start += timedelta(days=1)
    by, reason = desk.users["reception"], "clinic"
    cancel_appointment(appointment=desk.visit, by=by, reason=reason, tell=False, now=NOW)  # type: ignore[arg-type]
    desk.visit.refresh_from_db()
    undo_cancellation(appointment=desk.visit, by=by, now=NOW)
    assert _written(desk, "cancellation") == set()
    desk.visit.refresh_from_db()
    cancel_appointment(appointment=desk.visit, by=by, reason=reason, now=NOW)  # type: ignore[arg-type]
    settle_cancellations(now=NOW + UNDO_FOR)
    assert _written(desk, "cancellation") == {TOLD}


def test_a_visit_made_needle_free_is_told_unless_unticked(desk: Desk) -> None:
    assert _post(desk, "step", "without-needles", asks_tell="1") == 303
    assert _written(desk, "changed") == {UNTOLD}


@pytest.mark.parametrize(
    ("begins", "ends", "kind"),
    [("10:15", "11:00", "moved"), ("10:00", "10:45", "changed")],
    ids=["a later beginning is a new time", "an earlier end"],
)
@pytest.mark.parametrize(("said", "told"), [({"tell": "on"}, TOLD), ({}, UNTOLD)], ids=["ticked", "unticked"])
def test_a_shorter_visit_is_told_unless_staff_untick_it(
    desk: Desk, begins: str, ends: str, kind: str, said: dict[str, str], told: tuple[str, str]
) -> None:
    assert _post(desk, "shorten", begins=begins, ends=ends, asks_tell="1", **said) == 303
    assert _written(desk, kind) == {told}


def test_who_is_here_is_not_written_to_about_a_shorter_visit(desk: Desk) -> None:
    type(desk.visit).objects.update(status="arrived")
    assert _post(desk, "shorten", begins="10:00", ends="10:45") == 303
    assert (_written(desk, "moved"), _written(desk, "changed")) == (set(), set())


def test_a_course_is_moved_and_ended_without_a_word(desk: Desk) -> None:
    course = made.make_course(desk.clinic, patient=desk.patient)
    days = (7, 14)
    for number, day in enumerate(days, start=1):
        desk.make_visit(made.at(10, days=day), course=course, session_number=number)
    by = desk.users["reception"]
    move_course(course=course, starts=[made.at(11, days=day) for day in days], tell=False, by=by, now=NOW)
    cancel_rest(course=course, by=by, reason="clinic", tell=False, now=NOW)  # type: ignore[arg-type]
    settle_cancellations(now=NOW + UNDO_FOR)
    assert (_written(desk, "moved"), _written(desk, "cancellation")) == ({UNTOLD}, {UNTOLD})


def test_only_staff_may_leave_somebody_untold(desk: Desk) -> None:
    wish = {"appointment": desk.visit, "tell": False, "by": None, "now": NOW}
    with pytest.raises(NotAllowed):
        cancel_appointment(reason="patient", **wish)  # type: ignore[arg-type]
    with pytest.raises(NotAllowed):
        reschedule_appointment(practitioner=None, start=made.at(13, days=2), **wish)  # type: ignore[arg-type]


def test_the_pages_ask_with_the_box_ticked(desk: Desk) -> None:
    browser = desk.browsers["reception"]
    pages = [
        browser.get(reverse(f"staff:{name}", args=[desk.visit.pk])) for name in ("move", "cancel", "visit", "shorten")
    ]
    assert [answer.content.decode().count('name="tell"') for answer in pages] == [1, 1, 1, 1]

"""At the desk, now: somebody comes without an appointment, somebody is late, somebody does not come."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from booking.errors import NotCleared, NotPossibleNow, SlotNotOffered, SlotTaken
from booking.models import Appointment, Encounter, FreedTime, TimeOff
from booking.payments.ledger import balance_of
from booking.reminders.models import Communication
from booking.services.appointments import (
    Confirmed,
    book_walk_in,
    free_rest_of_noshow,
    reschedule_appointment,
    shorten_visit,
)
from booking.services.reviews import decide_request, lapse_requests
from booking.services.treatments import Treated, plan_treatment, record_treatment
from booking.services.visits import acknowledge_alert, check_in, finish_visit, mark_arrived, mark_noshow
from config.invariants import broken_promises
from intake.errors import DrypointError, IncompleteAnswers, NotAllowed
from intake.models import AuditEvent, Role
from tests.booking.services.booking_steps import book, details
from tests.factories.booking import NOW, Clinic, at, make_staff
from tests.factories.intake import make_screening, make_user, review_line, stop_line

pytestmark = pytest.mark.django_db


def walk_in(clinic: Clinic, **over: Any) -> Confirmed:
    said = {
        "service": clinic.call,
        "practitioner": clinic.anna,
        "patient": details(),
        "payment": "none",
        "request_key": uuid4(),
        "by": make_staff(),
        "now": at(10, 7),
    }
    return book_walk_in(**{**said, **over})


def answers(line: object) -> Any:
    return make_screening(line, now=NOW).screening


@pytest.mark.parametrize(("minute", "begins"), [(0, 0), (7, 10), (10, 10), (58, 60)])
def test_it_begins_now_and_the_patient_is_here(clinic: Clinic, minute: int, begins: int) -> None:
    now = at(10, minute)
    visit = walk_in(clinic, now=now).appointment
    assert (visit.status, visit.start, visit.arrived_at, visit.set_aside) == (
        "arrived",
        at(10) + timedelta(minutes=begins),
        now,
        "walk-in",
    )
    held = AuditEvent.objects.get(action="held", entity_id=visit.pk)
    assert (held.reason, held.agent_role) == ("walk-in", "reception")
    assert broken_promises(now=now) == []


def test_outside_the_hours_too_but_never_in_time_off_or_over_somebody(clinic: Clinic) -> None:
    assert walk_in(clinic, now=at(7, 31)).appointment.start == at(7, 35)
    TimeOff.objects.create(location=clinic.location, practitioner=clinic.anna, start=at(12), end=at(13))
    with pytest.raises(SlotNotOffered):
        walk_in(clinic, now=at(12, 1))
    book(clinic, start=at(14))
    with pytest.raises(SlotTaken):
        walk_in(clinic, now=at(14, 7))


def test_pressed_twice_it_is_one_visit(clinic: Clinic) -> None:
    key, staff = uuid4(), make_staff()
    first = walk_in(clinic, request_key=key, by=staff)
    again = walk_in(clinic, request_key=key, by=staff, now=at(10, 14))
    assert (first.appointment.pk, Appointment.objects.count()) == (again.appointment.pk, 1)


def test_the_answers_count_as_ever(clinic: Clinic) -> None:
    for screening, error in ((None, IncompleteAnswers), (answers(stop_line()), NotCleared)):
        with pytest.raises((error, NotCleared)):
            walk_in(clinic, service=clinic.needling, screening=screening)
    visit = walk_in(clinic, service=clinic.needling, screening=answers(review_line())).appointment
    with pytest.raises(NotCleared):
        check_in(appointment=visit, by=make_staff(), now=at(10, 10))
    assert visit.status == "arrived"


def test_no_door_leads_to_needling_before_a_therapist_has_said_yes(clinic: Clinic) -> None:
    """The notice of a request is waived at the desk, the decision is not."""
    desk, anna, now = make_staff(), clinic.anna.user, at(10, 10)
    today = make_screening(review_line(stage="check_in"), now=at(10)).screening
    visit = walk_in(clinic, service=clinic.needling, screening=today).appointment
    plan = {"regions": ["knee"], "technique": "manual", "answers": {}, "follow_ups": {}}
    treated = Treated(needling="done", regions=["knee"], technique="manual", needles=1)
    doors: list[tuple[type[DrypointError], Callable[[], object]]] = [
        (NotCleared, lambda: check_in(appointment=visit, by=desk, now=now)),
        (NotCleared, lambda: check_in(appointment=visit, by=anna, now=now)),
        (NotPossibleNow, lambda: plan_treatment(appointment=visit, **plan, by=anna, now=now)),
        (NotPossibleNow, lambda: record_treatment(appointment=visit, treated=treated, by=anna, now=now)),
        (NotPossibleNow, lambda: finish_visit(appointment=visit, by=desk, now=now)),
        (NotAllowed, lambda: decide_request(appointment=visit, decision="approved", reason="Fine.", by=desk, now=now)),
        (
            NotPossibleNow,
            lambda: reschedule_appointment(appointment=visit, practitioner=None, start=at(15), by=desk, now=now),
        ),
    ]
    acknowledge_alert(appointment=visit, by=anna, now=now)  # to have seen it is not to have said yes
    for refusal, door in doors:
        with pytest.raises(refusal):
            door()
    assert (Appointment.objects.get().status, Encounter.objects.count()) == ("arrived", 0)
    assert lapse_requests(now=at(10, days=9)) == 0  # who is here is not sent away by a clock
    decide_request(appointment=visit, decision="approved", reason="We talked.", by=anna, now=now)
    assert check_in(appointment=visit, by=desk, now=now).status == "checked-in"
    assert broken_promises(now=now) == []


def test_only_the_clinic_books_now(clinic: Clinic) -> None:
    with pytest.raises(NotAllowed):
        walk_in(clinic, by=make_user(Role.PATIENT))


def test_the_rest_of_a_visit_to_which_nobody_came_is_free(clinic: Clinic) -> None:
    visit, staff = book(clinic).appointment, make_staff()
    with pytest.raises(NotPossibleNow):
        free_rest_of_noshow(appointment=visit, by=staff, now=at(10, 15))
    mark_noshow(appointment=visit, by=staff, now=at(10, 15))
    freed = free_rest_of_noshow(appointment=visit, by=staff, now=at(10, 20))
    assert (freed.start, freed.end, freed.occupied.upper) == (at(10), at(10, 20), at(10, 20))
    assert list(FreedTime.objects.values_list("start", "end")) == [(at(10, 20), at(11))]
    assert walk_in(clinic, now=at(10, 21)).appointment.start == at(10, 25)
    with pytest.raises(NotPossibleNow):
        free_rest_of_noshow(appointment=visit, by=staff, now=at(10, 25))


def test_a_visit_is_shortened_and_nothing_else_changes(clinic: Clinic) -> None:
    visit, staff = book(clinic).appointment, make_staff()
    before = balance_of(visit), list(Communication.objects.order_by("pk").values()), visit.schedule_version
    mark_arrived(appointment=visit, by=staff, now=at(10, 15))
    visit = shorten_visit(appointment=visit, end=at(10, 45), by=staff, now=at(10, 15))
    visit = shorten_visit(appointment=visit, start=at(10, 15), by=staff, now=at(10, 15))
    buffers = (visit.start - visit.occupied.lower, visit.occupied.upper - visit.end)
    assert (visit.start, visit.end, visit.wall_start) == (at(10, 15), at(10, 45), "2026-11-24T10:15")
    assert buffers == (
        timedelta(minutes=clinic.needling.buffer_before),
        timedelta(minutes=clinic.needling.buffer_after),
    )
    assert (balance_of(visit), list(Communication.objects.order_by("pk").values()), visit.schedule_version) == before
    assert list(FreedTime.objects.values_list("start", "end")) == [(at(10, 45), at(11))]  # what is over frees nobody
    assert broken_promises(now=at(10, 15)) == []


@pytest.mark.parametrize(
    "over", [{"end": at(11, 15)}, {"start": at(9, 45)}, {"end": at(10)}, {}, {"end": at(10, 3)}, {"start": at(11)}]
)
def test_it_never_grows_or_vanishes(clinic: Clinic, over: dict[str, Any]) -> None:
    visit = book(clinic).appointment
    with pytest.raises(NotPossibleNow):
        shorten_visit(appointment=visit, by=make_staff(), now=at(10), **over)

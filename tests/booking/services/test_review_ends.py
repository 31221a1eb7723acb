"""A request that is declined, that nobody answers, or that can not be taken."""

from datetime import timedelta
from typing import Any

import pytest

from booking.errors import NotPossibleNow, SlotNotOffered
from booking.models import Appointment, Task
from booking.reminders.models import Communication
from booking.selectors.requests import offered_instead, other_times_for
from booking.services.appointments import reschedule_appointment
from booking.services.review_talks import choose_assessment
from booking.services.reviews import decide_request, lapse_requests
from booking.services.visits import check_in, mark_arrived
from intake.models import Role, ScreeningDecision
from intake.services.screenings import attach_screening
from tests.booking.services.booking_steps import book
from tests.factories.booking import NOW, Clinic, at, make_staff
from tests.factories.intake import make_patient, make_screening, make_user, review_line

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


def mine(clinic: Clinic, count: int, **line: Any) -> list[Appointment]:
    """So many requests of one person on the same answers."""
    owner = make_user(Role.PATIENT)
    patient = make_patient(user=owner)
    screening = attach_screening(
        screening=make_screening(review_line(**line), now=NOW).screening, patient=patient, now=NOW
    )
    days = range(3, 3 + count)
    return [ask(clinic, patient=patient, by=owner, screening=screening, start=at(10, days=day)) for day in days]


def test_a_no_says_what_there_is_instead_and_a_call_becomes_a_task(clinic: Clinic) -> None:
    visit = decide(clinic, ask(clinic), "declined", offered=["call", "other-care"])
    assert (visit.status, offered_instead(visit)) == ("cancelled", ("call", "other-care"))
    assert [(task.kind, task.appointment) for task in Task.objects.all()] == [("call-back", visit)]


def test_without_needles_at_the_same_time_for_who_chose_to_keep_it(clinic: Clinic) -> None:
    kept = decide(clinic, ask(clinic, accepts_assessment=True), "declined", offered=["without-needles"])
    other = ask(clinic, start=at(10, days=4), accepts_assessment=True)
    assert (kept.status, kept.service) == ("booked", clinic.assessment)
    assert decide(clinic, other, "declined").status == "cancelled"


def test_the_choice_is_made_and_taken_back_while_it_waits(clinic: Clinic) -> None:
    visit = ask(clinic)
    states = [
        choose_assessment(appointment=visit, accepts=accepts, now=NOW).accepts_assessment
        for accepts in (True, True, False)
    ]
    assert states == [True, True, False]
    decide(clinic, visit)
    with pytest.raises(NotPossibleNow):
        choose_assessment(appointment=visit, accepts=True, now=NOW)


def test_nothing_to_keep_where_nothing_without_needles_fits(clinic: Clinic) -> None:
    visit = ask(clinic)
    clinic.assessment.online = False
    clinic.assessment.save()
    with pytest.raises(NotPossibleNow):
        choose_assessment(appointment=visit, accepts=True, now=NOW)


@pytest.mark.parametrize("accepts", [False, True])
def test_when_nobody_answers_the_managers_are_told_first(clinic: Clinic, accepts: bool) -> None:
    boss = make_user(Role.MANAGER)
    visit = ask(clinic, accepts_assessment=accepts)
    assert lapse_requests(now=at(12, days=2)) == 1
    visit.refresh_from_db()
    assert letters("request-overdue") == [boss.email]
    assert [(task.kind, task.appointment, task.due_at) for task in Task.objects.all()] == [
        ("review-overdue", visit, at(12, days=2))
    ]
    assert (visit.status, visit.service) == (
        ("booked", clinic.assessment) if accepts else ("cancelled", clinic.needling)
    )


def test_who_got_no_answer_is_offered_three_times(clinic: Clinic) -> None:
    visit = ask(clinic)
    lapse_requests(now=at(12, days=2))
    visit.refresh_from_db()
    mail = Communication.objects.get(kind="time-released")
    assert len((mail.content or {})["alternatives"]) == 3
    others = other_times_for(visit, now=at(12, days=2))
    assert len(others) == 3
    assert min(slot.start for slot in others) >= at(16, days=2)


def test_at_half_time_everybody_who_can_help_gets_a_mail(clinic: Clinic) -> None:
    boss = make_user(Role.MANAGER)
    visit = ask(clinic)
    rows = Communication.objects.filter(kind="request-still-waiting")
    told = sorted(user.email for user in (clinic.anna.user, clinic.ben.user, boss))
    assert letters("request-still-waiting") == told
    assert visit.decide_by is not None
    assert {row.due_at for row in rows} == {NOW + (visit.decide_by - NOW) / 2}
    decide(clinic, visit)
    assert set(rows.values_list("status", flat=True)) == {"stopped"}


def test_asked_a_second_time_everybody_hears_a_second_time(clinic: Clinic) -> None:
    first, second = mine(clinic, 2)
    decide(clinic, first)
    later = NOW + timedelta(minutes=5)
    decide(clinic, second, "declined", now=later)
    first.refresh_from_db()
    decide(clinic, first, now=later + timedelta(minutes=5))
    rows = Communication.objects.filter(appointment=first)
    assert {kind: rows.filter(kind=kind).count() for kind in ("request-waiting", "approved")} == {
        "request-waiting": 2,
        "approved": 2,
    }


@pytest.mark.parametrize(("minutes", "fits"), [(239, False), (240, True)])
def test_staff_take_no_request_within_four_hours_either(clinic: Clinic, minutes: int, fits: bool) -> None:
    visit, now = ask(clinic), at(14, days=2) - timedelta(minutes=minutes)
    move = {"appointment": visit, "practitioner": None, "start": at(14, days=2), "by": make_staff(), "now": now}
    if fits:
        assert reschedule_appointment(**move).appointment.start == at(14, days=2)  # type: ignore[arg-type]
    else:
        with pytest.raises(SlotNotOffered):
            reschedule_appointment(**move)  # type: ignore[arg-type]


def test_a_review_without_a_yes_is_never_begun(clinic: Clinic) -> None:
    visit = ask(clinic)
    desk = make_staff()
    moment = visit.start - timedelta(minutes=5)
    arrived = mark_arrived(appointment=visit, by=desk, now=moment)
    with pytest.raises(Exception, match=r"\w"):
        check_in(appointment=arrived, by=desk, now=moment)
    assert not ScreeningDecision.objects.exists()

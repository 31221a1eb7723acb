"""Visits that hours or an authorisation no longer cover: found, shown with their ways out, and mended like others."""

from datetime import date, time

import pytest

from booking.models import Appointment, DaySchedule, Displacement, Task
from booking.payments.models import LedgerEntry
from booking.selectors.authorisations import Renewal, renewals_for
from booking.selectors.calendar import week, week_to_show
from booking.selectors.closures import Closure, closure_hitting, closure_with_id, displaced_by
from booking.selectors.day_board import blockers_of, day_board
from booking.selectors.displacements import choices_for, kept_for
from booking.selectors.outside_hours import cant_take_place, uncovered
from booking.selectors.ways_out import displaced_visits, ways_out
from booking.services.displacements import Choice, ask_for_a_call, send_choices, settle_displacements, take_choice
from booking.services.visits import mark_noshow
from intake.models import Role
from tests.booking.services.booking_steps import book
from tests.factories.booking import NOW, Clinic, at, make_appointment, make_hours, make_staff
from tests.factories.intake import make_patient, make_user

pytestmark = pytest.mark.django_db
TUESDAY = date(2026, 11, 24)


def not_on_tuesday(clinic: Clinic) -> None:
    DaySchedule.objects.create(practitioner=clinic.anna, location=clinic.location, date=TUESDAY)


def ended(clinic: Clinic, day: date = date(2026, 11, 22)) -> None:
    clinic.anna.needling_authorised_until = day
    clinic.anna.save()


def blockers(visit: Appointment) -> list[tuple[str, str]]:
    return [(one.code, one.mend) for one in blockers_of(visit, by=make_staff(), now=NOW)]


def closure_of_hours(visit: Appointment) -> Closure:
    closure = closure_hitting(visit)
    assert closure is not None
    assert closure == closure_with_id(visit.practitioner_id)
    return closure


def test_a_day_that_is_not_worked_any_more_stops_its_visits_and_no_others(clinic: Clinic) -> None:
    hit, spared = book(clinic).appointment, book(clinic, start=at(9, days=2)).appointment
    not_on_tuesday(clinic)
    assert blockers(hit) == [("outside-hours", "ways-out")]
    assert blockers(spared) == []
    assert (cant_take_place(hit), cant_take_place(spared)) == (True, False)
    rows = day_board(location=clinic.location, date=TUESDAY, by=make_staff(), now=NOW).rows
    assert [one.code for row in rows for one in row.blockers] == ["outside-hours"]
    found = week(location=clinic.location, first_date=TUESDAY, by=make_staff(), now=NOW)
    assert found.beyond == {hit.pk: "outside-hours"}


def test_a_break_and_shorter_weekly_hours_stop_a_visit_too(clinic: Clinic) -> None:
    in_break = make_appointment(clinic, patient=make_patient(), start=at(12))
    after = make_appointment(clinic, patient=make_patient(), start=at(16))
    make_hours(clinic.anna, clinic.location, weekdays=[1], start=time(12), end=time(13), is_break=True)
    clinic.anna.schedules.filter(is_break=False).update(end_time=time(16, 15))
    assert uncovered([in_break, after]) == {in_break.pk: "outside-hours", after.pk: "outside-hours"}


def test_what_staff_put_beyond_the_hours_on_purpose_stays(clinic: Clinic) -> None:
    visit = make_appointment(clinic, patient=make_patient(), start=at(10), set_aside="patient-asked")
    not_on_tuesday(clinic)
    assert uncovered([visit]) == {}
    assert closure_hitting(visit) is None


def test_a_visit_with_needles_after_the_authorisation_is_stopped_and_one_without_is_not(clinic: Clinic) -> None:
    on_the_day = make_appointment(clinic, patient=make_patient(), start=at(9))
    after = make_appointment(clinic, patient=make_patient(), start=at(9, days=2))
    without = make_appointment(clinic, patient=make_patient(), start=at(11, days=2), service=clinic.assessment)
    ended(clinic, TUESDAY)
    assert uncovered([on_the_day, after, without]) == {after.pk: "not-authorised"}
    assert list(displaced_by(closure_of_hours(after), now=NOW)) == [after]


def test_its_patient_is_asked_takes_another_time_and_nothing_is_in_the_way_any_more(clinic: Clinic) -> None:
    desk, visit = make_staff(), book(clinic).appointment
    not_on_tuesday(clinic)
    closure = closure_of_hours(visit)
    (row,) = ways_out(displaced_visits(closure, by=desk, now=NOW), closure=closure, now=NOW)
    assert [way.kind for way in row.ways] == ["ask", "colleague", "cancel", "call"]
    people = {one.pk: one for one in (clinic.anna, clinic.ben)}
    choices = [Choice(one.start, people[one.practitioner]) for one in row.ways[0].slots]
    sent = send_choices(appointment=visit, choices=choices, closure=closure, by=desk, now=NOW)
    settle_displacements(now=NOW)
    assert choices_for(visit) == sent.displacement
    offer = kept_for(sent.displacement, now=NOW)[-1]
    moved = take_choice(displacement=sent.displacement, offer=offer, now=NOW)
    assert (moved.start > at(23), cant_take_place(moved), blockers(moved)) == (True, False, [])
    assert Displacement.objects.get().state == "moved"


def test_a_call_about_it_stays_open_until_the_hours_hold_again(clinic: Clinic) -> None:
    visit = book(clinic).appointment
    not_on_tuesday(clinic)
    ask_for_a_call(appointment=visit, now=NOW)
    settle_displacements(now=NOW)
    assert Task.objects.get().status == "requested"
    DaySchedule.objects.all().delete()
    settle_displacements(now=NOW)
    assert Task.objects.get().status == "completed"


def test_nobody_pays_for_not_coming_when_the_therapist_did_not_work(clinic: Clinic) -> None:
    visit = book(clinic).appointment
    not_on_tuesday(clinic)
    mark_noshow(appointment=visit, by=make_staff(), now=visit.end)
    assert not LedgerEntry.objects.filter(kind="fee").exists()


def test_who_renews_an_authorisation_hears_of_it_with_the_visits_that_hang_on_it(clinic: Clinic) -> None:
    make_appointment(clinic, patient=make_patient(), start=at(9))

    def told(role: Role) -> list[Renewal]:
        return renewals_for(make_user(role), location=clinic.location, now=NOW)

    ended(clinic, date(2027, 1, 23))
    assert told(Role.OWNER) == []  # 61 days
    ended(clinic, date(2027, 1, 22))
    assert told(Role.OWNER) == told(Role.MANAGER) == [Renewal(clinic.anna, date(2027, 1, 22), False, 0)]
    ended(clinic)
    assert told(Role.OWNER) == [Renewal(clinic.anna, date(2026, 11, 22), True, 1)]
    assert (told(Role.RECEPTION), told(Role.THERAPIST)) == ([], [])
    assert len(renewals_for(clinic.anna.user, location=clinic.location, now=NOW)) == 1


def test_a_week_without_another_open_hour_gives_way_to_the_coming_one(clinic: Clinic) -> None:
    assert week_to_show(clinic.location, now=NOW) == date(2026, 11, 23)
    assert week_to_show(clinic.location, now=at(12, days=6)) == date(2026, 11, 30)
    make_appointment(clinic, patient=make_patient(), start=at(15, days=6))
    assert week_to_show(clinic.location, now=at(12, days=6)) == date(2026, 11, 29)

"""Hours and time off."""

from datetime import date, datetime, time

import pytest

from booking.errors import (
    BreakOutsideHours,
    CalendarRefused,
    ClinicClosed,
    HoursInvalid,
    HoursOverlap,
    SlotNotOffered,
    TurnsNeedADate,
    WallTimeInvalid,
)
from booking.models import Schedule, TimeOff
from booking.rules.hours import DayHours, Hours
from booking.selectors.closures import closure_of, displaced_by
from booking.selectors.holidays import closed_days_of
from booking.selectors.slots import nearest_slots
from booking.services.authorisations import set_authorisation
from booking.services.busy_calendars import BusyCalendar, remove_busy_times, upload_busy_times
from booking.services.holidays import keep_holiday, override_holiday, set_province
from booking.services.schedules import add_time_off, moment_at, remove_time_off, set_day_hours, set_hours
from intake.errors import NotAllowed
from intake.models import AuditEvent, Role, User
from tests.booking.feeds.test_busy_upload import calendar
from tests.booking.services.booking_steps import book
from tests.factories.booking import NOW, Clinic, at, make_appointment, make_location, make_staff
from tests.factories.intake import make_patient, make_user

pytestmark = pytest.mark.django_db


def test_time_off_may_lie_over_visits_and_says_which(clinic: Clinic) -> None:
    hit = book(clinic).appointment
    make_appointment(clinic, start=at(13), patient=make_patient())
    make_appointment(clinic, start=at(10, days=-4), patient=make_patient())
    off = add_time_off(
        location=clinic.location, practitioner=clinic.anna, start=at(9, days=-5), end=at(12), by=make_staff(), now=NOW
    )
    assert list(displaced_by(closure_of(off), now=NOW)) == [hit]
    assert AuditEvent.objects.filter(entity_id=off.pk).get().action == "time-off-added"


def test_a_closed_clinic_displaces_everybody(clinic: Clinic) -> None:
    visits = [book(clinic).appointment, book(clinic, practitioner=clinic.ben).appointment]
    off = add_time_off(location=clinic.location, practitioner=None, start=at(9), end=at(12), by=make_staff(), now=NOW)
    assert set(displaced_by(closure_of(off), now=NOW)) == set(visits)


def test_time_off_taken_back_gives_the_times_back(clinic: Clinic) -> None:
    desk = make_staff()
    off = add_time_off(location=clinic.location, practitioner=None, start=at(9, days=0), end=at(12), by=desk, now=NOW)
    soonest = {"service": clinic.needling, "limit": 1, "now": NOW}
    assert nearest_slots(**soonest)[0].start == at(12)
    remove_time_off(time_off=off, by=desk, now=NOW)
    assert nearest_slots(**soonest)[0].start == at(10, days=0)


def test_new_hours_replace_the_old_ones_at_that_clinic_only(clinic: Clinic) -> None:
    elsewhere = make_location()
    said = {"practitioner": clinic.anna, "by": make_staff(Role.MANAGER), "now": NOW}
    set_hours(location=elsewhere, hours=[Hours(5, time(9), time(12))], **said)
    set_hours(location=clinic.location, hours=[Hours(2, time(13), time(18))], **said)
    rows = Schedule.objects.filter(practitioner=clinic.anna).order_by("weekday")
    assert list(rows.values_list("location", "weekday", "start_time", "end_time")) == [
        (clinic.location.pk, 2, time(13), time(18)),
        (elsewhere.pk, 5, time(9), time(12)),
    ]


def test_patients_write_no_schedules_and_owners_no_time_off(clinic: Clinic) -> None:
    for stranger in (make_user(Role.PATIENT), make_user(Role.OWNER)):
        with pytest.raises(NotAllowed):
            add_time_off(
                location=clinic.location, practitioner=clinic.anna, start=at(9), end=at(12), by=stranger, now=NOW
            )
    with pytest.raises(NotAllowed):
        set_hours(practitioner=clinic.anna, location=clinic.location, hours=[], by=make_user(Role.PATIENT), now=NOW)
    assert not TimeOff.objects.exists()
    assert clinic.anna.schedules.count() == 5


def test_a_wall_time_in_a_jump_is_refused_and_one_that_comes_twice_is_asked_for() -> None:
    place = make_location(time_zone="America/Toronto")
    for wall, ambiguous in ((datetime(2027, 3, 14, 2, 30), False), (datetime(2026, 11, 1, 1, 30), True)):
        with pytest.raises(WallTimeInvalid) as refused:
            moment_at(location=place, wall=wall)
        assert refused.value.details == {"ambiguous": ambiguous}
    assert moment_at(location=place, wall=datetime(2026, 11, 1, 1, 30), fold=1).hour == 6


def _hours(clinic: Clinic, *lines: Hours, by: User | None = None) -> list[Schedule]:
    who = by or make_staff(Role.MANAGER)
    return set_hours(practitioner=clinic.anna, location=clinic.location, hours=lines, by=who, now=NOW)


def test_a_week_has_breaks_and_weeks_that_alternate(clinic: Clinic) -> None:
    odd = Hours(0, time(9), time(12), first_date=date(2026, 11, 30), every_weeks=2)
    _hours(clinic, odd, Hours(0, time(10), time(10, 15), is_break=True))
    stored = clinic.anna.schedules.order_by("start_time").values_list("every_weeks", "is_break")
    assert list(stored) == [(2, False), (1, True)]


@pytest.mark.parametrize(
    ("second", "error"),
    [
        (Hours(0, time(11), time(13)), HoursOverlap),
        (Hours(0, time(12), time(12)), HoursInvalid),
        (Hours(0, time(12), time(13), every_weeks=2), TurnsNeedADate),
        (Hours(0, time(11), time(13), is_break=True), BreakOutsideHours),
    ],
)
def test_hours_that_make_no_sense_change_nothing(clinic: Clinic, second: Hours, error: type[HoursInvalid]) -> None:
    with pytest.raises(error) as refused:
        _hours(clinic, Hours(0, time(9), time(12)), second)
    assert refused.value.details["line"] in (0, 1)
    assert clinic.anna.schedules.count() == 5


def test_a_therapist_sets_their_own_hours_and_nobody_elses(clinic: Clinic) -> None:
    _hours(clinic, Hours(0, time(9), time(12)), by=clinic.anna.user)
    for stranger in (clinic.ben.user, make_staff(Role.RECEPTION)):
        with pytest.raises(NotAllowed):
            _hours(clinic, by=stranger)
    assert clinic.anna.schedules.count() == 1


def test_one_date_is_different_until_it_is_as_usual_again(clinic: Clinic) -> None:
    tuesday = date(2026, 11, 24)
    said = {"practitioner": clinic.anna, "location": clinic.location, "day": tuesday, "by": clinic.anna.user}
    set_day_hours(hours=[DayHours(tuesday, time(16), time(18))], **said, now=NOW)
    soonest = {"service": clinic.needling, "practitioner": clinic.anna, "limit": 1, "now": NOW}
    tuesdays = [slot.start for slot in nearest_slots(**soonest, around=at(9))]
    set_day_hours(hours=[DayHours(tuesday)], **said, now=NOW)
    assert at(16) not in [slot.start for slot in nearest_slots(**soonest, around=at(16))]
    set_day_hours(hours=[], **said, now=NOW)
    assert [slot.start for slot in nearest_slots(**soonest, around=at(9))] == [at(9)]
    assert tuesdays != [at(9)]
    actions = AuditEvent.objects.filter(entity_id=clinic.anna.pk).values_list("action", flat=True)
    assert list(actions) == ["day-hours-set"] * 3


def test_hours_in_a_jump_of_the_clocks_or_on_a_closed_day_are_refused(clinic: Clinic) -> None:
    place = make_location(time_zone="America/Toronto", province="ON")
    said = {"practitioner": clinic.anna, "location": place, "by": make_staff(Role.OWNER), "now": NOW}
    spring, christmas = date(2027, 3, 14), date(2026, 12, 25)
    with pytest.raises(WallTimeInvalid):
        set_day_hours(day=spring, hours=[DayHours(spring, time(2, 30), time(9))], **said)
    with pytest.raises(ClinicClosed):
        set_day_hours(day=christmas, hours=[DayHours(christmas, time(9), time(12))], **said)
    override_holiday(location=place, day=christmas, is_open=True, by=said["by"], now=NOW)
    set_day_hours(day=christmas, hours=[DayHours(christmas, time(9), time(12))], **said)
    lines = [DayHours(christmas, time(9), time(12)), DayHours(christmas, time(11), time(13))]
    with pytest.raises(HoursOverlap):
        set_day_hours(day=christmas, hours=lines, **said)


def test_the_clinic_closes_and_opens_as_it_says(clinic: Clinic) -> None:
    manager, tuesday = make_staff(Role.MANAGER), date(2026, 11, 24)
    said = {"location": clinic.location, "by": manager, "now": NOW}
    override = override_holiday(day=tuesday, is_open=False, name="Flood", **said)
    assert closed_days_of(clinic.location, from_date=tuesday, to_date=tuesday) == {tuesday: "Flood"}
    again = override_holiday(day=tuesday, is_open=False, name="A flood", **said)
    assert again.pk == override.pk
    keep_holiday(override=override, by=manager, now=NOW)
    assert closed_days_of(clinic.location, from_date=tuesday, to_date=tuesday) == {}
    set_province(province="AB", **said)
    with pytest.raises(NotAllowed):
        set_province(location=clinic.location, province="", by=clinic.anna.user, now=NOW)


def test_without_a_valid_authorisation_there_is_no_needling(clinic: Clinic) -> None:
    said = {"practitioner": clinic.anna, "needling_authorisation": "Needles", "now": NOW}
    both = [clinic.needling, clinic.assessment]
    set_authorisation(services=both, authorised_until=date(2026, 11, 24), by=make_staff(Role.OWNER), **said)
    near = {"practitioner": clinic.anna, "limit": 50, "around": at(9, days=2), "now": NOW}
    assert {slot.start.date() for slot in nearest_slots(service=clinic.needling, **near)} <= {
        date(2026, 11, 23),
        date(2026, 11, 24),
    }
    with pytest.raises(SlotNotOffered):
        book(clinic, start=at(9, days=2))
    assert book(clinic, start=at(9)).appointment.service == clinic.needling
    with pytest.raises(NotAllowed):
        set_authorisation(services=[], authorised_until=None, by=clinic.anna.user, **said)


def test_an_upload_replaces_the_calendar_of_the_same_name(clinic: Clinic) -> None:
    def upload(*events: str, name: str = "Phone") -> BusyCalendar:
        return upload_busy_times(
            practitioner=clinic.anna, location=clinic.location, name=name, data=calendar(*events),
            by=clinic.anna.user, now=NOW,
        )  # fmt: skip

    upload("DTSTART:20261201T150000Z DURATION:PT1H SUMMARY:Secret")
    upload("DTSTART:20261202T150000Z DURATION:PT1H", name="Other")
    upload("DTSTART;VALUE=DATE:20261203", "DTSTART;VALUE=DATE:20261204")
    rows = clinic.anna.busy_times.order_by("start").values_list("source_name", "wall_start", "time_zone")
    assert list(rows) == [
        ("Other", "", ""),
        ("Phone", "2026-12-03T00:00:00", "America/Edmonton"),
        ("Phone", "2026-12-04T00:00:00", "America/Edmonton"),
    ]
    with pytest.raises(CalendarRefused):
        upload("DTSTART;TZID=Nowhere:20261201T090000 DURATION:PT1H")
    assert clinic.anna.busy_times.count() == 3
    remove_busy_times(practitioner=clinic.anna, name="Phone", by=make_staff(Role.MANAGER), now=NOW)
    assert clinic.anna.busy_times.count() == 1

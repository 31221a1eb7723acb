"""When therapists work, as it is stored; and the visits that it no longer covers."""

from datetime import UTC, date, time, timedelta

import pytest

from booking.models import BusyTime, DaySchedule, HolidayOverride, TimeOff
from booking.rules.intervals import Interval
from booking.selectors.holidays import closed_days_of, public_holidays
from booking.selectors.outside_hours import uncovered_visits, visits_beyond_authorisation, visits_in_busy_times
from booking.selectors.practitioners import authorisations_ending
from booking.selectors.slots import free_times
from booking.selectors.working_time import Away, AwayKind, working_time_of
from tests.factories.booking import NOW, Clinic, at, make_appointment, make_hours, make_location
from tests.factories.intake import make_patient

pytestmark = pytest.mark.django_db

TUESDAY = date(2026, 11, 24)


def test_all_of_it_comes_in_one_query(clinic: Clinic, django_assert_num_queries) -> None:
    place, anna, ben = clinic.location, clinic.anna, clinic.ben
    make_hours(anna, place, weekdays=[1], start=time(12), end=time(13), is_break=True)
    DaySchedule.objects.create(practitioner=ben, location=place, date=TUESDAY)
    DaySchedule.objects.create(practitioner=ben, location=place, date=date(2027, 11, 24))
    HolidayOverride.objects.create(location=place, date=date(2026, 11, 25), open=False, name="Stocktaking")
    TimeOff.objects.create(location=place, practitioner=anna, start=at(9), end=at(10))
    TimeOff.objects.create(location=make_location(), start=at(9), end=at(10))
    BusyTime.objects.create(practitioner=anna, start=at(15), end=at(16), source_name="x", uploaded_at=NOW)
    week = {"from_date": TUESDAY, "to_date": TUESDAY + timedelta(days=1)}
    with django_assert_num_queries(1):
        first, second = working_time_of(practitioners=[anna, ben], **week)
    assert (first.practitioner, first.location) == (anna.pk, place)
    assert first.windows(**week) == [Interval(at(9), at(12)), Interval(at(13), at(17))]
    assert list(first.away) == [
        Away(AwayKind.TIME_OFF, Interval(at(9), at(10))),
        Away(AwayKind.BUSY, Interval(at(15), at(16))),
    ]
    assert first.closed == {date(2026, 11, 25): "Stocktaking"}
    assert (second.windows(**week), list(second.away)) == ([], [])


def test_a_busy_time_is_not_offered_and_a_break_neither(clinic: Clinic) -> None:
    make_hours(clinic.anna, clinic.location, weekdays=[1], start=time(12), end=time(13), is_break=True)
    BusyTime.objects.create(practitioner=clinic.anna, start=at(14), end=at(17), source_name="x", uploaded_at=NOW)
    slots = free_times(
        service=clinic.assessment, practitioner=clinic.anna, from_date=TUESDAY, to_date=TUESDAY, now=NOW
    ).slots
    open_hours = [Interval(at(9), at(12)), Interval(at(13), at(14))]
    assert slots
    assert all(any(one.covers(Interval(slot.start, slot.end)) for one in open_hours) for slot in slots)


def test_holidays_are_those_of_the_province_but_for_what_the_clinic_says(clinic: Clinic) -> None:
    place = clinic.location
    year = {"from_date": date(2026, 12, 1), "to_date": date(2027, 2, 28)}
    assert closed_days_of(place, **year) == {}
    place.province = "AB"
    HolidayOverride.objects.create(location=place, date=date(2027, 2, 15), open=True)
    HolidayOverride.objects.create(location=place, date=date(2026, 12, 24), open=False, name="Holy night")
    assert closed_days_of(place, **year) == {
        date(2026, 12, 24): "Holy night",
        date(2026, 12, 25): "Christmas Day",
        date(2027, 1, 1): "New Year's Day",
    }
    quebec = public_holidays("QC", from_date=date(2027, 6, 1), to_date=date(2027, 7, 1))
    assert quebec == {date(2027, 6, 24): "Saint Jean Baptiste Day", date(2027, 7, 1): "Canada Day"}


def test_nothing_is_offered_on_a_holiday(clinic: Clinic) -> None:
    clinic.location.province = "AB"
    clinic.location.save()
    asked = {"service": clinic.needling, "from_date": date(2026, 12, 24), "to_date": date(2026, 12, 26), "now": NOW}
    assert {slot.start.astimezone(UTC).date() for slot in free_times(**asked).slots} == {date(2026, 12, 24)}
    HolidayOverride.objects.create(location=clinic.location, date=date(2026, 12, 25), open=True)
    assert {slot.start.date() for slot in free_times(**asked).slots} == {date(2026, 12, 24), date(2026, 12, 25)}


def test_visits_that_hours_no_longer_cover_are_found(clinic: Clinic) -> None:
    make_appointment(clinic, patient=make_patient(), start=at(9))
    in_break = make_appointment(clinic, patient=make_patient(), start=at(12))
    busy = make_appointment(clinic, patient=make_patient(), start=at(15))
    make_hours(clinic.anna, clinic.location, weekdays=[1], start=time(12), end=time(13), is_break=True)
    BusyTime.objects.create(practitioner=clinic.anna, start=at(15), end=at(16), source_name="x", uploaded_at=NOW)
    assert uncovered_visits(clinic.anna, now=NOW) == [in_break]
    assert list(visits_in_busy_times(clinic.anna, now=NOW)) == [busy]
    assert uncovered_visits(clinic.ben, now=NOW) == []


def test_visits_with_needles_after_the_authorisation_are_found(clinic: Clinic) -> None:
    on_the_day, after = (
        make_appointment(clinic, patient=make_patient(), start=at(9)),
        make_appointment(clinic, patient=make_patient(), start=at(9, days=2)),
    )
    make_appointment(clinic, patient=make_patient(), start=at(11, days=2), service=clinic.assessment)
    anna = clinic.anna
    beyond = {"location": clinic.location, "now": NOW}
    assert list(visits_beyond_authorisation(anna, **beyond)) == []
    anna.needling_authorised_until = TUESDAY
    anna.save()
    assert list(visits_beyond_authorisation(anna, **beyond)) == [after]
    assert list(authorisations_ending(date(2026, 9, 24))) == []
    assert list(authorisations_ending(date(2026, 9, 25))) == [anna]
    anna.needling_authorisation = ""
    assert list(visits_beyond_authorisation(anna, **beyond)) == [on_the_day, after]

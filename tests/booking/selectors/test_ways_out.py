"""What is proposed for visits that can't take place as booked."""

from datetime import date, datetime
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from booking.models import Appointment, HolidayOverride, Practitioner, Room, RoomClosure, TimeOff
from booking.rules.walltime import wall_date
from booking.selectors.closures import Closure, closure_hitting, closure_of, closure_with_id, displaced_by
from booking.selectors.day_board import blockers_of
from booking.selectors.displacements import closures_ahead
from booking.selectors.outside_hours import cant_take_place
from booking.selectors.time_off import is_displaced
from booking.selectors.ways_out import Displaced, displaced_visits, ways_out
from booking.services.holidays import keep_holiday, override_holiday, set_province
from tests.factories.booking import NOW, Clinic, at, make_appointment, make_course, make_staff
from tests.factories.intake import clear_line, make_patient, make_screening, stop_line

pytestmark = pytest.mark.django_db


@pytest.fixture
def ill(clinic: Clinic) -> Closure:
    """Anna is away all Tuesday."""
    away = TimeOff.objects.create(location=clinic.location, practitioner=clinic.anna, start=at(0), end=at(0, days=2))
    return closure_of(away)


def visit(clinic: Clinic, start: datetime, **over: object) -> Appointment:
    fields = {"patient": make_patient(), "screening": make_screening(clear_line(), now=NOW).screening, **over}
    return make_appointment(clinic, start=start, **fields)


def found(closure: Closure, now: datetime = NOW) -> list[Displaced]:
    return ways_out(displaced_visits(closure, by=make_staff(), now=now), closure=closure, now=now)


def words(clinic: Clinic, row: Displaced) -> list[object]:
    """The ways out as a person would note them: Ben on Tuesday at ten is ("Ben", 1, 10)."""
    names = {one.pk: one.name for one in Practitioner.objects.all()}

    def slot(start: datetime, who: object) -> tuple[str, int, float]:
        hours = (start - at(0, days=0)).total_seconds() / 3600
        return names[who], int(hours // 24), hours % 24  # type: ignore[index]

    return [(way.kind, way.room.name if way.room else [slot(one.start, one.practitioner) for one in way.slots])
            for way in row.ways]  # fmt: skip


def test_a_colleague_at_the_same_time_then_the_next_days_of_the_same_therapist(clinic: Clinic, ill: Closure) -> None:
    visit(clinic, at(10))
    (row,) = found(ill)
    assert words(clinic, row) == [
        ("ask", [("Ben", 1, 10), ("Anna", 2, 10), ("Anna", 3, 10)]),
        ("colleague", [("Ben", 1, 10)]),
        ("cancel", []),
        ("call", []),
    ]


def test_three_visits_are_promised_no_time_twice(clinic: Clinic, ill: Closure) -> None:
    for hour in (10, 10.5, 11):  # follow-ups of half an hour, with 15 minutes after them
        start = at(int(hour), int(hour % 1 * 60))
        visit(clinic, start, service=clinic.follow_up, occupied=(start, start + (at(10, 30) - at(10))))
    proposed = [words(clinic, row)[0] for row in found(ill)]
    assert proposed == [
        ("ask", [("Ben", 1, 10), ("Anna", 2, 10), ("Anna", 3, 10)]),
        ("ask", [("Anna", 2, 10.75), ("Anna", 3, 10.75), ("Anna", 4, 10.5)]),
        ("ask", [("Ben", 1, 11), ("Anna", 2, 11.5), ("Anna", 3, 11.5)]),
    ]


@pytest.mark.parametrize("visits", [1, 3])
def test_it_costs_the_same_queries_for_one_visit_and_for_three(clinic: Clinic, ill: Closure, visits: int) -> None:
    for number in range(visits):
        visit(clinic, at(10 + number))
    desk = make_staff()
    with CaptureQueriesContext(
        connection,
    ) as queries:
        ways_out(displaced_visits(ill, by=desk, now=NOW), closure=ill, now=NOW)
    assert len(queries) == 7


def test_nobody_is_proposed_who_may_not_needle_that_day(clinic: Clinic, ill: Closure) -> None:
    Practitioner.objects.filter(pk=clinic.ben.pk).update(needling_authorised_until=wall_date(NOW, "America/Edmonton"))
    visit(clinic, at(10))
    assert words(clinic, found(ill)[0])[0] == ("ask", [("Anna", 2, 10), ("Anna", 3, 10), ("Anna", 4, 10)])


def test_answers_that_forbid_the_visit_leave_a_call_and_cancelling(clinic: Clinic, ill: Closure) -> None:
    visit(clinic, at(10), screening=make_screening(stop_line(), now=NOW).screening)
    assert words(clinic, found(ill)[0]) == [("cancel", []), ("call", [])]


def test_without_another_room_a_colleague_can_step_in_but_nothing_is_held_there(clinic: Clinic, ill: Closure) -> None:
    visit(clinic, at(10))
    RoomClosure.objects.create(room=clinic.rooms[1], start=at(8), end=at(12))
    assert words(clinic, found(ill)[0])[:2] == [
        ("ask", [("Anna", 2, 10), ("Anna", 3, 10), ("Anna", 4, 10)]),
        ("colleague", [("Ben", 1, 10)]),
    ]


def test_who_comes_within_two_hours_is_not_asked_by_mail_first(clinic: Clinic, ill: Closure) -> None:
    visit(clinic, at(10))
    kinds = [way.kind for way in found(ill, now=at(9))[0].ways]
    assert kinds == ["colleague", "ask", "cancel", "call"]


def test_what_the_patient_has_already_is_not_proposed(clinic: Clinic, ill: Closure) -> None:
    patient = make_patient()
    visit(clinic, at(10), patient=patient)
    visit(clinic, at(10, days=2), patient=patient, practitioner=clinic.ben)
    assert words(clinic, found(ill)[0])[0] == ("ask", [("Ben", 1, 10), ("Anna", 2, 9), ("Anna", 3, 10)])


def test_a_closed_room_is_mended_by_another_room_and_nobody_is_asked(clinic: Clinic) -> None:
    closed = RoomClosure.objects.create(room=clinic.rooms[0], start=at(8), end=at(12), reason="Flood")
    visit(clinic, at(10))
    visit(clinic, at(11), status="arrived", practitioner=clinic.ben)
    visit(clinic, at(13))
    rows = found(closure_of(closed))
    assert [words(clinic, row)[0] for row in rows] == [("room", "Room 2"), ("room", "Room 2")]
    assert [way.kind for way in rows[1].ways] == ["room", "call"]


def test_two_visits_are_not_put_into_one_room(clinic: Clinic) -> None:
    closed = RoomClosure.objects.create(room=clinic.rooms[0], start=at(8), end=at(12))
    first, second = Room.objects.create(location=clinic.location, name="Room 3", kinds=["treatment"]), clinic.rooms[1]
    half = at(10, 30)
    visit(clinic, at(10), service=clinic.follow_up)
    visit(clinic, at(11), service=clinic.follow_up)
    visit(clinic, half, practitioner=clinic.ben, room=second)
    assert [words(clinic, row)[0] for row in found(closure_of(closed))] == [("room", first.name), ("room", first.name)]


def test_a_closed_clinic_proposes_other_days(clinic: Clinic) -> None:
    closed = HolidayOverride.objects.create(
        location=clinic.location, date=wall_date(at(10), "America/Edmonton"), open=False
    )
    visit(clinic, at(10))
    visit(clinic, at(10, days=2))
    assert [words(clinic, row)[0] for row in found(closure_of(closed))] == [
        ("ask", [("Anna", 2, 9), ("Anna", 3, 10), ("Anna", 4, 10)])
    ]


def test_closing_after_the_fact_lists_the_hours_of_today_that_are_over(clinic: Clinic, ill: Closure) -> None:
    over = visit(clinic, at(10))
    visit(clinic, at(11), status="fulfilled")
    assert list(displaced_by(ill, now=at(15))) == [over]
    assert words(clinic, found(ill, now=at(15))[0])[0] == ("ask", [("Anna", 2, 10), ("Anna", 3, 10), ("Anna", 4, 10)])


def test_every_kind_of_closure_is_found_by_its_id_and_displaces(clinic: Clinic) -> None:
    day = wall_date(at(10), "America/Edmonton")
    rows = [
        TimeOff(location=clinic.location, practitioner=clinic.anna, start=at(9), end=at(12)),
        TimeOff(location=clinic.location, start=at(9), end=at(12)),
        RoomClosure(room=clinic.rooms[0], start=at(9), end=at(12)),
        HolidayOverride(location=clinic.location, date=day, open=False),
    ]
    hit = visit(clinic, at(10))
    spared = visit(clinic, at(10, days=3))
    for row in rows:
        row.save()
        closure = closure_with_id(row.pk)
        assert closure == closure_of(row)
        assert closure is not None
        assert list(displaced_by(closure, now=NOW)) == [hit]
        assert (is_displaced(hit), is_displaced(spared)) == (True, False)
        row.delete()
        assert (closure_with_id(closure.id), is_displaced(hit)) == (None, False)


def test_a_session_of_a_course_keeps_its_spacing_to_the_others(clinic: Clinic) -> None:
    """Five to ten days apart: between Tuesday and Thursday of the week after next, that is Friday at the earliest."""
    course, patient = make_course(clinic), make_patient()
    away = TimeOff.objects.create(
        location=clinic.location, practitioner=clinic.anna, start=at(0, days=8), end=at(0, days=9)
    )
    for number, days in enumerate((6, 8, 17), 1):
        visit(clinic, at(10, days=days), patient=patient, course=course, session_number=number)
    (row,) = found(closure_of(away))
    assert words(clinic, row)[:2] == [
        ("ask", [("Ben", 8, 10), ("Anna", 11, 10), ("Ben", 11, 10)]),
        ("colleague", [("Ben", 8, 10)]),
    ]


def test_a_public_holiday_of_the_province_displaces_as_any_closure_does(clinic: Clinic) -> None:
    """Christmas Day, 32 days ahead: nobody wrote it down anywhere."""
    place, desk = clinic.location, make_staff()
    hit, spared = visit(clinic, at(10, days=32)), visit(clinic, at(10, days=31))
    on_purpose = visit(clinic, at(14, days=32), set_aside="patient-asked")
    assert closures_ahead(place, now=NOW) == []
    set_province(location=place, province="AB", by=make_staff("manager"), now=NOW)
    place.refresh_from_db()
    (closure,) = closures_ahead(place, now=NOW)
    assert (closure.reason, closure.start, closure.end) == ("Christmas Day", at(0, days=32), at(0, days=33))
    assert closure == closure_with_id(closure.id) == closure_hitting(hit)
    assert list(displaced_by(closure, now=NOW)) == [hit]
    assert [closure_hitting(one) for one in (spared, on_purpose)] == [None, None]
    hit.refresh_from_db()
    assert [cant_take_place(one) for one in (hit, spared, on_purpose)] == [True, False, False]
    assert [one.mend for one in blockers_of(hit, by=desk, now=NOW)] == ["sign", "ways-out"]
    (row,) = found(closure)
    assert [way.kind for way in row.ways] == ["ask", "cancel", "call"]
    opened = override_holiday(location=place, day=date(2026, 12, 25), is_open=True, by=make_staff("manager"), now=NOW)
    assert (closure_with_id(closure.id), closures_ahead(place, now=NOW)) == (None, [])
    keep_holiday(override=opened, by=make_staff("manager"), now=NOW)
    assert closures_ahead(place, now=NOW) == [closure]
    assert closure_with_id(UUID(int=closure.id.int ^ 1 << 31)) is None  # no such day

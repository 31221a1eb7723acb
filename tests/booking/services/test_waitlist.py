"""Waiting for a time: who may, who is asked first, and what a yes does."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from booking.errors import HoldExpired, NotCleared, NotPossibleNow, PoliciesNotAccepted, SpacingBroken, WaitsAlready
from booking.models import (
    Appointment,
    FreedTime,
    HealthcareService,
    HolidayOverride,
    Location,
    Offer,
    RoomClosure,
    TimeOff,
    WaitlistEntry,
)
from booking.payments.ledger import balance_of
from booking.reminders.models import Communication
from booking.services.appointments import cancel_appointment
from booking.services.freed_offers import offer_by_hand, offer_freed_times
from booking.services.freed_time import forget_freed_time, note_freed_time
from booking.services.offers import Terms, accept_offer, decline_offer, expire_offers, make_offer
from booking.services.retention import erase_record
from booking.services.waitlist import (
    Joined,
    Times,
    end_outdated_entries,
    join_waitlist,
    leave_waitlist,
    set_urgency,
    wait_for_earlier,
)
from intake.errors import IncompleteAnswers, NotAllowed
from intake.models import Patient, Role
from tests.booking.services.booking_steps import book, details
from tests.factories.booking import NOW, Clinic, at, make_appointment, make_course, make_staff
from tests.factories.intake import clear_line, make_patient, make_screening, make_user, review_line, stop_line

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def join(clinic: Clinic, name: str = "Ada", *, line: object = None, after: int = 0, **over: Any) -> Joined:
    """Somebody waits for needling, any time, `after` so many minutes."""
    now = NOW - timedelta(hours=5) + after * MINUTE
    said = {
        "service": clinic.needling,
        "location": clinic.location,
        "patient": details(given_name=name, email=f"{name.lower()}@example.com"),
        "screening": make_screening(line or clear_line(), now=now).screening,
        "times": Times(),
        "now": now,
    }
    return join_waitlist(**{**said, **over})


def freed(clinic: Clinic, start: datetime | None = None, **over: Any) -> FreedTime:
    """A visit of an hour that was cancelled, its time due to be offered."""
    gone = make_appointment(
        clinic, start=start or at(10), status="cancelled", cancel_reason="patient", cancelled_at=NOW, **over
    )
    noted = note_freed_time(appointment=gone, due_at=NOW, now=NOW)
    assert noted is not None
    return noted


def asked() -> list[tuple[str, str]]:
    """Whom we asked, in order, and what became of it."""
    rows = Offer.objects.order_by("created_at", "pk").select_related("entry__patient")
    return [(one.entry.patient.given_name, one.status) for one in rows if one.entry]


def yes(offer: Offer, **over: Any) -> Appointment:
    return accept_offer(**{"offer": offer, "payment": "desk", "policies_accepted": True, "now": NOW + MINUTE, **over})


def test_the_first_in_line_is_asked_with_a_real_hold_and_a_mail(clinic: Clinic) -> None:
    join(clinic, "Ben", after=2)
    ada = join(clinic, "Ada", after=1).entry
    freed(clinic)
    assert [offer_freed_times(now=NOW), offer_freed_times(now=NOW)] == [1, 0]
    offer = Offer.objects.select_related("hold").get()
    mail = Communication.objects.get(kind="waitlist-offer")
    assert (offer.entry, offer.status, offer.expires_at) == (ada, "open", NOW + 30 * MINUTE)
    assert (offer.hold.status, offer.hold.start, offer.hold.hold_expires_at) == ("proposed", at(10), offer.expires_at)
    assert (mail.patient, mail.due_at, mail.not_after) == (ada.patient, NOW, offer.expires_at)
    assert mail.content is not None
    assert mail.content["path"].startswith("/wait/offer/")


def test_urgency_comes_before_how_long_somebody_waits(clinic: Clinic) -> None:
    join(clinic, "Ada", after=1)
    ben = join(clinic, "Ben", after=2).entry
    set_urgency(entry=ben, urgency=WaitlistEntry.Urgency.SOON, by=make_staff(), now=NOW)
    freed(clinic)
    offer_freed_times(now=NOW)
    assert asked() == [("Ben", "open")]


def test_next_in_line_after_a_no_and_after_silence_until_nobody_is_left(clinic: Clinic) -> None:
    for number, name in enumerate(("Ada", "Ben", "Cleo")):
        join(clinic, name, after=number)
    time = freed(clinic)
    offer_freed_times(now=NOW)
    decline_offer(offer=Offer.objects.get(), now=NOW + MINUTE)
    offer_freed_times(now=NOW + 2 * MINUTE)
    offer_freed_times(now=NOW + 31 * MINUTE)
    assert asked() == [("Ada", "declined"), ("Ben", "open")]
    offer_freed_times(now=NOW + 32 * MINUTE)
    offer_freed_times(now=NOW + 62 * MINUTE)
    time.refresh_from_db()
    assert asked() == [("Ada", "declined"), ("Ben", "expired"), ("Cleo", "expired")]
    assert time.handled_at == NOW + 62 * MINUTE
    assert not Appointment.objects.exclude(status="cancelled").exists()


def test_a_yes_books_and_said_twice_it_is_the_same_visit(clinic: Clinic) -> None:
    entry = join(clinic).entry
    freed(clinic)
    offer_freed_times(now=NOW)
    offer = Offer.objects.get()
    with pytest.raises(PoliciesNotAccepted):
        yes(offer, policies_accepted=False)
    visit = yes(offer)
    assert yes(offer, now=NOW + 50 * MINUTE) == visit
    entry.refresh_from_db()
    offer.refresh_from_db()
    assert (visit.status, visit.patient, visit.start, visit.source) == ("booked", entry.patient, at(10), "waitlist")
    assert (entry.status, offer.status) == ("served", "accepted")
    with pytest.raises(NotPossibleNow):
        decline_offer(offer=offer, now=NOW + 2 * MINUTE)


def test_a_yes_that_comes_too_late_or_after_a_no_finds_the_time_gone(clinic: Clinic) -> None:
    join(clinic)
    freed(clinic)
    offer_freed_times(now=NOW)
    offer = Offer.objects.get()
    with pytest.raises(HoldExpired):
        yes(offer, now=NOW + 30 * MINUTE)
    decline_offer(offer=offer, now=NOW + MINUTE)
    assert decline_offer(offer=offer, now=NOW + 2 * MINUTE).status == "declined"
    with pytest.raises(HoldExpired):
        yes(offer)


def test_a_deposit_is_paid_the_ordinary_way(clinic: Clinic) -> None:
    join(clinic)
    freed(clinic)
    offer_freed_times(now=NOW)
    visit = yes(Offer.objects.get(), payment="online")
    assert (visit.status, visit.awaiting, visit.deposit_amount) == ("pending", "payment", 3000)


def test_an_earlier_time_replaces_the_later_visit_whose_time_goes_to_the_next(clinic: Clinic) -> None:
    later = book(clinic, start=at(14, days=3)).appointment
    entry = wait_for_earlier(appointment=later, times=Times(), now=NOW).entry
    join(clinic, "Ben", times=Times(from_date=date(2026, 11, 26)))
    freed(clinic)
    offer_freed_times(now=NOW)
    offer = Offer.objects.get()
    moved = yes(offer, policies_accepted=False)
    entry.refresh_from_db()
    assert (moved.pk, moved.status, moved.start) == (later.pk, "booked", at(10))
    assert (entry.status, balance_of(moved).due) == ("served", 12000)
    assert Appointment.objects.get(pk=offer.hold_id).status == "cancelled"
    offer_freed_times(now=NOW + 2 * MINUTE)
    assert asked()[1:] == [("Ben", "open")]
    assert Offer.objects.get(status="open").hold.start == at(14, days=3)


def test_a_swap_whose_visit_was_cancelled_meanwhile_is_refused_and_nothing_is_lost(clinic: Clinic) -> None:
    later = book(clinic, start=at(14, days=3)).appointment
    wait_for_earlier(appointment=later, times=Times(), now=NOW)
    freed(clinic)
    offer_freed_times(now=NOW)
    cancel_appointment(appointment=later, by=None, reason=Appointment.CancelReason.PATIENT, now=NOW)
    offer = Offer.objects.get()
    with pytest.raises(NotPossibleNow):
        yes(offer)
    offer.refresh_from_db()
    assert (offer.status, offer.hold.status) == ("open", "proposed")
    assert [end_outdated_entries(now=NOW + MINUTE), end_outdated_entries(now=NOW + MINUTE)] == [1, 0]
    offer.refresh_from_db()
    assert (offer.status, Appointment.objects.get(pk=offer.hold_id).status) == ("withdrawn", "cancelled")


def test_nobody_is_asked_at_night_and_everybody_in_the_morning(clinic: Clinic) -> None:
    join(clinic)
    time = freed(clinic, at(15))
    night = at(22, days=0)
    assert [offer_freed_times(now=night), offer_freed_times(now=at(7, 59))] == [0, 0]
    time.refresh_from_db()
    assert (time.due_at, time.handled_at) == (at(8), None)
    assert offer_freed_times(now=at(8)) == 1


@pytest.mark.parametrize("shut", ["", "sunday", "holiday", "own-day", "clinic-away", "therapist-away", "rooms"])
def test_no_time_is_offered_that_nobody_could_book(clinic: Clinic, shut: str) -> None:
    """A visit that stood there is cancelled: on a day without hours, in a closure, or where every room is shut."""
    start = at(10, days=6) if shut == "sunday" else at(10, days=32) if shut == "holiday" else at(10)
    join(clinic, after=-6000, screening=None, by=make_staff())
    freed(clinic, start)
    rows = {
        "own-day": [HolidayOverride(location=clinic.location, date=date(2026, 11, 24), open=False)],
        "clinic-away": [TimeOff(location=clinic.location, start=at(0), end=at(0, days=2))],
        "therapist-away": [TimeOff(location=clinic.location, practitioner=clinic.anna, start=at(9), end=at(17))],
        "rooms": [RoomClosure(room=room, start=at(9), end=at(17)) for room in clinic.rooms],
    }
    for row in rows.get(shut, ()):
        row.save()
    if shut == "holiday":  # Christmas Day
        clinic.location.province = "AB"
        clinic.location.save()
    assert offer_freed_times(now=NOW) == (not shut)
    assert FreedTime.objects.get().handled_at == (NOW if shut else None)


def test_no_offer_breaks_the_notice(clinic: Clinic) -> None:
    """Two hours, and the offer takes half of one: of what became free, the part that is far enough ahead is offered."""
    join(clinic)
    too_soon = freed(clinic, at(9, days=0))
    assert offer_freed_times(now=NOW) == 0
    too_soon.refresh_from_db()
    assert too_soon.handled_at == NOW
    freed(clinic, at(10, 15, days=0))
    assert offer_freed_times(now=NOW) == 1
    assert Offer.objects.get().hold.start == at(10, 30, days=0)


def test_whose_answers_a_therapist_looks_at_first_is_offered_what_is_left_of_it_after_that_notice(
    clinic: Clinic,
) -> None:
    join(clinic, line=review_line())
    freed(clinic, at(12, days=0))  # four hours and the offer's half: from half past twelve on
    assert offer_freed_times(now=NOW) == 1
    assert Offer.objects.get().hold.start == at(12, 30, days=0)


def test_none_to_whom_the_answers_forbid_it_then_or_later(clinic: Clinic) -> None:
    with pytest.raises(NotCleared):
        join(clinic, line=stop_line())
    entry = join(clinic).entry
    entry.screening.outcome = "STOP"
    entry.screening.save()
    freed(clinic)
    assert offer_freed_times(now=NOW) == 0


def test_whoever_has_no_answers_is_put_in_line_by_staff_and_fills_in_the_form_after_the_yes(clinic: Clinic) -> None:
    with pytest.raises(IncompleteAnswers):
        join(clinic, screening=None)
    join(clinic, screening=None, by=make_staff())
    freed(clinic)
    offer_freed_times(now=NOW)
    visit = yes(Offer.objects.get())
    assert (visit.status, visit.awaiting) == ("pending", "form")
    assert Communication.objects.filter(kind="form-needed", appointment=visit).exists()


def test_a_longer_freed_stretch_serves_several(clinic: Clinic) -> None:
    for number, name in enumerate(("Ada", "Ben", "Cleo")):
        join(clinic, name, service=clinic.call, screening=None, after=number)
    freed(clinic)
    assert offer_freed_times(now=NOW) == 3
    starts = Offer.objects.order_by("entry__created_at").values_list("hold__start", flat=True)
    assert list(starts) == [at(10), at(10, 15), at(10, 30)]


def test_a_time_that_the_visit_needs_more_of_than_became_free_takes_what_is_free_around(clinic: Clinic) -> None:
    join(clinic)
    freed(clinic, service=clinic.call)  # a quarter of an hour, in an empty morning
    assert offer_freed_times(now=NOW) == 1
    assert Offer.objects.get().hold.end == at(11)


def test_somebody_who_is_faster_at_the_page_has_the_time(clinic: Clinic) -> None:
    join(clinic, times=Times(weekly_hours={"tue": [["10:00", "11:00"]]}))
    time = freed(clinic)
    book(clinic)
    assert offer_freed_times(now=NOW) == 0
    time.refresh_from_db()
    assert time.handled_at == NOW


def test_an_undone_cancellation_asks_nobody(clinic: Clinic) -> None:
    join(clinic)
    time = freed(clinic)
    assert forget_freed_time(appointment=time.appointment) == 1
    assert offer_freed_times(now=NOW) == 0


def test_each_stands_in_line_once(clinic: Clinic) -> None:
    patient, by = make_patient(now=NOW), make_staff()
    join(clinic, patient=patient, by=by, screening=None)
    with pytest.raises(WaitsAlready):
        join(clinic, patient=patient, by=by, screening=None)
    later = book(clinic, start=at(14, days=3)).appointment
    wait_for_earlier(appointment=later, times=Times(), now=NOW)
    with pytest.raises(WaitsAlready):
        wait_for_earlier(appointment=later, times=Times(), now=NOW)


def test_strangers_and_services_of_the_desk_are_refused(clinic: Clinic) -> None:
    stranger = make_user(Role.PATIENT)
    with pytest.raises(NotAllowed):
        join(clinic, patient=make_patient(now=NOW), by=stranger)
    with pytest.raises(NotAllowed):
        wait_for_earlier(appointment=book(clinic).appointment, times=Times(), by=stranger, now=NOW)
    HealthcareService.objects.update(online=False)
    clinic.needling.refresh_from_db()
    with pytest.raises(NotPossibleNow):
        join(clinic)
    assert not WaitlistEntry.objects.exists()


def test_who_leaves_the_list_is_not_asked_and_a_time_held_for_them_is_free(clinic: Clinic) -> None:
    ada, _ben = join(clinic, "Ada", after=1).entry, join(clinic, "Ben", after=2)
    freed(clinic)
    offer_freed_times(now=NOW)
    assert [leave_waitlist(entry=ada, now=NOW).status for _ in range(2)] == ["left", "left"]
    offer_freed_times(now=NOW + MINUTE)
    assert asked() == [("Ada", "withdrawn"), ("Ben", "open")]


def test_staff_offer_a_free_time_by_hand(clinic: Clinic) -> None:
    join(clinic, "Ada", after=1)
    ben, by = join(clinic, "Ben", after=2).entry, make_staff()
    made = offer_by_hand(entry=ben, practitioner=clinic.ben, start=at(15), by=by, now=NOW)
    assert (made.offer.entry, made.offer.hold.start) == (ben, at(15))
    with pytest.raises(NotPossibleNow):
        offer_by_hand(entry=ben, practitioner=clinic.ben, start=at(11), by=by, now=NOW)
    with pytest.raises(NotPossibleNow):
        offer_by_hand(entry=ben, practitioner=clinic.ben, start=at(11), by=by, now=at(22))
    assert Appointment.objects.filter(status="proposed").count() == 1


def test_a_hold_that_ended_otherwise_ends_its_offer(clinic: Clinic) -> None:
    join(clinic)
    freed(clinic)
    offer_freed_times(now=NOW)
    assert [expire_offers(now=NOW + 30 * MINUTE), expire_offers(now=NOW + 30 * MINUTE)] == [1, 0]
    assert asked() == [("Ada", "expired")]


def test_an_erased_record_waits_no_longer(clinic: Clinic) -> None:
    entry = join(clinic).entry
    freed(clinic)
    offer_freed_times(now=NOW)
    erase_record(patient=entry.patient, by=None, now=NOW)
    entry.refresh_from_db()
    assert (entry.status, asked()[0][1], Patient.objects.get().erased_at) == ("ended", "withdrawn", NOW)


def test_a_session_of_a_course_takes_an_earlier_time_only_within_its_spacing(clinic: Clinic) -> None:
    """Five to ten days after the one before: not on the third day, but on the seventh."""
    course, patient = make_course(clinic), make_patient(now=NOW)
    answers = make_screening(now=NOW).screening
    for number, days in enumerate((1, 10), 1):
        visit = make_appointment(
            clinic, start=at(10, days=days), patient=patient, course=course, session_number=number, screening=answers
        )
    wait_for_earlier(appointment=visit, times=Times(), now=NOW)
    for days in (4, 8):
        freed(clinic, at(14, days=days))
    assert offer_freed_times(now=NOW) == 1
    offer = Offer.objects.get()
    course.min_days = 8  # so that it keeps the spacing no more by the time of the answer
    course.save()
    with pytest.raises(SpacingBroken):
        yes(offer)
    course.min_days = 5
    course.save()
    assert yes(offer).start == at(14, days=8)


def test_a_displaced_session_is_offered_nothing_that_breaks_the_spacing(clinic: Clinic) -> None:
    course, patient = make_course(clinic), make_patient(now=NOW)
    answers = make_screening(now=NOW).screening
    for number, days in enumerate((1, 7), 1):
        visit = make_appointment(
            clinic, start=at(10, days=days), patient=patient, course=course, session_number=number, screening=answers
        )
    terms = Terms(
        service=visit.service, practitioner=clinic.anna, start=at(14, days=3), expires_at=at(9), instead_of=visit
    )
    with pytest.raises(SpacingBroken):
        make_offer(terms=terms, by=make_staff(), now=NOW)


@pytest.mark.parametrize("over", [{"offer_minutes": 0}, {"offers_from": "20:00", "offers_until": "08:00"}])
def test_settings_by_which_nobody_could_ever_answer_are_refused(clinic: Clinic, over: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError, match="location_offers_can_be_answered"), transaction.atomic():
        Location.objects.update(**over)

"""Which ends of a booking or a hold let those who wait be asked: all that had a patient, and holds for whom they kept
waiting.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from booking.errors import NotCleared
from booking.models import Appointment, FreedTime, Offer
from booking.payments.models import Payment
from booking.services.appointments import make_needle_free, payment_authorised
from booking.services.freed_offers import offer_by_hand, offer_freed_times
from booking.services.holds import expire_holds, release_hold
from booking.services.offers import decline_offer
from booking.services.payments_in import release_unpaid
from booking.services.reviews import decide_request, lapse_requests
from tests.booking.services.booking_steps import book, confirm, hold
from tests.booking.services.test_waitlist import asked, freed, join
from tests.factories.booking import NOW, Clinic, at, make_staff
from tests.factories.intake import review_line

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
LATER = NOW + 15 * MINUTE
WAITS_SINCE_HOURS, JOINS_NOW = 0, 301  # `join` counts minutes from five hours ago


def noted() -> list[tuple[datetime, datetime]]:
    return list(FreedTime.objects.order_by("start").values_list("start", "end"))


def unpaid(clinic: Clinic) -> None:
    release_unpaid(book(clinic, payment="online").appointment, None, LATER)


def stopped_while_paying(clinic: Clinic) -> None:
    visit = book(clinic, payment="online").appointment
    visit.screening.outcome = "STOP"
    visit.screening.save()
    payment_authorised(appointment=visit, payment=Payment.objects.get(), now=LATER)


def declined(clinic: Clinic) -> None:
    visit = book(clinic, review_line()).appointment
    decide_request(appointment=visit, decision="declined", reason="No.", by=clinic.anna.user, now=LATER)


def lapsed(clinic: Clinic) -> None:
    visit = book(clinic, review_line()).appointment
    Appointment.objects.filter(pk=visit.pk).update(decide_by=LATER)
    lapse_requests(now=LATER)


@pytest.mark.parametrize("ends", [unpaid, stopped_while_paying, declined, lapsed])
def test_a_booking_that_comes_to_nothing_frees_its_time(clinic: Clinic, ends: Callable[[Clinic], None]) -> None:
    join(clinic, after=WAITS_SINCE_HOURS)
    ends(clinic)
    assert noted() == [(at(10), at(11))]
    assert offer_freed_times(now=LATER) == 1


def test_money_that_comes_late_takes_its_time_back(clinic: Clinic) -> None:
    visit = book(clinic, payment="online").appointment
    release_unpaid(visit, None, LATER)
    assert payment_authorised(appointment=visit, payment=Payment.objects.get(), now=LATER) == "booked"
    assert noted() == []


def test_a_shorter_visit_without_needles_frees_the_rest(clinic: Clinic) -> None:
    make_needle_free(appointment=book(clinic).appointment, by=None, now=LATER)
    assert noted() == [(at(10, 45), at(11))]


def expires(held: Appointment) -> None:
    expire_holds(now=LATER)


def is_let_go(held: Appointment) -> None:
    release_hold(appointment=held, now=LATER)


@pytest.mark.parametrize("ends", [expires, is_let_go])
def test_a_hold_that_ends_is_offered_to_whoever_came_while_it_stood(
    clinic: Clinic, ends: Callable[[Appointment], None]
) -> None:
    join(clinic, "Ada", after=WAITS_SINCE_HOURS)  # could have had it before
    held = hold(clinic).appointment
    join(clinic, "Ben", after=JOINS_NOW)
    ends(held)
    assert noted() == [(at(10), at(11))]
    assert [offer_freed_times(now=LATER), asked()] == [1, [("Ben", "open")]]
    decline_offer(offer=Offer.objects.get(), now=LATER)
    assert [offer_freed_times(now=LATER), asked()] == [0, [("Ben", "declined")]]


def test_a_hold_for_which_nobody_kept_waiting_asks_nobody(clinic: Clinic) -> None:
    join(clinic, after=WAITS_SINCE_HOURS)
    hold(clinic)
    expire_holds(now=LATER)
    assert noted() == []


def test_who_is_turned_away_at_the_last_step_frees_the_time_too(clinic: Clinic) -> None:
    held = hold(clinic)
    join(clinic, after=JOINS_NOW)
    held.appointment.screening.outcome = "STOP"
    held.appointment.screening.save()
    with pytest.raises(NotCleared):
        confirm(held)
    assert noted() == [(at(10), at(11))]


def test_an_offer_of_a_freed_time_goes_on_without_being_noted_again(clinic: Clinic) -> None:
    join(clinic, "Ada", after=WAITS_SINCE_HOURS)
    freed(clinic)
    offer_freed_times(now=NOW)
    join(clinic, "Ben", after=JOINS_NOW)
    decline_offer(offer=Offer.objects.get(), now=NOW + 2 * MINUTE)
    assert len(noted()) == 1
    offer_freed_times(now=NOW + 2 * MINUTE)
    assert asked() == [("Ada", "declined"), ("Ben", "open")]


def test_a_time_offered_by_hand_that_is_declined_goes_to_whoever_came_meanwhile(clinic: Clinic) -> None:
    ada = join(clinic, "Ada", after=WAITS_SINCE_HOURS).entry
    offer = offer_by_hand(entry=ada, practitioner=clinic.anna, start=at(10), by=make_staff(), now=NOW).offer
    join(clinic, "Ben", after=JOINS_NOW)
    decline_offer(offer=offer, now=NOW + 2 * MINUTE)
    offer_freed_times(now=NOW + 2 * MINUTE)
    assert asked() == [("Ada", "declined"), ("Ben", "open")]


def test_one_who_is_answering_another_offer_is_asked_about_the_next_time_after_a_no(clinic: Clinic) -> None:
    join(clinic, "Ada", after=WAITS_SINCE_HOURS)
    freed(clinic)
    freed(clinic, at(14))
    assert offer_freed_times(now=NOW) == 1
    decline_offer(offer=Offer.objects.get(), now=NOW + 2 * MINUTE)
    assert offer_freed_times(now=NOW + 2 * MINUTE) == 1
    assert [one.hold.start for one in Offer.objects.filter(status="open")] == [at(14)]
    decline_offer(offer=Offer.objects.get(status="open"), now=NOW + 3 * MINUTE)
    offer_freed_times(now=NOW + 4 * MINUTE)
    assert set(FreedTime.objects.values_list("handled_at", flat=True)) == {NOW + 2 * MINUTE, NOW + 4 * MINUTE}

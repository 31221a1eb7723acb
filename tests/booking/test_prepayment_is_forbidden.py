"""Where a province forbids payment before a visit, nothing is asked for, by any door; after the visit it may be."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from booking.errors import PaymentNotOffered, PrepaymentForbidden
from booking.models import Appointment, FreedTime, KeptCard, Location, Package
from booking.payments.models import Payment
from booking.selectors.fees import late_fee_of, no_show_fee_of
from booking.selectors.terms import may_pay_at_desk
from booking.services.appointments import book_for_caller
from booking.services.card_settlement import card_page_for
from booking.services.checkout import checkout_for, switch_to_desk
from booking.services.confirming import ways_to_pay
from booking.services.freed_offers import offer_freed_times
from booking.services.offers import accept_offer
from booking.services.packages import buy_package, checkout_for_package, sell_package
from booking.services.pay_links import ask_to_pay, send_pay_link
from booking.services.terms import TermsDetails, note_spoken_agreement, save_terms, set_patient_terms
from intake.models import Patient, Role
from tests.booking.api.calls import Api, refused
from tests.booking.services.booking_steps import confirm, hold
from tests.booking.services.course_steps import clinic_with_courses, confirm_four, hold_four
from tests.booking.services.test_waitlist import freed, join
from tests.factories.booking import NOW, Clinic, at, make_appointment, make_staff, make_terms
from tests.factories.cards import book_with_card, keeps_cards
from tests.factories.intake import make_patient, make_questionnaire, make_user
from tests.factories.packages import make_offer
from tests.factories.payments import Till

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _stripe_is_there(settings: Any) -> None:
    settings.STRIPE_SECRET_KEY = "sk_test_x"


def forbid() -> None:
    Location.objects.update(forbids_prepayment=True)


def owner() -> Patient:
    return make_patient(now=NOW, user=make_user(Role.PATIENT))


def on_our_pages(clinic: Clinic) -> None:
    confirm(hold(clinic), payment="online")


def by_a_kept_card(clinic: Clinic) -> None:
    make_terms(clinic.needling, way="keep-card", deposit_amount=None)
    confirm(hold(clinic), payment="online")


def in_full(clinic: Clinic) -> None:
    make_terms(clinic.needling, way="full", deposit_amount=None)
    confirm(hold(clinic), payment="online")


def by_an_offered_time(clinic: Clinic) -> None:
    join(clinic)
    freed(clinic)
    offer_freed_times(now=NOW)
    offer = FreedTime.objects.get().offers.get()
    accept_offer(offer=offer, payment="online", policies_accepted=True, now=NOW)


def as_a_course(clinic: Clinic) -> None:
    held = hold_four(clinic)
    forbid()
    confirm_four(held, payment="online")


def by_reception(clinic: Clinic) -> None:
    said: dict[str, Any] = {"payment": "online"}
    book_for_caller(
        service=clinic.call, practitioner=None, start=at(9), patient=make_patient(), request_key=uuid4(),
        by=make_staff(), now=NOW, **said,
    )  # fmt: skip


def as_a_package_online(clinic: Clinic) -> None:
    patient = owner()
    assert patient.user is not None
    buy_package(offer=make_offer(clinic), patient=patient, price=27000, request_key=uuid4(), by=patient.user, now=NOW)


def as_a_package_at_the_desk(clinic: Clinic) -> None:
    sell_package(
        offer=make_offer(clinic), patient=make_patient(), price=27000, method="cash", request_key=uuid4(),
        by=make_staff(), now=NOW,
    )  # fmt: skip


def by_a_link(clinic: Clinic) -> None:
    visit = make_appointment(clinic, start=at(10), patient=make_patient())
    send_pay_link(appointment=visit, by=make_staff(), now=NOW)


def by_terms(clinic: Clinic) -> None:
    details = TermsDetails(way="deposit", deposit_amount=100)
    save_terms(service=clinic.call, variant="any", details=details, by=make_staff(Role.MANAGER), now=NOW)


def by_terms_of_one_patient(clinic: Clinic) -> None:
    said = {"patient": make_patient(), "way": "full", "no_fees": False, "reason": "-"}
    set_patient_terms(**said, by=make_staff(Role.MANAGER), now=NOW)


DOORS = (
    on_our_pages,
    by_a_kept_card,
    in_full,
    by_an_offered_time,
    by_reception,
    as_a_package_online,
    as_a_package_at_the_desk,
    by_a_link,
    by_terms,
    by_terms_of_one_patient,
)


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
def test_nothing_is_asked_for_before_a_visit(clinic: Clinic, door: Callable[[Clinic], None]) -> None:
    forbid()
    clinic.location.refresh_from_db()
    with pytest.raises(PrepaymentForbidden):
        door(clinic)
    assert (Payment.objects.count(), KeptCard.objects.count(), Package.objects.count()) == (0, 0, 0)


def test_a_course_is_paid_session_by_session_there_as_everywhere() -> None:
    with pytest.raises(PaymentNotOffered):
        as_a_course(clinic_with_courses())


def test_the_api_says_so_and_takes_the_desk(clinic: Clinic) -> None:
    make_questionnaire()
    forbid()
    api = Api()
    status, held = api.hold(clinic)
    assert (status, held["appointment"]["deposit"], held["terms"]["way"]) == (201, None, "desk")
    assert refused(api.confirm(held, payment="online")) == (422, "prepayment-forbidden")
    assert [one["deposit"] for one in api.get("services/")[1]] == [None] * 4
    status, booking = api.confirm(held)
    assert (status, booking["status"], booking["checkout_url"]) == (201, "booked", None)


def test_what_was_asked_for_before_it_was_forbidden_is_not_taken_any_more(till: Till) -> None:
    visit = till.book().appointment
    assert visit is not None
    keeps_cards(till)
    other = book_with_card(till)
    patient = owner()
    assert patient.user is not None
    package = buy_package(
        offer=make_offer(till.clinic), patient=patient, price=27000, request_key=uuid4(), by=patient.user, now=till.now
    )
    forbid()
    for one in (visit, other):
        one.refresh_from_db()
    for door in (
        lambda: checkout_for(appointment=visit, now=till.now),
        lambda: card_page_for(appointment=other, now=till.now),
        lambda: checkout_for_package(package=package, now=till.now),
    ):
        with pytest.raises(PrepaymentForbidden):
            door()
    assert till.stripe.store.find("checkout.session") == []
    Appointment.objects.filter(pk=visit.pk).update(or_at_desk=False)
    visit = Appointment.objects.get(pk=visit.pk)
    assert may_pay_at_desk(visit)
    assert switch_to_desk(appointment=visit, now=till.now).status == "booked"


def test_after_the_visit_a_link_may_be_sent(clinic: Clinic) -> None:
    forbid()
    clinic.location.refresh_from_db()
    visit = make_appointment(clinic, start=at(10), patient=make_patient(), status="fulfilled")
    link = ask_to_pay(appointment=visit, by=make_staff(), now=NOW + timedelta(days=2))
    assert (link.appointment, link.ended_at) == (visit, None)


def test_a_fee_needs_a_yes_there_that_was_said_and_kept(clinic: Clinic) -> None:
    forbid()
    clinic.location.refresh_from_db()
    visit = make_appointment(clinic, start=at(10), patient=make_patient())
    assert (late_fee_of(visit), no_show_fee_of(visit)) == (0, 0)
    note_spoken_agreement(appointment=visit, by=make_staff(), now=NOW)
    visit.refresh_from_db()
    assert (late_fee_of(visit), no_show_fee_of(visit)) == (3000, 3000)


def test_elsewhere_it_is_offered(clinic: Clinic) -> None:
    assert ways_to_pay(hold(clinic).appointment) == ["online", "desk"]

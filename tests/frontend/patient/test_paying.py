"""Paying the deposit: what the page says after Stripe is what is so."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pytest_django import Settings

from booking.models import Appointment
from booking.payments.models import Payment
from booking.services.checkout import sweep_checkouts
from intake import clock
from tests.factories.booking import NOW
from tests.frontend.patient.conftest import MODULES
from tests.frontend.patient.person import Person, text_of
from tests.simulators.stripe import StripeSimulator, pay


@pytest.fixture
def stripe(
    stripe_simulator: StripeSimulator, clock_file: Path, monkeypatch: pytest.MonkeyPatch, _today: None
) -> Iterator[StripeSimulator]:
    """Stripe and our pages on one clock."""
    clock_file.write_text(str((NOW - datetime.now(UTC)).total_seconds()))
    for name in MODULES:
        monkeypatch.setattr(f"frontend.patient.{name}.now", clock.now)
    yield stripe_simulator
    assert stripe_simulator.violations == []


@pytest.fixture
def payer(person: Person, stripe: StripeSimulator) -> Person:
    """Somebody who agreed and chose to pay online."""
    person.check()
    answer = person.book("online")
    assert answer.status_code == 303
    assert answer["Location"].startswith(f"{stripe.base_url}/c/pay/")
    return person


def test_paying_leads_to_stripe_and_back_to_a_booked_visit(payer: Person) -> None:
    answer = payer.post("/book/pay/", how="online")
    assert answer.status_code == 303
    shown = pay(answer["Location"])
    assert shown.location.endswith(f"/book/paid/{payer.visit.pk}/")
    assert payer.get(f"/book/paid/{payer.visit.pk}/")["Location"] == "/visit/"
    page = text_of(payer.get("/visit/"))
    assert "Your visit is booked" in page
    assert "$30.00" in page
    assert payer.get(f"/book/paid/{payer.visit.pk}/")["Location"] == "/visit/"
    assert payer.post("/book/pay/", how="online")["Location"] == "/visit/"
    assert Payment.objects.count() == 1


def test_coming_back_without_having_paid_is_not_called_failed(payer: Person) -> None:
    payer.post("/book/pay/", how="online")
    page = text_of(payer.get(f"/book/paid/{payer.visit.pk}/"))
    assert "We are still checking with the bank" in page
    assert "Look again now" in page
    assert "ailed" not in page


def test_stripe_out_of_reach_offers_another_try_or_the_desk_and_keeps_the_time(
    person: Person, stripe: StripeSimulator, settings: Settings
) -> None:
    reachable = settings.STRIPE_API_BASE
    settings.STRIPE_API_BASE = "http://127.0.0.1:1"
    person.check()
    for answer in (person.book("online"), person.post("/book/pay/", how="online")):
        page = text_of(answer)
        assert answer.status_code == 503
        assert "Try again" in page
        assert "Pay at the clinic" in page
    assert person.visit.awaiting == "payment"
    settings.STRIPE_API_BASE = reachable
    assert person.post("/book/pay/", how="online").status_code == 303


def test_paying_at_the_clinic_instead_books_at_once(payer: Person) -> None:
    assert payer.post("/book/pay/", how="desk")["Location"] == "/visit/"
    assert payer.visit.status == "booked"


def test_a_payment_that_was_never_made_says_that_nothing_was_charged(payer: Person, clock_file: Path) -> None:
    payer.post("/book/pay/", how="online")
    clock_file.write_text(str(float(clock_file.read_text()) + timedelta(minutes=16).total_seconds()))
    sweep_checkouts(now=clock.now())
    assert payer.visit.status == Appointment.Status.CANCELLED
    answer = payer.get(f"/book/paid/{payer.visit.pk}/")
    assert "Nothing was charged." in text_of(payer.get(answer["Location"]))


def test_the_way_back_in_another_browser_shows_nothing_of_the_visit(payer: Person) -> None:
    visit = payer.visit
    payer.client.logout()
    page = text_of(payer.get(f"/book/paid/{visit.pk}/"))
    assert "We send you an email" in page
    assert "Ada" not in page

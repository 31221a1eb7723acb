"""A card that is left instead of a deposit, seen by its patient, and taken back."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from booking.models import KeptCard
from intake import clock
from tests.factories.booking import NOW, make_terms
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


def test_a_patient_leaves_a_card_sees_it_and_takes_it_back(person: Person, stripe: StripeSimulator) -> None:
    make_terms(person.clinic.needling, way="keep-card", deposit_amount=None, no_show_fee_amount=8000)
    person.check()
    shown = pay(person.book("online")["Location"])
    assert person.get(f"/book/paid/{person.visit.pk}/")["Location"] == "/visit/"
    page = text_of(person.get("/visit/"))
    assert "Your visit is booked" in page
    assert "We keep Visa ending in 4242 for fees." in page
    assert shown.status == 303

    page = text_of(person.get("/visit/card/"))
    assert "Visa ending in 4242" in page
    card = KeptCard.objects.get()
    person.post("/visit/card/", card="nonsense")
    assert KeptCard.objects.get().state == "kept"
    person.post("/visit/card/", card=str(card.pk))
    assert "We keep no card of yours." in text_of(person.get("/visit/card/"))
    assert KeptCard.objects.get().state == "removed"
    assert "Your visit is booked" in text_of(person.get("/visit/"))

"""The fees on their page and on the visit's: who decides, what is said, what a second tap does."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from booking.models import Agreement, FeeCase, KeptCard
from booking.payments.ledger import Kind, balance_of, write_entry
from booking.payments.models import Payment
from intake import clock
from tests.frontend.staff.conftest import NOW, Desk


@pytest.fixture
def case(desk: Desk) -> FeeCase:
    """A fee of 40.00 for not coming, and a card that was left for it."""
    visit = desk.visit
    visit.status = "noshow"
    visit.save()
    asked = Payment.objects.create(
        appointment=visit, payer=visit.patient, purpose="fee", gateway="desk", amount=4000, currency="CAD",
        created_at=NOW,
    )  # fmt: skip
    write_entry(payment=asked, kind=Kind.FEE, amount=4000, reference="fee noshow v1", method="noshow", now=NOW)
    KeptCard.objects.create(
        patient=visit.patient, appointment=visit, state="kept", agreed_at=NOW, kept_at=NOW, settled_at=NOW,
        brand="visa", last4="4242", exp_year=2030, exp_month=1, customer_id="cus_1", method_id="pm_1",
    )  # fmt: skip
    Agreement.objects.create(appointment=visit, text="Words", language="en", version="1", sums={}, agreed_at=NOW)
    return FeeCase.objects.create(
        appointment=visit, cause="no-show", reference="fee noshow v1", amount=4000, currency="CAD", created_at=NOW
    )


def _text(browser: Client, address: str) -> str:
    return " ".join(browser.get(address).content.decode().replace("&#x27;", "'").replace("\xa0", " ").split())


def _list(browser: Client, show: str = "decide") -> str:
    return _text(browser, f"{reverse('staff:fees')}?show={show}")


def _post(desk: Desk, step: str, case: FeeCase, role: str = "manager", **said: str) -> int:
    return desk.browsers[role].post(reverse(f"staff:fee-{step}", args=[case.pk]), said).status_code


def test_a_manager_says_yes_and_takes_it_back(desk: Desk, case: FeeCase) -> None:
    manager = desk.browsers["manager"]
    page = _list(manager)
    assert "Did not come" in page
    assert "Can be taken from Visa ending in 4242." in page
    assert _post(desk, "approve", case) == 303
    page = _list(manager, "coming")
    assert "Will be taken from Visa ending in 4242 on Tuesday 24 November, 8:00." in page
    assert _post(desk, "undo", case) == 303
    assert _post(desk, "undo", case) == 409
    assert "Take it" in _list(manager)


def test_reception_sees_and_waives_but_does_not_take(desk: Desk, case: FeeCase) -> None:
    reception = desk.browsers["reception"]
    assert "Take it" not in _list(reception)
    assert _post(desk, "approve", case, "reception") == 403
    assert _post(desk, "waive", case, "reception") == 422
    assert _post(desk, "waive", case, "reception", reason="nonsense") == 422
    assert _post(desk, "waive", case, "reception", reason="courtesy") == 303
    assert _post(desk, "waive", case, "reception", reason="courtesy") == 409
    assert balance_of(desk.visit).due == 0
    assert "As a courtesy." in _list(reception, "done")


def test_too_late_to_take_it_back(desk: Desk, case: FeeCase, monkeypatch: pytest.MonkeyPatch) -> None:
    _post(desk, "approve", case)
    monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(days=1))
    assert _post(desk, "undo", case) == 409
    case.refresh_from_db()
    assert case.state == "approved"


def test_the_visits_page_says_it_too_and_leads_back_there(desk: Desk, case: FeeCase) -> None:
    address = reverse("staff:visit", args=[desk.visit.pk])
    assert "Can be taken from Visa ending in 4242." in _text(desk.browsers["manager"], address)
    answer = desk.browsers["manager"].post(reverse("staff:fee-approve", args=[case.pk]), {"stood": "visit"})
    assert answer["Location"] == f"{address}#money"


def test_the_desk_forgets_a_card(desk: Desk, case: FeeCase) -> None:
    patient = desk.visit.patient
    assert patient is not None
    reception = desk.browsers["reception"]
    address = reverse("staff:patient", args=[patient.pk])
    assert "Visa ending in 4242" in _text(reception, address)
    assert reception.post(reverse("staff:card-forget", args=[patient.pk])).status_code == 303
    assert "Visa ending in 4242" not in _text(reception, address).partition("took")[0]
    assert "No card is kept" in _list(reception)


def test_one_and_three_fees_cost_the_same_queries(desk: Desk, case: FeeCase) -> None:
    manager = desk.browsers["manager"]
    counts = []
    for number in range(3):
        with CaptureQueriesContext(connection) as seen:
            assert _list(manager).count("Did not come") == number + 1
        counts.append(len(seen))
        FeeCase.objects.create(
            appointment=desk.visit, cause="no-show", reference=f"fee {number}", amount=100, currency="CAD",
            created_at=NOW,
        )  # fmt: skip
    assert counts[0] == counts[2]

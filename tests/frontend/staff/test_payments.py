"""The money of a day, a patient's account and a visit's money panel, through their pages."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from booking.models import Appointment
from booking.payments.ledger import write_entry
from booking.payments.models import LedgerEntry, Payment
from booking.payments.services import record_desk_payment
from booking.rules.money_words import movement_code
from booking.rules.months import COSTS, FROM_PACKAGE, MONEY_IN, MONEY_OUT, NO_MONEY
from booking.selectors.money_of_day import money_of_day
from booking.selectors.money_of_patient import account_of
from frontend.patient import money_words as to_patients
from frontend.staff import money_words as to_staff
from tests.booking.rules.test_money_words import STATES
from tests.factories.booking import NOW, at
from tests.frontend.staff.conftest import Desk

pytestmark = pytest.mark.django_db
Kind = LedgerEntry.Kind
TODAY = "2026-11-23"


def text_of(response: object) -> str:
    return " ".join(response.content.decode().split())  # type: ignore[attr-defined]


def paid_online(visit: Appointment, *, state: str = "captured", keep: int | None = 4000) -> Payment:
    """A deposit of 4,000 at Stripe: held, and taken unless it is only authorised."""
    payment = Payment.objects.create(
        appointment=visit, payer=visit.patient, purpose="deposit", gateway="stripe", state=state, amount=4000,
        keep_amount=keep, currency="CAD", created_at=NOW, intent_id=f"pi_{visit.pk.hex[:8]}",
    )  # fmt: skip
    kinds = [Kind.AUTHORISATION] if state == "authorised" else [Kind.AUTHORISATION, Kind.CAPTURE]
    for kind in kinds:
        write_entry(payment=payment, kind=kind, amount=4000, reference=payment.intent_id, method="card", now=NOW)
    return payment


@pytest.fixture
def reception(desk: Desk) -> Client:
    return desk.browsers["reception"]


@pytest.fixture
def done(desk: Desk) -> Appointment:
    """A visit of this morning that took place: 4,000 online, 3,000 in cash, 5,000 still open."""
    visit = desk.make_visit(at(7, days=0), status="fulfilled")
    paid_online(visit)
    record_desk_payment(appointment=visit, amount=3000, method="cash", by=desk.users["reception"], now=NOW)
    return visit


def test_every_code_has_words_for_staff_and_for_patients() -> None:
    codes = {one.code for _facts, said in STATES.values() for one in said}
    assert (set(to_staff.NEXT), set(to_patients.NEXT) | to_patients.ELSEWHERE) == (codes, codes)
    kinds = MONEY_IN | MONEY_OUT | NO_MONEY | set(FROM_PACKAGE) | set(COSTS)
    assert kinds == set(Kind.values)
    told = {
        movement_code(kind, gateway=gateway, method=method)
        for kind in kinds
        for gateway in Payment.Gateway.values
        for method in ("cash", "cancelled", "noshow", "booked")
    }
    assert told - {""} <= set(to_staff.MOVED)


def test_a_day_says_what_came_how_and_from_whom(desk: Desk, reception: Client, done: Appointment) -> None:
    found = money_of_day(location=desk.clinic.location, date=NOW.date())
    assert [(one.way, one.came, one.went) for one in found.sums] == [("online", 4000, 0), ("cash", 3000, 0)]
    assert [(visit.pk, balance.due) for visit, balance in found.unpaid] == [(done.pk, 5000)]
    shown = text_of(reception.get(reverse("staff:money-day"), {"date": TODAY}))
    for words in (
        "Card, online",
        "Taken from the card",
        "Paid in cash",
        "Robin",
        f"pi_{done.pk.hex[:8]}",
        "$70.00",
        "$50.00 due",
    ):
        assert words in shown
    assert "Nothing moved on this day." in text_of(reception.get(reverse("staff:money-day"), {"date": "2026-11-22"}))


def test_the_overview_is_receptions_and_what_differs_the_managers(
    desk: Desk, reception: Client, done: Appointment
) -> None:
    seen = text_of(reception.get(reverse("staff:money")))
    assert ("$70.00" in seen, "$50.00" in seen, "Money to look at" in seen) == (True, True, False)
    assert "Everything agrees." in text_of(desk.browsers["manager"].get(reverse("staff:money")))
    assert desk.browsers["therapist"].get(reverse("staff:money")).status_code == 403


def test_an_account_adds_up_and_traces_every_movement(desk: Desk, reception: Client, done: Appointment) -> None:
    found = account_of(desk.patient, now=NOW)
    (sums,) = found.sums
    assert (sums.due_now, sums.due_later, sums.held, sums.to_give_back) == (5000, 12000, 0, 0)
    assert {one.visit.pk for one in found.visits} == {done.pk, desk.visit.pk}
    assert all(one.stripe_id or one.entry.recorded_by for one in found.movements if one.amount)
    shown = text_of(reception.get(reverse("staff:account", args=[desk.patient.pk])))
    assert "$50.00 is due now. Take it here, or send a link to pay." in shown
    assert desk.browsers["therapist"].get(reverse("staff:account", args=[desk.patient.pk])).status_code == 403


def test_an_account_asks_as_much_for_three_visits_as_for_one(
    desk: Desk, done: Appointment, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(12):
        account_of(desk.patient, now=NOW)
    for day in (1, 2):
        paid_online(desk.make_visit(at(7, days=-day), status="fulfilled"))
    with django_assert_num_queries(12):
        account_of(desk.patient, now=NOW)


def test_a_panel_says_what_happens_next_in_the_words_of_who_reads(desk: Desk, reception: Client) -> None:
    visit = desk.make_visit(at(15, days=3), status="pending", awaiting="review", decide_by=NOW + timedelta(hours=4))
    paid_online(visit, state="authorised", keep=None)
    shown = text_of(reception.get(reverse("staff:visit", args=[visit.pk])))
    assert "$40.00 is held on the card, not taken. We take it when the therapist says yes" in shown
    assert "If the therapist says yes, $80.00 is due at the visit." in shown
    assert "Held on the card, not taken" in shown
    patients = desk.browsers["patient"]
    _give(desk, visit.pk)
    patients.post(reverse("patient:open-visit", args=[visit.pk]))
    assert "$40.00 is held on your card, not taken." in text_of(patients.get(reverse("patient:visit")))


def _give(desk: Desk, visit_id: UUID) -> None:
    desk.patient.user = desk.users["patient"]
    desk.patient.save(update_fields=["user"])

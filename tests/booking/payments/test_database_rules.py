"""What the database itself does not let anybody do to a payment, past all of our code."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from booking.payments.models import LedgerEntry, Payment
from booking.payments.services import request_payment
from tests.factories.booking import NOW, Clinic, at, make_appointment
from tests.factories.intake import make_patient

pytestmark = pytest.mark.django_db
OTHER = "c0ffee00-0000-4000-8000-000000000000"


@pytest.fixture
def payment(clinic: Clinic) -> Payment:
    visit = make_appointment(clinic, start=at(10), patient=make_patient())
    asked = request_payment(
        appointment=visit, payer=visit.patient, purpose="deposit", gateway="stripe", amount=3000, now=NOW
    )
    assert asked is not None
    Payment.objects.update(state="captured", keep_amount=2000)
    return asked


def refused(change: Callable[[], object]) -> bool:
    try:
        with transaction.atomic():
            change()
    except DatabaseError:
        return True
    return False


@pytest.mark.parametrize(
    "values",
    [
        {"amount": 1},
        {"amount": 3001},
        {"currency": "USD"},
        {"gateway": "desk"},
        {"purpose": "fee"},
        {"payer": OTHER},
        {"appointment": OTHER},
        {"created_at": NOW - timedelta(days=1)},
        {"state": "open"},
        {"state": "authorised"},
        {"state": "voided"},
        {"keep_amount": 2001},
        {"keep_amount": None},
    ],
    ids=str,
)
def test_it_says_what_it_said_and_goes_forward_only(payment: Payment, values: dict[str, object]) -> None:
    assert refused(lambda: Payment.objects.filter(pk=payment.pk).update(**values))


def test_what_may_change_changes(payment: Payment) -> None:
    values = {"keep_amount": 500, "settled_at": NOW, "checked_at": NOW, "revision": 7, "intent_id": "pi_1"}
    assert Payment.objects.filter(pk=payment.pk).update(**values) == 1


@pytest.mark.parametrize("table", ["payments_payment", "payments_ledgerentry"])
def test_nothing_is_deleted(payment: Payment, table: str) -> None:
    def delete() -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {table}")

    assert refused(delete)


def test_money_in_the_till_names_who_took_it(payment: Payment) -> None:
    values = {"payment": payment, "kind": "desk", "amount": 100, "currency": "CAD", "recorded_at": NOW}
    assert refused(lambda: LedgerEntry.objects.create(**values, method="cash", reference="one"))

"""Decisions and money at the desk: the ledger adds up."""

from uuid import uuid4

import pytest
from django.db import IntegrityError, ProgrammingError, transaction

from booking.errors import PaymentNotOffered, RefundTooLarge
from booking.models import Appointment
from booking.payments.ledger import Balance, Kind, balance_of, balances_of, write_entry
from booking.payments.models import LedgerEntry, Payment
from booking.payments.services import (
    at_hand,
    charge_fee,
    lapse_payment,
    record_desk_payment,
    record_desk_refund,
    release_payments,
    request_payment,
    want_capture,
)
from intake.models import User
from tests.factories.booking import NOW, Clinic, at, make_appointment, make_staff
from tests.factories.intake import make_patient

pytestmark = pytest.mark.django_db


@pytest.fixture
def visit(clinic: Clinic) -> Appointment:
    return make_appointment(clinic, start=at(10), patient=make_patient())


@pytest.fixture
def desk() -> User:
    return make_staff()


def ask(visit: Appointment, *, gateway: str = "stripe", amount: int = 3000, purpose: str = "deposit") -> Payment:
    payment = request_payment(
        appointment=visit, payer=visit.patient, purpose=purpose, gateway=gateway, amount=amount, now=NOW
    )
    assert payment is not None
    return payment


def balance(visit: Appointment, **over: int) -> Balance:
    nothing = {"owed": 12000, "authorised": 0, "paid": 0, "refunded": 0, "due": 12000, "currency": "CAD"}
    return Balance(**nothing | over)


def test_a_visit_owes_its_price(visit: Appointment) -> None:
    ask(visit)
    assert balance_of(visit) == balance(visit)


def test_nothing_is_asked_for_nothing(visit: Appointment) -> None:
    assert (
        request_payment(appointment=visit, payer=visit.patient, purpose="deposit", gateway="stripe", amount=0, now=NOW)
        is None
    )


def test_the_same_payment_is_asked_once(visit: Appointment) -> None:
    assert ask(visit) == ask(visit)
    with pytest.raises(IntegrityError), transaction.atomic():
        Payment.objects.create(
            appointment=visit,
            payer=visit.patient,
            purpose="deposit",
            gateway="stripe",
            amount=3000,
            currency="CAD",
            created_at=NOW,
        )


def test_what_lapsed_can_be_asked_again(visit: Appointment) -> None:
    first = ask(visit)
    lapse_payment(payment=first, now=NOW)
    again = ask(visit)
    assert (Payment.objects.get(pk=first.pk).state, again.state, first == again) == ("lapsed", "open", False)


def test_paid_at_the_desk(visit: Appointment, desk: User) -> None:
    record_desk_payment(appointment=visit, amount=12000, method="terminal", by=desk, now=NOW)
    assert balance_of(visit) == balance(visit, paid=12000, due=0)
    entry = LedgerEntry.objects.get(kind="desk")
    assert (entry.method, entry.recorded_by, entry.amount, entry.currency) == ("terminal", desk, 12000, "CAD")


def test_a_double_click_at_the_desk_counts_once(visit: Appointment, desk: User) -> None:
    key = uuid4()
    for _ in range(2):
        record_desk_payment(appointment=visit, amount=5000, method="cash", by=desk, request_key=key, now=NOW)
    assert balance_of(visit) == balance(visit, paid=5000, due=7000)


def test_what_was_asked_at_the_desk_is_paid_first(visit: Appointment, desk: User) -> None:
    asked = ask(visit, gateway="desk")
    record_desk_payment(appointment=visit, amount=12000, method="cash", by=desk, now=NOW)
    rows = Payment.objects.order_by("created_at", "amount").values_list("amount", "state", "purpose")
    assert sorted(rows) == [(3000, "captured", "deposit"), (9000, "captured", "balance")]
    assert Payment.objects.get(pk=asked.pk).settled_at == NOW
    assert balance_of(visit).due == 0


@pytest.mark.parametrize(("amount", "method"), [(0, "cash"), (-1, "cash"), (100, "beans")])
def test_what_is_no_payment_is_refused(visit: Appointment, desk: User, amount: int, method: str) -> None:
    with pytest.raises(PaymentNotOffered):
        record_desk_payment(appointment=visit, amount=amount, method=method, by=desk, now=NOW)
    assert not Payment.objects.exists()


def test_handed_back_at_the_desk(visit: Appointment, desk: User) -> None:
    record_desk_payment(appointment=visit, amount=5000, method="cash", by=desk, now=NOW)
    visit.status, visit.cancel_reason, visit.cancelled_at = "cancelled", "clinic", NOW
    visit.save()
    assert release_payments(appointment=visit, keep=0, now=NOW) == 0
    assert balance_of(visit) == balance(visit, owed=0, paid=5000, due=-5000)
    with pytest.raises(RefundTooLarge) as refused:
        record_desk_refund(appointment=visit, amount=5001, method="cash", by=desk, now=NOW)
    assert refused.value.details == {"left": 5000}
    for amount in (2000, 3000):
        record_desk_refund(appointment=visit, amount=amount, method="cash", by=desk, now=NOW)
    assert balance_of(visit) == balance(visit, owed=0, paid=5000, refunded=5000, due=0)


def test_a_fee_is_kept_of_the_cash_first(visit: Appointment, desk: User) -> None:
    record_desk_payment(appointment=visit, amount=2000, method="cash", by=desk, now=NOW)
    online = ask(visit)
    Payment.objects.filter(pk=online.pk).update(state="authorised", session_id="cs_1")
    assert release_payments(appointment=visit, keep=2500, now=NOW) == 2500
    assert Payment.objects.get(pk=online.pk).keep_amount == 500


def test_an_open_desk_payment_is_asked_no_more(visit: Appointment) -> None:
    asked = ask(visit, gateway="desk")
    release_payments(appointment=visit, keep=0, now=NOW)
    assert Payment.objects.get(pk=asked.pk).state == "lapsed"
    assert sorted(LedgerEntry.objects.values_list("kind", "amount")) == [("charge", 3000), ("credit", 3000)]


def test_a_decision_is_only_lowered(visit: Appointment) -> None:
    online = ask(visit)
    Payment.objects.filter(pk=online.pk).update(state="authorised", session_id="cs_1")
    release_payments(appointment=visit, keep=1000, now=NOW)
    release_payments(appointment=visit, keep=2000, now=NOW)
    want_capture(payment=online, now=NOW)
    assert Payment.objects.get(pk=online.pk).keep_amount == 1000


def test_a_fee_that_a_deposit_covers_stands_on_it(visit: Appointment) -> None:
    online = ask(visit)
    Payment.objects.filter(pk=online.pk).update(state="captured", session_id="cs_1", keep_amount=3000)
    assert charge_fee(appointment=visit, amount=3000, now=NOW) == online
    assert charge_fee(appointment=visit, amount=0, now=NOW) is None


def test_a_late_move_costs_its_fee_beside_the_price(visit: Appointment) -> None:
    online = ask(visit)
    Payment.objects.filter(pk=online.pk).update(state="captured", session_id="cs_1", keep_amount=3000)
    charge_fee(appointment=visit, amount=1000, now=NOW)
    assert balance_of(visit).owed == 13000
    visit.status, visit.cancel_reason, visit.cancelled_at = "cancelled", "patient", NOW
    visit.save()
    assert release_payments(appointment=visit, keep=0, now=NOW) == 1000
    assert balance_of(visit).owed == 1000


def test_a_clinic_that_cancels_gives_back_the_fee_of_a_late_move_too(visit: Appointment) -> None:
    online = ask(visit)
    Payment.objects.filter(pk=online.pk).update(state="captured", session_id="cs_1", keep_amount=3000)
    charge_fee(appointment=visit, amount=1000, now=NOW)
    visit.status, visit.cancel_reason, visit.cancelled_at = "cancelled", "clinic", NOW
    visit.save()
    assert release_payments(appointment=visit, keep=0, now=NOW) == 0
    assert balance_of(visit).owed == 0


def test_who_was_noted_as_absent_and_came_owes_the_price_only(visit: Appointment) -> None:
    visit.status = "noshow"
    visit.save()
    charge_fee(appointment=visit, amount=3000, now=NOW)
    assert balance_of(visit).owed == 3000
    visit.status = "arrived"
    visit.save()
    assert balance_of(visit).owed == 12000


def test_balances_of_many_visits_cost_one_query(clinic: Clinic, django_assert_num_queries, desk: User) -> None:
    visits = [make_appointment(clinic, start=at(hour), patient=make_patient()) for hour in (9, 10, 11)]
    record_desk_payment(appointment=visits[1], amount=1000, method="cash", by=desk, now=NOW)
    for some in (visits[:1], visits):
        with django_assert_num_queries(1):
            found = balances_of(some)
        assert [found[visit.pk].paid for visit in some] == [0, 1000, 0][: len(some)]


def test_the_ledger_is_never_edited(visit: Appointment) -> None:
    ask(visit)
    for change in (lambda: LedgerEntry.objects.update(amount=1), lambda: LedgerEntry.objects.all().delete()):
        with pytest.raises(ProgrammingError, match="Cannot"), transaction.atomic():
            change()


def test_what_the_bank_could_not_give_back_is_handed_over_at_the_desk_once(visit: Appointment, desk: User) -> None:
    online = ask(visit, amount=12000, purpose="balance")
    Payment.objects.filter(pk=online.pk).update(state="captured", session_id="cs_1", keep_amount=9000)
    for kind, amount in (("capture", 12000), ("credit", 3000), ("refund", 3000), ("refund-failed", 3000)):
        write_entry(payment=online, kind=Kind(kind), amount=amount, reference=f"{kind} 1", method="card", now=NOW)
    assert at_hand(visit) == 12000
    assert (at_hand(visit, Payment.Gateway.STRIPE), at_hand(visit, Payment.Gateway.DESK)) == (9000, 3000)
    record_desk_refund(appointment=visit, amount=3000, method="cash", by=desk, now=NOW)
    assert (balance_of(visit).refunded, at_hand(visit)) == (3000, 9000)
    with pytest.raises(RefundTooLarge):
        record_desk_refund(appointment=visit, amount=1, method="cash", by=desk, now=NOW)

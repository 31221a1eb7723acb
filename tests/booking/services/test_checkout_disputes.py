"""A cardholder asks their bank for the money back: it is written down, told to staff, and ends as the bank decides."""

import pytest
from django.db import transaction

from booking.payments.ledger import Balance, balance_of
from booking.payments.models import Finding, GatewayCommand, Payment
from booking.payments.services import want_refund, want_void
from booking.services.checkout import reconcile, reconcile_nightly
from tests.factories.payments import Till, account_of, ledger_account, ledger_of, payment_now, visit_now

TAKEN = [("charge", 3000), ("authorisation", 3000), ("capture", 3000)]
WITHDRAWN = [("disputed", 3000), ("dispute-fee", 1500)]
BACK = [("dispute-won", 3000), ("dispute-fee-back", 1500)]
LOST = [("dispute-lost", 3000), ("credit", 3000)]


def dispute(till: Till, payment: Payment) -> str:
    """The bank takes the money back; the dispute's id at Stripe."""
    opened: str = till.stripe.post_control("dispute", {"payment_intent": payment_now(payment).intent_id})["id"]
    return opened


def decide(till: Till, dispute_id: str, status: str) -> None:
    till.stripe.post_control("dispute/close", {"dispute": dispute_id, "status": status})


def open_findings() -> list[tuple[str, dict[str, object]]]:
    return list(Finding.objects.filter(resolved_at=None).values_list("kind", "details"))


def balance(payment: Payment) -> tuple[int, int, int, int]:
    of: Balance = balance_of(visit_now(payment))
    return of.paid, of.disputed, of.refunded, of.owed - of.due


def test_what_the_bank_takes_back_is_written_down_and_told_to_staff_once(till: Till) -> None:
    payment = till.taken()
    dispute(till, payment)
    for _ in range(2):
        till.tell_all(till.events())
    assert ledger_of(payment) == TAKEN + WITHDRAWN
    assert ledger_account(payment) == account_of(till, payment) == -1500 + 3000 - 3000
    [(kind, details)] = open_findings()
    assert (kind, details["amount"], details["status"]) == ("dispute", 3000, "needs_response")
    assert str(details["answer_by"]).startswith("20")
    assert balance(payment) == (3000, 3000, 0, 3000)  # nobody asks for it again while the bank decides


def test_a_dispute_that_is_won_settles_itself(till: Till) -> None:
    payment = till.taken()
    decide(till, dispute(till, payment), "won")
    till.tell_all(till.events())
    assert ledger_of(payment) == TAKEN + WITHDRAWN + BACK
    assert ledger_account(payment) == account_of(till, payment) == 3000
    assert open_findings() == []
    assert balance(payment) == (3000, 0, 0, 3000)


def test_one_that_is_lost_is_money_given_back_and_stays_with_staff_until_seen(till: Till) -> None:
    payment = till.taken()
    opened = dispute(till, payment)
    till.tell_all(till.events())
    Finding.objects.update(resolved_at=till.now)  # a manager has seen that there is one
    decide(till, opened, "lost")
    till.tell_all(till.events())
    assert ledger_of(payment) == TAKEN + WITHDRAWN + LOST
    assert [(kind, details["status"]) for kind, details in open_findings()] == [("dispute", "lost")]
    assert balance(payment) == (3000, 0, 3000, 0)
    Finding.objects.update(resolved_at=till.now)
    reconcile_nightly(now=till.now)
    assert open_findings() == []


@pytest.mark.parametrize("status", ["won", "lost"])
def test_with_every_event_lost_it_is_found_within_ten_minutes(till: Till, status: str) -> None:
    payment = till.taken()
    till.wait(days=20)
    opened = dispute(till, payment)
    till.wait(minutes=10)
    reconcile(now=till.now)
    assert ledger_of(payment) == TAKEN + WITHDRAWN
    till.wait(days=30)
    decide(till, opened, status)
    till.wait(minutes=10)
    reconcile(now=till.now)
    assert ledger_of(payment) == TAKEN + WITHDRAWN + (BACK if status == "won" else LOST)
    assert ledger_account(payment) == account_of(till, payment)


def test_what_is_disputed_is_not_given_back_a_second_time(till: Till) -> None:
    payment = till.taken()
    with transaction.atomic():
        want_refund(payment=payment, amount=1000, now=till.now)
    till.sweep(1)
    opened = dispute(till, payment)  # of the 20.00 that are left
    with transaction.atomic():
        want_void(payment=payment, now=till.now)
    till.sweep(2)
    assert not GatewayCommand.objects.filter(outcome="refused").exists()
    assert len(till.stripe.store.find("refund")) == 1
    assert payment_now(payment).settled_at is not None
    decide(till, opened, "lost")
    till.wait(minutes=10)
    reconcile(now=till.now)
    till.sweep(2)
    assert len(till.stripe.store.find("refund")) == 1
    assert ledger_account(payment) == account_of(till, payment) == 3000 - 1000 - 2000 - 1500


def test_what_is_won_and_was_to_be_given_back_is_given_back(till: Till) -> None:
    payment = till.taken()
    opened = dispute(till, payment)
    with transaction.atomic():
        want_void(payment=payment, now=till.now)
    till.sweep(1)
    decide(till, opened, "won")
    till.tell_all(till.events())
    till.sweep(1)
    assert [refund["amount"] for refund in till.stripe.store.find("refund")] == [3000]
    assert ledger_account(payment) == account_of(till, payment) == 0
    assert payment_now(payment).settled_at is not None

"""Releasing, keeping a part, giving back: Stripe ends where our decision is, to the cent."""

from datetime import timedelta

import pytest
from django.db import transaction

from booking.errors import RefundTooLarge
from booking.models import Appointment, Document
from booking.payments.ledger import Balance, balance_of
from booking.payments.models import Finding, GatewayCommand, Payment
from booking.payments.services import charge_fee, release_payments, want_capture, want_refund, want_void
from booking.rules.receipts import from_facts
from booking.services.appointments import cancel_appointment
from booking.services.checkout import carry_out_wanted, handle_events, settle, sweep_checkouts
from booking.services.documents import issue_receipt
from tests.factories.booking import make_staff
from tests.factories.intake import make_screening, review_line
from tests.factories.payments import Till, ledger_of, ledger_sums, payment_now, state_of, visit_now
from tests.simulators.stripe import pay, refunds

Reason = Appointment.CancelReason
NOTHING = {"held": 0, "taken": 0, "sent back": 0}


@pytest.fixture
def authorised(till: Till) -> Payment:
    """A deposit of 30.00 that waits for a therapist's answer."""
    screening = make_screening(review_line(), now=till.now).screening
    needling = till.make_service(screening="full", modality="manual")
    payment = till.book(service=needling, screening=screening)
    till.pay(payment)
    settle(payment=payment, now=till.now)
    assert state_of(payment) == ("authorised", "pending", "review")
    return payment


def test_nothing_is_taken_before_the_therapist_answers(till: Till, authorised: Payment) -> None:
    till.sweep(3)
    assert state_of(authorised) == ("authorised", "pending", "review")
    assert ledger_sums(authorised) == till.truth(authorised) == {"held": 3000, "taken": 0, "sent back": 0}


def test_an_approval_takes_the_money(till: Till, authorised: Payment) -> None:
    with transaction.atomic():
        want_capture(payment=authorised, now=till.now)
    carry_out_wanted(now=till.now)
    assert ledger_sums(authorised) == till.truth(authorised) == {"held": 0, "taken": 3000, "sent back": 0}


def test_a_refusal_releases_it_and_takes_nothing(till: Till, authorised: Payment) -> None:
    with transaction.atomic():
        want_void(payment=authorised, now=till.now)
    carry_out_wanted(now=till.now)
    assert payment_now(authorised).state == "voided"
    assert ledger_sums(authorised) == till.truth(authorised) == NOTHING
    assert not GatewayCommand.objects.filter(operation__in=["capture", "refund-1"]).exists()


def test_of_an_authorised_deposit_only_the_fee_is_taken(till: Till, authorised: Payment) -> None:
    visit = visit_now(authorised)
    with transaction.atomic():
        assert release_payments(appointment=visit, keep=1000, now=till.now) == 1000
    carry_out_wanted(now=till.now)
    assert ledger_sums(authorised) == till.truth(authorised) == {"held": 0, "taken": 1000, "sent back": 0}
    assert ledger_of(authorised) == [
        ("charge", 3000),
        ("authorisation", 3000),
        ("credit", 2000),
        ("capture", 1000),
        ("void", 2000),
    ]


def test_a_cancellation_in_time_gives_everything_back(till: Till) -> None:
    payment = till.taken()
    done = cancel_appointment(appointment=visit_now(payment), by=None, reason=Reason.PATIENT, now=till.now)
    assert done.fee == 0
    till.sweep(1)
    assert ledger_sums(payment)["sent back"] == 0  # it can still be undone
    till.wait(minutes=3)
    till.sweep(1)
    assert ledger_sums(payment) == till.truth(payment) == {"held": 0, "taken": 3000, "sent back": 3000}
    assert payment_now(payment).settled_at is not None
    assert balance_of(visit_now(payment)) == Balance(
        owed=0, authorised=0, paid=3000, refunded=3000, due=0, currency="CAD"
    )
    till.sweep(2)
    assert len(till.stripe.store.find("refund")) == 1


def test_a_late_cancellation_keeps_the_fee(till: Till) -> None:
    payment = till.taken()
    visit = visit_now(payment)
    Appointment.objects.filter(pk=visit.pk).update(late_fee_amount=1200)
    till.set_clock(visit.start - timedelta(hours=3))
    done = cancel_appointment(appointment=visit_now(payment), by=None, reason=Reason.PATIENT, now=till.now)
    assert done.fee == 1200
    till.wait(minutes=3)
    till.sweep(1)
    assert ledger_sums(payment) == till.truth(payment) == {"held": 0, "taken": 3000, "sent back": 1800}
    assert balance_of(visit_now(payment)) == Balance(
        owed=1200, authorised=0, paid=3000, refunded=1800, due=0, currency="CAD"
    )


@pytest.mark.parametrize("reason", [Reason.CLINIC, Reason.DECLINED])
def test_a_late_cancellation_by_the_clinic_costs_nothing(till: Till, reason: Reason) -> None:
    payment = till.taken()
    till.set_clock(visit_now(payment).start - timedelta(hours=1))
    with transaction.atomic():
        release_payments(appointment=visit_now(payment), keep=0, now=till.now)
    till.sweep(1)
    assert ledger_sums(payment) == till.truth(payment) == {"held": 0, "taken": 3000, "sent back": 3000}


def test_a_booking_cancelled_while_its_page_is_open_ends_the_page(till: Till) -> None:
    payment = till.book()
    url = till.open(payment)
    cancel_appointment(appointment=visit_now(payment), by=None, reason=Reason.PATIENT, now=till.now)
    assert state_of(payment) == ("open", "cancelled", "")
    carry_out_wanted(now=till.now)
    assert state_of(payment) == ("lapsed", "cancelled", "")
    assert visit_now(payment).cancel_reason == "patient"
    assert "expired" in pay(url).text.lower()
    assert ledger_of(payment) == [("charge", 3000), ("credit", 3000)]


def test_a_booking_cancelled_while_it_is_being_paid_takes_nothing(till: Till) -> None:
    payment = till.book()
    till.pay(payment)
    cancel_appointment(appointment=visit_now(payment), by=None, reason=Reason.PATIENT, now=till.now)
    till.sweep(1)
    assert state_of(payment) == ("voided", "cancelled", "")
    assert ledger_sums(payment) == till.truth(payment) == NOTHING


def test_parts_are_given_back_one_after_the_other(till: Till) -> None:
    payment = till.taken()
    for amount in (500, 700):
        with transaction.atomic():
            want_refund(payment=payment, amount=amount, now=till.now)
        till.sweep(1)
    assert ledger_sums(payment) == till.truth(payment) == {"held": 0, "taken": 3000, "sent back": 1200}
    with pytest.raises(RefundTooLarge), transaction.atomic():
        want_refund(payment=payment, amount=1801, now=till.now)
    assert [refund["metadata"]["command"] for refund in till.stripe.store.find("refund")] == ["refund-2", "refund-1"]


def test_what_is_not_taken_yet_is_not_refunded(till: Till, authorised: Payment) -> None:
    for payment in (authorised, till.book()):
        with pytest.raises(RefundTooLarge), transaction.atomic():
            want_refund(payment=payment, amount=100, now=till.now)


def test_two_refunds_wanted_at_once_are_one_at_stripe(till: Till) -> None:
    payment = till.taken()
    for amount in (500, 700):
        with transaction.atomic():
            want_refund(payment=payment, amount=amount, now=till.now)
    till.sweep(1)
    assert [refund["amount"] for refund in till.stripe.store.find("refund")] == [1200]
    assert ledger_sums(payment) == till.truth(payment)


def test_a_refund_made_at_stripe_by_hand_is_written_down(till: Till) -> None:
    payment = till.taken()
    till.stripe.world.request.id = till.stripe.world.request.key = None
    with till.stripe.store.transaction():
        _refund_by_hand(till, payment_now(payment).intent_id, 400)
    till.tell_all(till.events())
    assert ledger_sums(payment) == till.truth(payment) == {"held": 0, "taken": 3000, "sent back": 400}


def test_a_refund_that_the_bank_sends_back_is_told_to_staff_and_not_repeated(till: Till) -> None:
    payment = till.taken()
    till.fault("refund_fails", after=3600)
    with transaction.atomic():
        want_void(payment=payment, now=till.now)
    till.sweep(1)
    assert ledger_sums(payment) == till.truth(payment) == {"held": 0, "taken": 3000, "sent back": 3000}
    till.wait(hours=2)
    till.stripe.post_control("advance", {"seconds": 0})
    till.tell_all(till.events())
    till.sweep(2)
    assert ledger_sums(payment) == till.truth(payment) == {"held": 0, "taken": 3000, "sent back": 0}
    assert list(Finding.objects.values_list("kind", "details")) == [("refund-failed", {"amount": 3000})]
    assert len(till.stripe.store.find("refund")) == 1
    assert visit_now(payment).communications.filter(kind="payment-problem").count() == 1


def test_a_disputed_payment_is_told_to_staff(till: Till) -> None:
    payment = till.taken()
    till.stripe.post_control("dispute", {"payment_intent": payment_now(payment).intent_id})
    till.tell_all(till.events())
    assert list(Finding.objects.values_list("kind", "payment")) == [("dispute", payment.pk)]


def test_what_stripe_refuses_is_told_to_staff_rests_for_an_hour_and_is_forgotten_once_done(till: Till) -> None:
    payment = till.taken()
    [charge] = till.stripe.store.find("charge")
    till.stripe.store.put(charge | {"captured": False})  # as if Stripe had a reason of its own
    with transaction.atomic():
        want_void(payment=payment, now=till.now)
    till.sweep(4)
    command = GatewayCommand.objects.get(operation="refund-1")
    assert (command.outcome, "successful charge" in command.problem) == ("refused", True)
    assert list(Finding.objects.values_list("kind", "resolved_at")) == [("refused", None)]
    till.stripe.store.put(charge)
    till.wait(hours=1)
    till.sweep(1)
    assert GatewayCommand.objects.filter(operation="refund-1").count() == 2
    assert ledger_sums(payment) == till.truth(payment) == {"held": 0, "taken": 3000, "sent back": 3000}
    assert not Finding.objects.filter(resolved_at=None).exists()


def test_a_fee_is_owed_once_and_at_the_desk_if_no_deposit_covers_it(till: Till) -> None:
    payment = till.book()
    till.wait(minutes=15)
    sweep_checkouts(now=till.now)
    visit = visit_now(payment)
    with transaction.atomic():
        fee = charge_fee(appointment=visit, amount=2500, now=till.now)
        assert charge_fee(appointment=visit, amount=2500, now=till.now) == fee
    assert (fee.gateway, fee.purpose, fee.state, fee.amount) == ("desk", "fee", "open", 2500)
    assert balance_of(visit).due == 2500


def test_events_of_everything_that_happened_change_nothing_any_more(till: Till) -> None:
    payment = till.taken()
    with transaction.atomic():
        want_refund(payment=payment, amount=500, now=till.now)
    till.sweep(1)
    before = ledger_of(payment)
    till.tell_all(till.events())
    handle_events(now=till.now)
    assert ledger_of(payment) == before


def _refund_by_hand(till: Till, intent_id: str, amount: int) -> None:
    refunds.create(till.stripe.world, {"payment_intent": intent_id, "amount": amount})


def test_a_refund_of_a_receipted_visit_issues_its_credit_note_once(till: Till) -> None:
    payment = till.taken()
    Appointment.objects.filter(pk=payment.appointment_id).update(status="fulfilled")
    receipt = issue_receipt(appointment=visit_now(payment), by=make_staff(), now=till.now)
    with transaction.atomic():
        want_refund(payment=payment_now(payment), amount=1000, now=till.now)
    till.sweep(3)
    found = Document.objects.order_by("number").values_list("kind", "reason", "reverses", "issued_by")
    assert [one[:3] for one in found] == [
        ("receipt", "", None),
        ("credit-note", "refunded", receipt.pk),
        ("receipt", "", None),
    ]
    assert found[1][3] is None
    assert from_facts(Document.objects.get(number=3).facts).paid == 2000

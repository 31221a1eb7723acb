"""What people and Stripe do behind our back, and at the worst moment."""

import time
from datetime import timedelta

import pytest
from django.db import transaction

from booking.errors import NotPossibleNow, RefundTooLarge
from booking.models import Appointment
from booking.payments.desk_gateway import Part
from booking.payments.ledger import balance_of
from booking.payments.models import Finding, GatewayCommand, Payment
from booking.payments.services import at_hand, charge_fee, want_capture, want_refund, want_void
from booking.services.appointments import cancel_appointment
from booking.services.checkout import carry_out_wanted, reconcile, reconcile_nightly, settle, switch_to_desk
from booking.services.desk_money import give_back, take_payment
from intake.models import Role, User
from tests.booking.services.test_checkout_races import at_once
from tests.factories.booking import make_staff, make_terms
from tests.factories.intake import make_screening, review_line
from tests.factories.payments import (
    Till,
    account_of,
    ledger_account,
    ledger_of,
    ledger_sums,
    payment_now,
    state_of,
    visit_now,
)
from tests.races.crowd import at_once as processes_at_once
from tests.simulators.stripe import SECURE_CARD, pay

PAID = [("charge", 3000), ("authorisation", 3000), ("capture", 3000)]
ALL_BACK = {"held": 0, "taken": 3000, "sent back": 3000}
RELEASED = {"held": 0, "taken": 0, "sent back": 0}


@pytest.fixture
def waiting(till: Till) -> Payment:
    """A deposit that is authorised and waits for a therapist's answer."""
    screening = make_screening(review_line(), now=till.now).screening
    payment = till.book(service=till.make_service(screening="full", modality="manual"), screening=screening)
    till.pay(payment)
    return settle(payment=payment, now=till.now)


def by_hand(till: Till, what: str, payment: Payment, **form: object) -> None:
    """Somebody presses a button in Stripe's dashboard: capture, cancel or refund."""
    till.stripe.post_control(what, {"payment_intent": payment_now(payment).intent_id, **form})


def test_the_price_is_what_was_agreed_when_the_time_was_held(till: Till) -> None:
    payment = till.book()
    till.service.price_amount *= 2
    till.service.save()
    make_terms(till.service, deposit_amount=9900)
    till.pay(payment)
    settle(payment=payment, now=till.now)
    assert ledger_of(payment) == PAID
    assert ledger_sums(payment) == till.truth(payment)
    assert balance_of(visit_now(payment)).owed * 2 == till.service.price_amount


def test_the_bank_asks_the_cardholder_and_they_answer_late(till: Till) -> None:
    payment = till.book()
    url = till.open(payment)
    till.fault("approval_hangs")
    pay(url, card=SECURE_CARD)
    settle(payment=payment, now=till.now)
    assert state_of(payment) == ("open", "pending", "payment")
    till.stripe.post_control("approve", {"session": payment_now(payment).session_id})
    till.tell_all(till.events(payment))
    assert state_of(payment) == ("captured", "booked", "")
    assert ledger_of(payment) == PAID


def test_cancelled_while_the_money_is_being_taken(till: Till) -> None:
    payment = till.book()
    till.pay(payment)
    till.fault("delay_after", "*/capture", seconds=0.6)

    def cancel() -> None:
        time.sleep(0.2)
        reason = Appointment.CancelReason.PATIENT
        cancel_appointment(appointment=visit_now(payment), by=None, reason=reason, now=till.now)

    at_once(lambda: settle(payment=payment, now=till.now), cancel)
    till.wait(minutes=3)
    till.sweep(2)
    assert visit_now(payment).status == "cancelled"
    assert ledger_sums(payment) == till.truth(payment) == ALL_BACK
    assert payment_now(payment).settled_at is not None


def test_taken_in_the_dashboard_before_the_therapist_answers(till: Till, waiting: Payment) -> None:
    by_hand(till, "capture", waiting)
    till.tell_all(till.events(waiting))
    assert state_of(waiting) == ("captured", "pending", "review")
    with transaction.atomic():
        want_void(payment=waiting, now=till.now)
    till.sweep(1)
    assert ledger_sums(waiting) == till.truth(waiting) == ALL_BACK


def test_released_in_the_dashboard_is_told_to_staff(till: Till, waiting: Payment) -> None:
    by_hand(till, "cancel", waiting)
    till.wait(minutes=10)
    reconcile(now=till.now)
    assert state_of(waiting) == ("voided", "pending", "review")
    assert ledger_sums(waiting) == till.truth(waiting) == RELEASED
    assert list(Finding.objects.values_list("kind", flat=True)) == ["authorisation-lapsed"]
    with transaction.atomic():
        want_capture(payment=waiting, now=till.now)
    till.sweep(2)
    assert not GatewayCommand.objects.filter(operation="capture").exists()


def test_a_refund_in_the_dashboard_leaves_less_for_a_fee(till: Till) -> None:
    payment = till.taken()
    till.wait(days=5)
    by_hand(till, "refund", payment, amount=2500)
    till.wait(minutes=10)
    reconcile(now=till.now)  # every event was lost
    assert ledger_of(payment) == [*PAID, ("refund", 2500), ("credit", 2500)]
    assert payment_now(payment).keep_amount == 500
    with transaction.atomic():
        fee = charge_fee(appointment=visit_now(payment), amount=2000, now=till.now)
    assert fee is not None
    assert (fee.gateway, fee.amount) == ("desk", 2000)


def test_a_refund_in_the_dashboard_while_ours_is_on_its_way(till: Till) -> None:
    payment = till.taken()
    with transaction.atomic():
        want_void(payment=payment, now=till.now)
    till.stripe.post_control("settings", {"timeout_seconds": 0.05})
    till.fault("timeout_before", "/v1/refunds")
    carry_out_wanted(now=till.now)
    by_hand(till, "refund", payment, amount=1100)
    till.sweep(4)
    assert ledger_sums(payment) == till.truth(payment) == ALL_BACK
    assert sorted(refund["amount"] for refund in till.stripe.store.find("refund")) == [1100, 1900]
    assert payment_now(payment).settled_at is not None
    assert not Finding.objects.filter(resolved_at=None).exists()


def test_a_refund_that_somebody_made_in_our_place_is_not_waited_for(till: Till) -> None:
    payment = till.taken()
    with transaction.atomic():
        want_void(payment=payment, now=till.now)
    till.stripe.post_control("settings", {"timeout_seconds": 0.05})
    till.fault("timeout_before", "/v1/refunds")
    carry_out_wanted(now=till.now)
    by_hand(till, "refund", payment, amount=3000)
    till.sweep(3)
    command = GatewayCommand.objects.get(operation="refund-1")
    assert (command.outcome, command.problem) == ("refused", "Not needed any more.")
    assert payment_now(payment).settled_at is not None
    assert ledger_sums(payment) == till.truth(payment) == ALL_BACK
    assert len(till.stripe.store.find("refund")) == 1


def test_what_moved_is_asked_about_again_in_a_minute_if_stripe_did_not_say(till: Till) -> None:
    payment = till.taken()
    by_hand(till, "refund", payment, amount=1100)
    till.wait(minutes=10)
    for path in ("/v1/balance_transactions", "/v1/checkout/sessions/*"):
        till.stripe.post_control("faults", {"action": "drop_before", "method": "GET", "path": path})
    reconcile(now=till.now)
    till.sweep(1)
    assert ledger_sums(payment) == till.truth(payment) == {"held": 0, "taken": 3000, "sent back": 1100}
    assert payment_now(payment).settled_at is not None


def want_2000_back(payment: Payment) -> None:
    with transaction.atomic():
        want_refund(payment=payment, amount=2000, now=payment.created_at)


def test_two_people_give_back_more_than_there_is(till: Till) -> None:
    payment = till.taken()
    came = processes_at_once(*[(want_2000_back, (payment,))] * 2)
    assert came == {"done": 1, RefundTooLarge.code: 1}
    till.sweep(1)
    assert ledger_sums(payment) == till.truth(payment) == {"held": 0, "taken": 3000, "sent back": 2000}


def charge_no_show(visit: Appointment) -> None:
    with transaction.atomic():
        locked = Appointment.objects.select_for_update(no_key=True).get(pk=visit.pk)
        charge_fee(appointment=locked, amount=2000, now=visit.start)


def test_a_no_show_fee_that_two_people_press_twice_is_owed_once(till: Till) -> None:
    payment = till.taken()
    visit = visit_now(payment)
    Appointment.objects.filter(pk=visit.pk).update(status="noshow")
    assert processes_at_once(*[(charge_no_show, (visit,))] * 4) == {"done": 4}
    assert balance_of(visit_now(payment)).owed == 2000
    assert ledger_of(payment) == [*PAID, ("fee", 2000)]


@pytest.mark.parametrize("how", ["bank", "dashboard"])
def test_a_refund_that_fails_weeks_later_is_found_without_an_event(till: Till, how: str) -> None:
    payment = till.taken()
    with transaction.atomic():
        want_void(payment=payment, now=till.now)
    till.sweep(1)
    till.wait(days=20)
    [refund] = till.stripe.store.find("refund")
    if how == "dashboard":
        till.stripe.store.put(refund | {"status": "pending"})
    till.stripe.post_control("refund/fail" if how == "bank" else "refund/cancel", {"refund": refund["id"]})
    till.wait(minutes=10)
    reconcile(now=till.now)
    reconcile_nightly(now=till.now)
    assert ledger_sums(payment) == till.truth(payment) == {"held": 0, "taken": 3000, "sent back": 0}
    assert list(Finding.objects.values_list("kind", "details")) == [("refund-failed", {"amount": 3000})]
    assert len(till.stripe.store.find("refund")) == 1
    assert balance_of(visit_now(payment)).due == balance_of(visit_now(payment)).owed - 3000
    Finding.objects.update(resolved_at=till.now)
    settle(payment=payment, now=till.now)
    assert not Finding.objects.filter(resolved_at=None).exists()  # who has seen to it is not told again


def test_what_the_bank_sent_back_is_handed_over_at_the_desk(till: Till) -> None:
    payment, manager = till.taken(), make_staff(Role.MANAGER)
    with transaction.atomic():
        want_refund(payment=payment, amount=700, now=till.now)
    till.sweep(1)
    [refund] = till.stripe.store.find("refund")
    till.stripe.post_control("refund/fail", {"refund": refund["id"]})
    till.tell_all(till.events(payment))
    visit = visit_now(payment)
    why = "the card was closed"
    give_back(appointment=visit, amount=700, method="cash", had=3000, reason=why, by=manager, now=till.now)
    settle(payment=payment, now=till.now)
    assert payment_now(payment).keep_amount == at_hand(visit) == 2300
    assert (balance_of(visit).paid, balance_of(visit).refunded) == (3000, 700)
    assert len(till.stripe.store.find("refund")) == 1


def test_a_pending_refund_is_on_its_way_and_not_sent_again(till: Till) -> None:
    payment = till.taken()
    till.fault("refund_pending", "/v1/refunds", after=7200)
    with transaction.atomic():
        want_void(payment=payment, now=till.now)
    till.sweep(3)
    till.wait(hours=3)
    till.stripe.post_control("advance", {"seconds": 0})
    till.sweep(2)
    assert len(till.stripe.store.find("refund")) == 1
    assert ledger_sums(payment) == till.truth(payment) == ALL_BACK


def take_at_the_desk(till: Till, payment: Payment, by: User) -> None:
    take_payment(
        appointment=visit_now(payment), parts=[Part(3000, "cash")], request_key=payment.pk, by=by, now=till.now
    )


def test_what_is_paid_at_the_desk_is_not_paid_online_as_well(till: Till) -> None:
    payment, desk = till.book(), make_staff()
    url = till.open(payment)
    with pytest.raises(NotPossibleNow):  # its page is open: it is ended first
        take_at_the_desk(till, payment, desk)
    switch_to_desk(appointment=payment.appointment, by=desk, now=till.now)
    take_at_the_desk(till, payment, desk)
    assert "expired" in pay(url).text.lower()
    assert state_of(payment) == ("lapsed", "booked", "")
    assert balance_of(visit_now(payment)).paid == 3000


def test_paid_online_in_the_moment_it_is_paid_at_the_desk(till: Till) -> None:
    payment, desk = till.book(), make_staff()
    url = till.open(payment)
    till.stripe.hang_up()  # so nobody at the desk can know
    switch_to_desk(appointment=payment.appointment, by=desk, now=till.now)
    take_at_the_desk(till, payment, desk)
    till.stripe.listen()
    pay(url)
    till.sweep(2)
    assert state_of(payment) == ("voided", "booked", "")
    assert balance_of(visit_now(payment)).paid == 3000
    assert ledger_sums(payment) == till.truth(payment) == RELEASED
    assert ledger_account(payment) == account_of(till, payment) == 0


def test_everything_settles_while_looking_fails_too(till: Till) -> None:
    payments = [till.book() for _ in range(3)]
    for payment in payments:
        till.pay(payment)
    till.stripe.post_control("settings", {"timeout_seconds": 0.05})
    for action in ("error_before", "drop_during", "timeout_before", "rate_limit", "drop_after"):
        till.stripe.post_control("faults", {"action": action, "method": "GET", "count": 2})
    start = till.now
    while {state_of(payment) for payment in payments} != {("captured", "booked", "")}:
        till.wait(minutes=5)
        reconcile(now=till.now)
        assert till.now - start <= timedelta(hours=1)
    assert [ledger_of(payment) for payment in payments] == [PAID] * 3

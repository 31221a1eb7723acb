"""Paying a deposit online, from opening Stripe's page to money in the ledger, by every road."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction

from booking.errors import HoldExpired, NotPossibleNow, PaymentNotOffered, StripeUnavailable
from booking.models import Appointment
from booking.payments.models import Finding, GatewayCommand, Payment, WebhookEvent
from booking.payments.services import lapse_payment, want_void
from booking.reminders.models import Communication
from booking.reminders.switch import hold_senders, release_senders
from booking.services.checkout import (
    carry_out_wanted,
    handle_events,
    reconcile,
    settle,
    sweep_checkouts,
    switch_to_desk,
)
from intake.models import Patient
from intake.services.patients import register_patient
from tests.factories.booking import NOW, at, make_appointment
from tests.factories.payments import (
    Till,
    broken_money,
    ledger_of,
    ledger_sums,
    payment_now,
    person,
    state_of,
    visit_now,
)
from tests.simulators.stripe import DECLINED_CARD, SECURE_CARD, pay

PAID = [("charge", 3000), ("authorisation", 3000), ("capture", 3000)]
LAPSED = [("charge", 3000), ("credit", 3000)]
RELEASED = [("charge", 3000), ("authorisation", 3000), ("credit", 3000), ("void", 3000)]


def test_the_time_is_booked_first_and_the_money_taken_after(till: Till) -> None:
    payment = till.book()
    assert state_of(payment) == ("open", "pending", "payment")

    till.pay(payment)
    settle(payment=payment, now=till.now)

    assert state_of(payment) == ("captured", "booked", "")
    assert ledger_of(payment) == PAID
    assert ledger_sums(payment) == till.truth(payment)
    assert payment_now(payment).settled_at is not None


def test_stripe_learns_nothing_but_the_sum_and_our_id(till: Till) -> None:
    payment = till.book()
    till.open(payment)
    [sent] = [entry for entry in till.stripe.api.log if entry["path"] == "/v1/checkout/sessions"]
    visit = visit_now(payment)
    for secret in (visit.patient.given_name, visit.patient.email, str(visit.patient.pk), till.service.name, "needl"):
        assert secret not in sent["form"]
    session = till.stripe.store.get(payment_now(payment).session_id)
    assert session["metadata"] == {"payment": str(payment.pk)}
    assert session["client_reference_id"] == str(payment.pk)
    assert (session["amount_total"], session["currency"], session["locale"]) == (3000, "cad", "en")
    assert sent["key"] == f"v1:{payment.pk}:open_session:1"


def test_the_event_comes_before_the_patient_returns(till: Till) -> None:
    payment = till.book()
    till.pay(payment)
    till.tell_all(till.events())
    assert state_of(payment) == ("captured", "booked", "")
    settle(payment=payment, now=till.now)
    assert ledger_of(payment) == PAID
    assert not WebhookEvent.objects.filter(handled_at=None).exists()


def test_without_event_and_return_the_reconciler_finds_it(till: Till) -> None:
    payment = till.book()
    till.pay(payment)
    till.wait(minutes=10)
    assert reconcile(now=till.now) == 1
    assert state_of(payment) == ("captured", "booked", "")
    assert reconcile(now=till.now) == 0


def test_two_tabs_show_one_page(till: Till) -> None:
    payment = till.book()
    assert till.open(payment) == till.open(payment)
    assert len(till.stripe.store.find("checkout.session")) == 1


def test_two_processes_open_one_page(till: Till) -> None:
    payment = till.book()
    assert len(set(_at_once(lambda: till.open(payment), 4))) == 1
    assert len(till.stripe.store.find("checkout.session")) == 1


def test_a_double_tap_while_stripe_is_slow_opens_one_page(till: Till) -> None:
    payment = till.book()
    till.fault("delay", "/v1/checkout/sessions", seconds=1.2)
    first, second = _at_once(lambda: till.open(payment), 2)
    assert first == second
    assert len(till.stripe.store.find("checkout.session")) == 1


def test_processes_that_settle_at_once_take_the_money_once(till: Till) -> None:
    payment = till.book()
    till.pay(payment)
    _at_once(lambda: settle(payment=payment, now=till.now), 6)
    assert state_of(payment) == ("captured", "booked", "")
    assert ledger_of(payment) == PAID


def test_a_refused_card_and_then_another(till: Till) -> None:
    payment = till.book()
    url = till.open(payment)
    pay(url, card=DECLINED_CARD)
    settle(payment=payment, now=till.now)
    assert state_of(payment) == ("open", "pending", "payment")
    pay(url, card=SECURE_CARD, approve=False)
    settle(payment=payment, now=till.now)
    assert state_of(payment) == ("open", "pending", "payment")
    pay(url)
    settle(payment=payment, now=till.now)
    assert state_of(payment) == ("captured", "booked", "")
    assert ledger_of(payment) == PAID


def test_a_time_that_nobody_pays_for_is_let_go_after_fifteen_minutes(till: Till) -> None:
    payment = till.book()
    till.wait(minutes=5)
    url = till.open(payment)
    till.wait(minutes=14)
    sweep_checkouts(now=till.now)
    assert state_of(payment) == ("open", "pending", "payment")
    till.wait(minutes=1)
    sweep_checkouts(now=till.now)
    assert state_of(payment) == ("lapsed", "cancelled", "")
    assert visit_now(payment).cancel_reason == "payment-lapsed"
    assert ledger_of(payment) == LAPSED
    assert "expired" in pay(url).text.lower()
    with pytest.raises(HoldExpired):
        till.open(payment)


def test_a_page_that_was_never_opened_lapses_too(till: Till) -> None:
    payment = till.book()
    till.wait(minutes=15)
    sweep_checkouts(now=till.now)
    assert state_of(payment) == ("lapsed", "cancelled", "")
    assert ledger_of(payment) == LAPSED
    assert list(till.stripe.api.log) == []


def test_a_time_whose_payment_is_asked_no_more_is_let_go(till: Till) -> None:
    payment = till.book()
    with transaction.atomic():
        lapse_payment(payment=payment, now=till.now)
    till.wait(minutes=21)
    sweep_checkouts(now=till.now)
    assert state_of(payment) == ("lapsed", "cancelled", "")


def test_paid_in_the_last_second_is_paid(till: Till) -> None:
    payment = till.book()
    till.pay(payment)
    till.wait(minutes=16)
    sweep_checkouts(now=till.now)
    assert state_of(payment) == ("captured", "booked", "")
    assert ledger_of(payment) == PAID


def test_without_an_answer_of_stripes_the_time_is_let_go_after_twenty(till: Till) -> None:
    payment = till.book()
    till.open(payment)
    till.stripe.hang_up()
    till.wait(minutes=16)
    sweep_checkouts(now=till.now)
    assert state_of(payment) == ("open", "pending", "payment")
    till.wait(minutes=4)
    sweep_checkouts(now=till.now)
    assert state_of(payment) == ("open", "cancelled", "")


def _late(till: Till) -> Payment:
    """A booking whose time was let go while Stripe was away, and then it was paid."""
    payment = till.book(start=at(10, days=2))
    url = till.open(payment)
    till.stripe.hang_up()
    till.wait(minutes=21)
    sweep_checkouts(now=till.now)
    till.stripe.listen()
    pay(url)
    return payment


def test_paid_too_late_takes_the_time_again_if_it_is_free(till: Till) -> None:
    payment = _late(till)
    reconcile(now=till.now)
    assert state_of(payment) == ("captured", "booked", "")
    assert ledger_of(payment) == PAID


def test_paid_too_late_is_released_if_somebody_else_has_the_time(till: Till) -> None:
    payment = _late(till)
    other = make_appointment(
        till.clinic, start=at(10, days=2), service=till.service, status="booked", patient=_patient()
    )
    reconcile(now=till.now)
    assert state_of(payment) == ("voided", "cancelled", "")
    assert ledger_of(payment) == RELEASED
    assert till.truth(payment) == {"held": 0, "taken": 0, "sent back": 0}
    told = Communication.objects.filter(appointment=payment.appointment, kind="paid-too-late").get()
    assert len(told.content["alternatives"]) == 3
    assert other.status == "booked"


def test_stripe_is_down_when_the_page_is_opened(till: Till) -> None:
    payment = till.book()
    till.stripe.hang_up()
    with pytest.raises(StripeUnavailable):
        till.open(payment)
    assert state_of(payment) == ("open", "pending", "payment")
    till.stripe.listen()
    till.pay(payment)
    settle(payment=payment, now=till.now)
    assert state_of(payment) == ("captured", "booked", "")


def test_the_patient_pays_at_the_desk_instead(till: Till) -> None:
    payment = till.book()
    url = till.open(payment)
    switch_to_desk(appointment=payment.appointment, now=till.now)
    assert state_of(payment) == ("lapsed", "booked", "")
    assert visit_now(payment).payment_choice == "desk"
    assert "expired" in pay(url).text.lower()
    desk = Payment.objects.get(gateway="desk")
    assert (desk.state, desk.amount, desk.purpose) == ("open", 3000, "deposit")
    with pytest.raises(NotPossibleNow):
        switch_to_desk(appointment=payment.appointment, now=till.now)


def test_the_desk_works_while_stripe_is_down_and_what_is_paid_there_later_is_released(till: Till) -> None:
    payment = till.book()
    url = till.open(payment)
    till.stripe.hang_up()
    switch_to_desk(appointment=payment.appointment, now=till.now)
    assert state_of(payment) == ("open", "booked", "")
    till.stripe.listen()
    pay(url)
    till.sweep(2)
    assert state_of(payment) == ("voided", "booked", "")
    assert till.truth(payment) == ledger_sums(payment) == {"held": 0, "taken": 0, "sent back": 0}


def test_a_payment_made_meanwhile_wins_over_the_desk(till: Till) -> None:
    payment = till.book()
    till.pay(payment)
    switch_to_desk(appointment=payment.appointment, now=till.now)
    assert state_of(payment) == ("captured", "booked", "")
    assert not Payment.objects.filter(gateway="desk").exists()


def test_a_clinic_without_a_till_has_no_desk_payment(till: Till) -> None:
    payment = till.book()
    till.clinic.location.pay_at_desk = False
    till.clinic.location.save()
    with pytest.raises(PaymentNotOffered):
        switch_to_desk(appointment=visit_now(payment), now=till.now)


def test_what_is_paid_is_not_opened_again(till: Till) -> None:
    payment = till.taken()
    with pytest.raises(NotPossibleNow):
        till.open(payment)


def test_a_restored_copy_moves_no_money(till: Till) -> None:
    payment = till.book()
    till.pay(payment)
    hold_senders(reason="restored", now=till.now)
    settle(payment=payment, now=till.now)
    assert state_of(payment) == ("authorised", "booked", "")
    assert carry_out_wanted(now=till.now) == 0
    with pytest.raises(StripeUnavailable):
        till.open(till.book())
    assert not GatewayCommand.objects.filter(operation="capture").exists()
    release_senders(now=till.now)
    till.sweep(1)
    assert state_of(payment) == ("captured", "booked", "")


def test_an_authorisation_that_ends_by_itself_is_told_to_staff(till: Till) -> None:
    payment = till.book()
    till.pay(payment)
    hold_senders(reason="restored", now=till.now)
    settle(payment=payment, now=till.now)
    till.wait(days=8)
    release_senders(now=till.now)
    till.stripe.post_control("advance", {"seconds": 0})
    reconcile(now=till.now)
    assert state_of(payment) == ("voided", "booked", "")
    assert ledger_sums(payment) == till.truth(payment) == {"held": 0, "taken": 0, "sent back": 0}
    assert list(Finding.objects.values_list("kind", flat=True)) == ["authorisation-lapsed"]
    assert visit_now(payment).communications.filter(kind="payment-problem").count() == 1
    assert broken_money(till.now) == []  # its time was confirmed for money that was there


def test_a_visit_that_was_confirmed_without_its_deposit_is_found(till: Till) -> None:
    payment = till.book()
    assert broken_money(till.now) == []
    Appointment.objects.filter(pk=payment.appointment_id).update(status="booked", awaiting="")
    assert broken_money(till.now) == ["paid-online"]


def test_what_is_given_back_before_it_is_taken_was_paid(till: Till) -> None:
    payment = till.book()
    till.pay(payment)
    till.fault("drop_before", "*/capture")
    with pytest.raises(StripeUnavailable):
        settle(payment=payment, now=till.now)
    assert state_of(payment) == ("authorised", "booked", "")
    with transaction.atomic():
        want_void(payment=payment, now=till.now)
    till.sweep(1)
    assert (state_of(payment), ledger_of(payment)) == (("voided", "booked", ""), RELEASED)
    assert broken_money(till.now) == []


def test_an_event_of_a_payment_we_do_not_know_is_kept_and_tried_again(till: Till) -> None:
    payment = till.taken()
    event = till.events()[0]
    Payment.objects.filter(pk=payment.pk).update(intent_id="")
    event["data"]["object"]["metadata"] = {}
    till.tell(event)
    handle_events(now=till.now)
    kept = WebhookEvent.objects.get()
    assert (kept.handled_at, kept.problem, kept.next_try_at) == (
        None,
        "We don't know this payment.",
        pytest.approx(till.now + timedelta(seconds=5), abs=timedelta(seconds=2)),
    )
    Payment.objects.filter(pk=payment.pk).update(intent_id=event["data"]["object"]["id"])
    till.wait(seconds=10)
    handle_events(now=till.now)
    assert WebhookEvent.objects.get().handled_at is not None


def test_an_unknown_payment_becomes_a_finding_after_three_days(till: Till) -> None:
    till.taken()
    event = till.events()[0]
    event["data"]["object"] |= {"metadata": {}, "id": "pi_somebody_elses"}
    till.tell(event)
    handle_events(now=till.now)
    till.wait(days=3, seconds=1)
    handle_events(now=till.now)
    assert WebhookEvent.objects.get().handled_at is not None
    assert list(Finding.objects.values_list("kind", "object_id")) == [("unknown-at-stripe", "pi_somebody_elses")]


def _at_once(do: Callable[[], object], times: int) -> list[object]:
    def apart() -> object:
        try:
            return do()
        finally:
            connection.close()

    with ThreadPoolExecutor(times) as pool:
        return [future.result() for future in [pool.submit(apart) for _ in range(times)]]


def _patient() -> Patient:
    return register_patient(details=person(), now=NOW)

"""Cards that patients leave for fees, from Stripe's page to Stripe's forgetting them."""

from datetime import timedelta

import pytest

from booking.errors import HoldExpired, NotPossibleNow, PrepaymentForbidden, StripeUnavailable
from booking.models import Appointment, KeptCard
from booking.payments.models import Payment, WebhookEvent
from booking.selectors.cards import good_card_of, kept_card_of
from booking.services.appointments import cancel_appointment
from booking.services.card_settlement import card_page_for, open_card_page, settle_card, sweep_cards
from booking.services.cards import forget_needless_cards, go_on_without_card, remove_card, request_card
from booking.services.checkout import checkout_for, handle_events, reconcile_nightly, settle, sweep_checkouts
from intake.models import Patient, Role
from tests.factories.booking import make_appointment, make_terms
from tests.factories.cards import book_with_card, card_of, keeps_cards, leave_card
from tests.factories.intake import make_patient, make_user
from tests.factories.payments import RETURN, Till, payment_now, state_of
from tests.simulators.stripe import DECLINED_CARD, SECURE_CARD, pay


@pytest.fixture(autouse=True)
def _cards_are_kept(till: Till) -> None:
    keeps_cards(till)


def _stands(visit: Appointment) -> tuple[str, str, str]:
    visit.refresh_from_db()
    return card_of(visit).state, visit.status, visit.awaiting


def _attached(till: Till) -> int:
    return sum(method["customer"] is not None for method in till.stripe.store.find("payment_method"))


def test_a_card_is_left_and_nothing_is_taken(till: Till) -> None:
    visit = book_with_card(till)
    assert _stands(visit) == ("asked", "pending", "payment")
    assert not Payment.objects.exists()

    card = leave_card(till, visit)

    assert _stands(visit) == ("kept", "booked", "")
    assert (card.brand, card.last4, card.exp_month, card.exp_year) == ("visa", "4242", 12, 2034)
    assert till.stripe.store.find("payment_intent") == []
    assert card.settled_at is not None


def test_stripe_learns_nothing_but_our_id(till: Till) -> None:
    visit = book_with_card(till)
    checkout_for(appointment=visit, now=till.now)
    [sent] = [entry for entry in till.stripe.api.log if entry["path"] == "/v1/checkout/sessions"]
    assert visit.patient is not None
    for secret in (visit.patient.given_name, visit.patient.email, str(visit.patient.pk), till.service.name):
        assert secret not in sent["form"]
    assert sent["key"] == f"v1:{card_of(visit).pk}:open_session:1"


def test_the_event_comes_before_the_patient_returns(till: Till) -> None:
    visit = book_with_card(till)
    pay(card_page_for(appointment=visit, now=till.now))
    till.tell_all(till.events())
    assert _stands(visit) == ("kept", "booked", "")
    assert not WebhookEvent.objects.filter(handled_at=None).exists()
    handle_events(now=till.now)
    reconcile_nightly(now=till.now)
    assert _stands(visit) == ("kept", "booked", "")


def test_without_event_and_return_the_sweep_finds_it(till: Till) -> None:
    visit = book_with_card(till)
    pay(card_page_for(appointment=visit, now=till.now))
    till.wait(minutes=2)
    assert sweep_cards(now=till.now) == 1
    assert _stands(visit) == ("kept", "booked", "")
    assert sweep_cards(now=till.now) == 0


def test_two_tabs_show_one_page(till: Till) -> None:
    visit = book_with_card(till)
    assert card_page_for(appointment=visit, now=till.now) == card_page_for(appointment=visit, now=till.now)
    assert len(till.stripe.store.find("checkout.session")) == 1


def test_a_lost_answer_to_the_opening_leaves_one_page(till: Till) -> None:
    visit = book_with_card(till)
    till.fault("drop_after", "/v1/checkout/sessions")
    with pytest.raises(StripeUnavailable):
        card_page_for(appointment=visit, now=till.now)
    till.wait(minutes=2)
    pay(card_page_for(appointment=visit, now=till.now))
    settle_card(card=card_of(visit), now=till.now)
    assert _stands(visit) == ("kept", "booked", "")
    assert len(till.stripe.store.find("checkout.session")) == 1


def test_a_refused_card_and_then_one_that_the_bank_looks_at(till: Till) -> None:
    visit = book_with_card(till)
    assert leave_card(till, visit, card=DECLINED_CARD).state == "asked"
    assert leave_card(till, visit, card=SECURE_CARD, approve=False).state == "asked"
    assert leave_card(till, visit, card=SECURE_CARD).last4 == "3155"
    assert _stands(visit) == ("kept", "booked", "")


def test_a_time_whose_card_nobody_leaves_is_let_go_after_fifteen_minutes(till: Till) -> None:
    visit = book_with_card(till)
    url = card_page_for(appointment=visit, now=till.now)
    till.wait(minutes=14)
    sweep_cards(now=till.now)
    assert _stands(visit) == ("asked", "pending", "payment")
    till.wait(minutes=2)
    sweep_cards(now=till.now)
    sweep_checkouts(now=till.now)
    assert _stands(visit) == ("lapsed", "cancelled", "")
    assert "expired" in pay(url).text.lower()
    with pytest.raises((HoldExpired, NotPossibleNow)):
        open_card_page(card=card_of(visit), **RETURN, now=till.now)


def test_a_page_that_was_never_opened_lapses_too(till: Till) -> None:
    visit = book_with_card(till)
    till.wait(minutes=16)
    sweep_cards(now=till.now)
    assert _stands(visit) == ("lapsed", "cancelled", "")
    assert list(till.stripe.api.log) == []


def test_left_in_the_last_second_is_left(till: Till) -> None:
    visit = book_with_card(till)
    pay(card_page_for(appointment=visit, now=till.now))
    till.wait(minutes=16)
    sweep_cards(now=till.now)
    assert _stands(visit) == ("kept", "booked", "")


def _late(till: Till) -> Appointment:
    visit = book_with_card(till)
    url = card_page_for(appointment=visit, now=till.now)
    till.stripe.hang_up()
    till.wait(minutes=21)
    sweep_cards(now=till.now)
    assert _stands(visit) == ("asked", "cancelled", "")
    till.stripe.listen()
    pay(url)
    till.wait(minutes=2)
    return visit


def test_left_too_late_takes_the_time_again_if_it_is_free(till: Till) -> None:
    visit = _late(till)
    sweep_cards(now=till.now)
    assert _stands(visit) == ("kept", "booked", "")


def test_left_too_late_is_forgotten_if_somebody_else_has_the_time(till: Till) -> None:
    visit = _late(till)
    make_appointment(till.clinic, start=visit.start, service=till.service, status="booked", patient=make_patient())
    sweep_cards(now=till.now)
    assert _stands(visit) == ("removed", "cancelled", "")
    assert _attached(till) == 0


def test_a_good_card_is_used_again(till: Till) -> None:
    first = book_with_card(till)
    card = leave_card(till, first)
    assert first.patient is not None
    again = book_with_card(till, patient=_with_account(first))
    again.refresh_from_db()
    assert (again.status, again.awaiting) == ("booked", "")
    assert list(KeptCard.objects.all()) == [card]


def test_a_card_that_is_over_by_then_is_asked_for_again_and_replaced(till: Till) -> None:
    first = book_with_card(till)
    old = leave_card(till, first)
    KeptCard.objects.filter(pk=old.pk).update(exp_year=2026, exp_month=10)
    again = book_with_card(till, patient=_with_account(first))
    assert again.awaiting == "payment"
    new = leave_card(till, again)
    till.wait(minutes=2)
    sweep_cards(now=till.now)
    assert kept_card_of(first.patient) == new
    assert KeptCard.objects.get(pk=old.pk).state == "removed"
    assert _attached(till) == 1


def test_a_patient_takes_the_card_back_and_stripe_forgets_it(till: Till) -> None:
    visit = book_with_card(till)
    leave_card(till, visit)
    assert visit.patient is not None
    for _ in range(2):
        remove_card(patient=visit.patient, by=None, now=till.now)
    assert good_card_of(visit.patient, on=till.now.date()) is None
    assert _attached(till) == 1
    till.stripe.hang_up()
    with pytest.raises(StripeUnavailable):
        settle_card(card=card_of(visit), now=till.now)
    till.stripe.listen()
    till.wait(minutes=2)
    sweep_cards(now=till.now)
    assert _attached(till) == 0
    assert card_of(visit).settled_at is not None
    assert sweep_cards(now=till.now) == 0


def test_the_desk_lets_a_booking_go_on_without_a_card(till: Till) -> None:
    visit = book_with_card(till)
    url = card_page_for(appointment=visit, now=till.now)
    go_on_without_card(appointment=visit, now=till.now)
    assert _stands(visit) == ("lapsed", "booked", "")
    pay(url)
    till.wait(minutes=2)
    sweep_cards(now=till.now)
    assert _stands(visit) == ("lapsed", "booked", "")
    assert _attached(till) == 0
    with pytest.raises(NotPossibleNow):
        go_on_without_card(appointment=visit, now=till.now)


def _with_deposit(till: Till) -> Payment:
    make_terms(till.service, way="deposit", deposit_amount=3000, no_show_fee_amount=8000, late_fee_amount=3000)
    return till.book()


def test_a_deposit_below_the_fee_leaves_its_card_beside(till: Till) -> None:
    payment = _with_deposit(till)
    till.pay(payment)
    settle(payment=payment, now=till.now)
    assert state_of(payment) == ("captured", "booked", "")
    card = payment_now(payment).card
    assert card is not None
    assert (card.state, card.last4) == ("kept", "4242")
    assert _attached(till) == 1


def test_a_deposit_that_comes_too_late_leaves_no_card(till: Till) -> None:
    payment = _with_deposit(till)
    url = till.open(payment)
    till.stripe.hang_up()
    till.wait(minutes=21)
    sweep_checkouts(now=till.now)
    till.stripe.listen()
    visit = payment_now(payment).appointment
    assert visit is not None
    make_appointment(till.clinic, start=visit.start, service=till.service, status="booked", patient=make_patient())
    pay(url)
    till.wait(minutes=2)
    settle(payment=payment, now=till.now)
    assert state_of(payment) == ("voided", "cancelled", "")
    sweep_cards(now=till.now)
    assert card_of(visit).state == "lapsed"
    assert _attached(till) == 0


def test_a_deposit_that_nobody_pays_leaves_no_card(till: Till) -> None:
    payment = _with_deposit(till)
    till.open(payment)
    till.wait(minutes=16)
    sweep_checkouts(now=till.now)
    assert state_of(payment) == ("lapsed", "cancelled", "")
    card = payment_now(payment).card
    assert card is not None
    assert card.state == "lapsed"


def test_a_card_that_nothing_needs_any_more_is_forgotten(till: Till) -> None:
    visit = book_with_card(till)
    leave_card(till, visit)
    till.set_clock(visit.end + timedelta(days=29))
    assert forget_needless_cards(now=till.now) == 0
    till.wait(days=2)
    assert forget_needless_cards(now=till.now) == 1
    sweep_cards(now=till.now)
    assert (card_of(visit).state, _attached(till)) == ("removed", 0)


def test_a_card_is_needed_while_a_cancellation_can_be_undone_and_its_fee_is_not_there_yet(till: Till) -> None:
    visit = book_with_card(till)
    leave_card(till, visit)
    till.set_clock(visit.start - timedelta(hours=2))
    cancel_appointment(appointment=visit, by=None, reason=Appointment.CancelReason.PATIENT, now=till.now)
    assert forget_needless_cards(now=till.now) == 0
    till.sweep(4)
    assert forget_needless_cards(now=till.now) == 0  # the fee is open
    assert (card_of(visit).state, _attached(till)) == ("kept", 1)


def test_where_nothing_may_be_asked_for_before_a_visit_no_card_is(till: Till) -> None:
    visit = book_with_card(till)
    assert visit.patient is not None
    visit.location.forbids_prepayment = True
    visit.location.save()
    with pytest.raises(PrepaymentForbidden):
        card_page_for(appointment=visit, now=till.now)
    with pytest.raises(PrepaymentForbidden):
        request_card(appointment=visit, payer=visit.patient, now=till.now)


def _with_account(visit: Appointment) -> Patient:
    assert visit.patient is not None
    visit.patient.user = make_user(Role.PATIENT)
    visit.patient.save()
    return visit.patient

"""Taking a fee from the card that was kept: once, whatever happens to the answer and to whoever asks."""

import pytest
from django.db import IntegrityError, connection, transaction

from booking.models import FeeCase, PayLink
from booking.payments import commands
from booking.payments.models import Finding, Payment
from booking.payments.services import request_payment
from booking.reminders.switch import hold_senders, release_senders
from booking.services import fee_taking, subjects
from booking.services.card_settlement import sweep_cards
from booking.services.cards import remove_card
from booking.services.checkout import carry_out_wanted, reconcile, settle
from booking.services.fee_taking import take_due_fees
from tests.booking.services.fee_steps import CHARGES, TAKEN, a_day_later, approve, approved, due, state, told
from tests.factories.cards import card_of, charge_of, intents_of, missed_visit
from tests.factories.payments import Till, broken_money, ledger_of, ledger_sums


@pytest.mark.parametrize(
    ("turned", "problem"),
    [
        ("insufficient_funds", "card_declined"),
        ("authentication_required", "authentication_required"),
        ("expired_card", "expired_card"),
    ],
)
def test_a_card_that_says_no_is_asked_once_and_the_patient_gets_a_link(till: Till, turned: str, problem: str) -> None:
    case = approved(till)
    till.stripe.post_control("card", {"payment_method": card_of(case.appointment).method_id, "into": turned})
    a_day_later(till, sweeps=4)
    assert (state(case), case.problem, due(case)) == ("declined", problem, 8000)
    assert intents_of(till, case) == [("canceled", 0)]
    assert len([entry for entry in till.stripe.api.log if entry["path"] == CHARGES and entry["method"] == "POST"]) == 1
    assert PayLink.objects.filter(appointment=case.appointment, ended_at=None).count() == 1
    assert case.appointment.communications.filter(kind="pay-link").count() == 1
    charge = charge_of(case)
    assert (charge.state, ledger_of(charge)) == ("lapsed", [("charge", 8000), ("credit", 8000)])
    assert not Finding.objects.exists()
    assert broken_money(till.now) == []


def test_without_a_good_card_the_patient_gets_a_link(till: Till) -> None:
    case = missed_visit(till)
    assert case.appointment.patient is not None
    remove_card(patient=case.appointment.patient, by=None, now=till.now)
    sweep_cards(now=till.now)
    approve(till, case)
    a_day_later(till)
    assert (state(case), case.problem, intents_of(till, case)) == ("declined", "no-card", [])
    assert PayLink.objects.filter(appointment=case.appointment).count() == 1
    assert told(case) == []
    with transaction.atomic():
        payment = request_payment(
            appointment=case.appointment, payer=case.appointment.patient, purpose="fee", gateway="stripe", amount=8000,
            now=till.now,
        )  # fmt: skip
    assert payment is not None
    till.pay(payment)
    settle(payment=payment, now=till.now)
    assert (state(case), due(case)) == ("paid", 0)


def test_a_card_is_not_charged_for_what_nobody_agreed_to(till: Till) -> None:
    case = missed_visit(till)
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE booking_agreement")
    approve(till, case)
    a_day_later(till)
    assert (state(case), case.problem, intents_of(till, case)) == ("declined", "not-agreed", [])


@pytest.mark.parametrize("fault", ["drop_before", "drop_during", "drop_after", "error_before", "error_after"])
def test_whatever_happens_to_the_answer_the_fee_is_taken_once(till: Till, fault: str) -> None:
    case = approved(till)
    till.fault(fault, CHARGES)
    a_day_later(till, sweeps=3)
    reconcile(now=till.now)
    assert (state(case), intents_of(till, case), due(case)) == ("taken", TAKEN, 0)
    assert ledger_sums(charge_of(case)) == till.truth(charge_of(case))


@pytest.mark.parametrize("fault", ["drop_after", "error_after"])
def test_a_refusal_whose_answer_was_lost_is_found_and_not_repeated(till: Till, fault: str) -> None:
    case = approved(till)
    till.stripe.post_control("card", {"payment_method": card_of(case.appointment).method_id, "into": "lost_card"})
    till.fault(fault, CHARGES)
    a_day_later(till, sweeps=3)
    assert (state(case), intents_of(till, case)) == ("declined", [("canceled", 0)])


def test_a_process_dies_between_writing_and_asking(till: Till) -> None:
    case = approved(till)
    till.wait(hours=24)
    with transaction.atomic():
        assert fee_taking.begin_taking(case, now=till.now) is not None
    assert state(case) == "taking"
    take_due_fees(now=till.now)
    assert intents_of(till, case) == []
    carry_out_wanted(now=till.now)
    assert (state(case), intents_of(till, case)) == ("taken", TAKEN)


def test_a_card_taken_back_before_it_is_asked_becomes_a_link(till: Till) -> None:
    case = approved(till)
    till.wait(hours=24)
    with transaction.atomic():
        assert fee_taking.begin_taking(case, now=till.now) is not None
    assert case.appointment.patient is not None
    remove_card(patient=case.appointment.patient, by=None, now=till.now)
    carry_out_wanted(now=till.now)
    assert (state(case), case.problem, intents_of(till, case)) == ("declined", "no-card", [])
    assert PayLink.objects.filter(appointment=case.appointment).count() == 1
    assert charge_of(case).state == "lapsed"


def test_a_process_dies_between_asking_and_writing(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    case = approved(till)
    till.wait(hours=24)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(commands, "_write_down", die)
        with pytest.raises(KeyboardInterrupt):
            take_due_fees(now=till.now)
    assert intents_of(till, case) == TAKEN
    assert state(case) == "taking"
    till.wait(minutes=2)
    carry_out_wanted(now=till.now)
    assert (state(case), intents_of(till, case)) == ("taken", TAKEN)


def _take_twice(till: Till, case: FeeCase, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if neither the case's state nor the balance were looked at."""
    monkeypatch.setattr(FeeCase, "state", property(lambda _: "approved", lambda *_: None))
    monkeypatch.setattr(subjects, "note_fee_paid", lambda *_: None)
    monkeypatch.setattr(fee_taking.rules, "left_to_pay", lambda *, fee, due: fee)
    for _ in range(2):
        with transaction.atomic():
            payment = fee_taking.begin_taking(case, now=till.now)
        assert payment is not None
        settle(payment=payment, now=till.now)


def test_the_database_refuses_a_second_charge(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    case = approved(till)
    till.wait(hours=24)
    with pytest.raises(IntegrityError, match="payment_one_charge_of_a_fee"):
        _take_twice(till, case, monkeypatch)
    assert intents_of(till, case) == TAKEN


def test_without_looks_and_constraint_it_would_be_taken_twice(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    case = approved(till)
    till.wait(hours=24)
    [constraint] = [one for one in Payment._meta.constraints if one.name == "payment_one_charge_of_a_fee"]
    with connection.schema_editor() as editor:
        editor.remove_constraint(Payment, constraint)
    try:
        _take_twice(till, case, monkeypatch)
        assert intents_of(till, case) == [*TAKEN, *TAKEN]
    finally:
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE payments_payment CASCADE")
        with connection.schema_editor() as editor:
            editor.add_constraint(Payment, constraint)


def test_a_restored_copy_takes_nothing(till: Till) -> None:
    case = approved(till)
    hold_senders(reason="restored", now=till.now)
    a_day_later(till)
    assert (state(case), intents_of(till, case)) == ("approved", [])
    release_senders(now=till.now)
    take_due_fees(now=till.now)
    assert state(case) == "taken"

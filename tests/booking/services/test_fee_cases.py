"""Fees for not coming and for late changes: approved by a manager, taken from the card a day later, never twice."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from booking.errors import NotPossibleNow, StripeUnavailable, TryAgain
from booking.models import Appointment, FeeCase, PayLink
from booking.payments import commands
from booking.payments.desk_gateway import Part
from booking.payments.ledger import balance_of
from booking.payments.models import Finding, Payment
from booking.payments.services import request_payment
from booking.reminders.switch import hold_senders, release_senders
from booking.services import fee_taking, subjects
from booking.services.appointments import cancel_appointment, reschedule_appointment
from booking.services.cards import remove_card, sweep_cards
from booking.services.checkout import carry_out_wanted, reconcile, settle
from booking.services.desk_money import take_payment
from booking.services.fee_cases import approve_fee, undo_approval, waive_fee
from booking.services.fee_taking import take_due_fees
from booking.services.visits import mark_arrived, mark_entered_in_error
from config.invariants import broken_promises
from intake.errors import NotAllowed
from intake.models import Role
from tests.factories.booking import at, make_staff
from tests.factories.cards import (
    book_with_card,
    card_of,
    charge_of,
    intents_of,
    keeps_cards,
    leave_card,
    manager,
    miss,
    missed_visit,
)
from tests.factories.payments import Till, ledger_of, ledger_sums

Reason = Appointment.CancelReason
TAKEN = [("succeeded", 8000)]
CHARGES = "/v1/payment_intents"


def _approve(till: Till, case: FeeCase) -> FeeCase:
    return approve_fee(case=case, by=manager(), now=till.now)


def _a_day_later(till: Till, *, sweeps: int = 1) -> None:
    till.wait(hours=24)
    for _ in range(sweeps):
        take_due_fees(now=till.now)
        carry_out_wanted(now=till.now)
        till.wait(seconds=61)


def _state(case: FeeCase) -> str:
    case.refresh_from_db()
    return case.state


def _due(case: FeeCase) -> int:
    return balance_of(Appointment.objects.get(pk=case.appointment_id)).due


def _told(case: FeeCase) -> list[str]:
    """What became of the mails that say that a fee will be taken."""
    told = case.appointment.communications.filter(kind="fee-coming").order_by("created_at")
    return list(told.values_list("status", flat=True))


def _approved(till: Till, **how: Any) -> FeeCase:
    return _approve(till, missed_visit(till, **how))


def test_a_fee_is_taken_a_day_after_a_managers_yes(till: Till) -> None:
    case = missed_visit(till)
    assert (case.state, case.cause, case.amount, _due(case)) == ("proposed", "no-show", 8000, 8000)
    _a_day_later(till)
    assert _state(case) == "proposed"
    _approve(till, case)
    till.wait(hours=23)
    take_due_fees(now=till.now)
    assert (_state(case), intents_of(till, case)) == ("approved", [])
    till.wait(hours=1)
    take_due_fees(now=till.now)
    assert (_state(case), intents_of(till, case), _due(case)) == ("taken", TAKEN, 0)
    charge = charge_of(case)
    assert ledger_of(charge) == [("charge", 8000), ("authorisation", 8000), ("capture", 8000)]
    assert ledger_sums(charge) == till.truth(charge)
    assert charge.settled_at is not None
    assert broken_promises(now=till.now) == []
    [sent] = [entry for entry in till.stripe.api.log if entry["path"] == CHARGES]
    assert sent["key"] == f"v1:{charge.pk}:charge:1"
    assert str(case.appointment.patient_id) not in sent["form"]


def test_the_yes_can_be_taken_back_for_a_day_and_only_a_manager_says_it(till: Till) -> None:
    case = missed_visit(till)
    with pytest.raises(NotAllowed):
        approve_fee(case=case, by=make_staff(Role.RECEPTION), now=till.now)
    first = _approve(till, case).take_at
    assert _told(case) == ["preparation"]
    till.wait(hours=1)
    assert _approve(till, case).take_at == first
    undo_approval(case=case, by=manager(), now=till.now)
    assert _told(case) == ["stopped"]
    with pytest.raises(NotPossibleNow):
        undo_approval(case=case, by=manager(), now=till.now)
    _a_day_later(till)
    assert (_state(case), intents_of(till, case)) == ("proposed", [])
    _approve(till, case)
    till.wait(hours=24)
    with pytest.raises(NotPossibleNow):
        undo_approval(case=case, by=manager(), now=till.now)


@pytest.mark.parametrize(
    ("turned", "problem"),
    [
        ("insufficient_funds", "card_declined"),
        ("authentication_required", "authentication_required"),
        ("expired_card", "expired_card"),
    ],
)
def test_a_card_that_says_no_is_asked_once_and_the_patient_gets_a_link(till: Till, turned: str, problem: str) -> None:
    case = _approved(till)
    till.stripe.post_control("card", {"payment_method": card_of(case.appointment).method_id, "into": turned})
    _a_day_later(till, sweeps=4)
    assert (_state(case), case.problem, _due(case)) == ("declined", problem, 8000)
    assert intents_of(till, case) == [("canceled", 0)]
    assert len([entry for entry in till.stripe.api.log if entry["path"] == CHARGES and entry["method"] == "POST"]) == 1
    assert PayLink.objects.filter(appointment=case.appointment, ended_at=None).count() == 1
    assert case.appointment.communications.filter(kind="pay-link").count() == 1
    charge = charge_of(case)
    assert (charge.state, ledger_of(charge)) == ("lapsed", [("charge", 8000), ("credit", 8000)])
    assert not Finding.objects.exists()
    assert broken_promises(now=till.now) == []


def test_without_a_good_card_the_patient_gets_a_link(till: Till) -> None:
    case = missed_visit(till)
    assert case.appointment.patient is not None
    remove_card(patient=case.appointment.patient, by=None, now=till.now)
    sweep_cards(now=till.now)
    _approve(till, case)
    _a_day_later(till)
    assert (_state(case), case.problem, intents_of(till, case)) == ("declined", "no-card", [])
    assert PayLink.objects.filter(appointment=case.appointment).count() == 1
    assert _told(case) == []
    with transaction.atomic():
        payment = request_payment(
            appointment=case.appointment, payer=case.appointment.patient, purpose="fee", gateway="stripe", amount=8000,
            now=till.now,
        )  # fmt: skip
    assert payment is not None
    till.pay(payment)
    settle(payment=payment, now=till.now)
    assert (_state(case), _due(case)) == ("paid", 0)


def test_a_card_is_not_charged_for_what_nobody_agreed_to(till: Till) -> None:
    case = missed_visit(till)
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE booking_agreement")
    _approve(till, case)
    _a_day_later(till)
    assert (_state(case), case.problem, intents_of(till, case)) == ("declined", "not-agreed", [])


@pytest.mark.parametrize("fault", ["drop_before", "drop_during", "drop_after", "error_before", "error_after"])
def test_whatever_happens_to_the_answer_the_fee_is_taken_once(till: Till, fault: str) -> None:
    case = _approved(till)
    till.fault(fault, CHARGES)
    _a_day_later(till, sweeps=3)
    reconcile(now=till.now)
    assert (_state(case), intents_of(till, case), _due(case)) == ("taken", TAKEN, 0)
    assert ledger_sums(charge_of(case)) == till.truth(charge_of(case))


@pytest.mark.parametrize("fault", ["drop_after", "error_after"])
def test_a_refusal_whose_answer_was_lost_is_found_and_not_repeated(till: Till, fault: str) -> None:
    case = _approved(till)
    till.stripe.post_control("card", {"payment_method": card_of(case.appointment).method_id, "into": "lost_card"})
    till.fault(fault, CHARGES)
    _a_day_later(till, sweeps=3)
    assert (_state(case), intents_of(till, case)) == ("declined", [("canceled", 0)])


def test_a_process_dies_between_writing_and_asking(till: Till) -> None:
    case = _approved(till)
    till.wait(hours=24)
    with transaction.atomic():
        assert fee_taking.begin_taking(case, now=till.now) is not None
    assert _state(case) == "taking"
    take_due_fees(now=till.now)
    assert intents_of(till, case) == []
    carry_out_wanted(now=till.now)
    assert (_state(case), intents_of(till, case)) == ("taken", TAKEN)


def test_a_process_dies_between_asking_and_writing(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    case = _approved(till)
    till.wait(hours=24)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(commands, "_write_down", die)
        with pytest.raises(KeyboardInterrupt):
            take_due_fees(now=till.now)
    assert intents_of(till, case) == TAKEN
    assert _state(case) == "taking"
    till.wait(minutes=2)
    carry_out_wanted(now=till.now)
    assert (_state(case), intents_of(till, case)) == ("taken", TAKEN)


def _at_once(*things: Callable[[], object]) -> None:
    def apart(do: Callable[[], object]) -> None:
        try:
            do()
        except (StripeUnavailable, TryAgain, NotPossibleNow):
            pass
        finally:
            connection.close()

    with ThreadPoolExecutor(len(things)) as pool:
        for future in [pool.submit(apart, do) for do in things]:
            future.result()


def test_six_processes_take_a_fee_once(till: Till) -> None:
    case = _approved(till)
    till.wait(hours=24)
    _at_once(*[lambda: take_due_fees(now=till.now)] * 5, lambda: carry_out_wanted(now=till.now))
    till.sweep(2)
    assert (_state(case), intents_of(till, case)) == ("taken", TAKEN)


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
    case = _approved(till)
    till.wait(hours=24)
    with pytest.raises(IntegrityError, match="payment_one_charge_of_a_fee"):
        _take_twice(till, case, monkeypatch)
    assert intents_of(till, case) == TAKEN


def test_without_looks_and_constraint_it_would_be_taken_twice(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    case = _approved(till)
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


def _pay_at_desk(till: Till, case: FeeCase, amount: int) -> None:
    take_payment(
        appointment=case.appointment, parts=[Part(amount, "cash")], request_key=uuid4(), by=manager(), now=till.now
    )


def test_what_is_paid_at_the_desk_is_not_taken_from_the_card(till: Till) -> None:
    case = _approved(till)
    _pay_at_desk(till, case, 3000)
    assert _state(case) == "approved"
    _a_day_later(till)
    assert (_state(case), intents_of(till, case), _due(case)) == ("taken", [("succeeded", 5000)], 0)


def test_a_fee_paid_at_the_desk_is_done(till: Till) -> None:
    case = _approved(till)
    _pay_at_desk(till, case, 8000)
    assert _state(case) == "paid"
    _a_day_later(till)
    assert (_state(case), intents_of(till, case), _due(case)) == ("paid", [], 0)
    with pytest.raises(NotPossibleNow):
        _approve(till, case)


def test_paid_at_the_desk_while_the_card_is_asked_goes_back_to_the_card(till: Till) -> None:
    case = _approved(till)
    till.fault("drop_after", CHARGES)
    till.wait(hours=24)
    take_due_fees(now=till.now)
    assert (_state(case), intents_of(till, case)) == ("taking", TAKEN)
    _pay_at_desk(till, case, 8000)
    assert _state(case) == "paid"
    till.sweep(3)
    assert till.truth(charge_of(case)) == {"held": 0, "taken": 8000, "sent back": 8000}
    assert (_state(case), _due(case)) == ("paid", 0)


def _waive(till: Till, case: FeeCase) -> None:
    waive_fee(case=case, reason="courtesy", by=manager(), now=till.now)


def test_a_waived_fee_is_owed_no_more(till: Till) -> None:
    case = _approved(till)
    with pytest.raises(NotAllowed):
        waive_fee(case=case, reason="courtesy", by=make_staff(Role.THERAPIST), now=till.now)
    _waive(till, case)
    assert (_state(case), _due(case), balance_of(case.appointment).owed) == ("waived", 0, 0)
    with pytest.raises(NotPossibleNow):
        _waive(till, case)
    _a_day_later(till)
    assert (_state(case), intents_of(till, case)) == ("waived", [])
    assert not Payment.objects.filter(state="open").exists()


def test_waived_while_the_card_is_asked_or_after_it_was_taken_the_money_goes_back(till: Till) -> None:
    case = _approved(till)
    till.fault("drop_after", CHARGES)
    till.wait(hours=24)
    take_due_fees(now=till.now)
    _waive(till, case)
    till.sweep(3)
    other = _approve(till, miss(till, _with_card(till)))
    _a_day_later(till)
    assert _state(other) == "taken"
    _waive(till, other)
    till.sweep(3)
    for one in (case, other):
        assert till.truth(charge_of(one)) == {"held": 0, "taken": 8000, "sent back": 8000}
        assert (_state(one), _due(one)) == ("waived", 0)
    assert broken_promises(now=till.now) == []


def _with_card(till: Till) -> Appointment:
    keeps_cards(till)
    visit = book_with_card(till)
    leave_card(till, visit)
    visit.refresh_from_db()
    return visit


def test_who_has_come_after_all_owes_no_fee(till: Till) -> None:
    case = _approved(till)
    mark_arrived(appointment=case.appointment, by=manager(), now=till.now)
    assert _state(case) == "withdrawn"
    _a_day_later(till)
    assert (_state(case), intents_of(till, case)) == ("withdrawn", [])


def test_what_is_owed_no_more_is_not_approved_and_leaves_the_list(till: Till) -> None:
    case = missed_visit(till)
    Appointment.objects.filter(pk=case.appointment_id).update(status="arrived")
    with pytest.raises(NotPossibleNow):
        _approve(till, case)
    assert _state(case) == "withdrawn"


def test_a_visit_entered_by_mistake_owes_no_fee(till: Till) -> None:
    case = _approved(till)
    mark_entered_in_error(appointment=case.appointment, by=manager(), now=till.now)
    _a_day_later(till)
    assert (_state(case), intents_of(till, case)) == ("withdrawn", [])


def _cancelled_late(till: Till, reason: Reason, **how: Any) -> Appointment:
    visit = _with_card(till)
    till.set_clock(visit.start - timedelta(hours=2))
    by = None if reason in (Reason.PATIENT, Reason.UNWELL) else manager()
    cancel_appointment(appointment=visit, by=by, reason=reason, now=till.now, **how)
    till.sweep(4)
    return visit


def test_a_late_cancellation_is_put_before_a_manager_when_it_cant_be_undone_any_more(till: Till) -> None:
    visit = _cancelled_late(till, Reason.PATIENT)
    case = FeeCase.objects.get(appointment=visit)
    assert (case.cause, case.amount, case.state) == ("late-cancel", 4000, "proposed")
    _approve(till, case)
    _a_day_later(till)
    assert (_state(case), intents_of(till, case)) == ("taken", [("succeeded", 4000)])


def test_illness_the_clinic_and_a_waiver_cost_nothing(till: Till) -> None:
    _cancelled_late(till, Reason.UNWELL)
    _cancelled_late(till, Reason.CLINIC)
    till.set_clock(at(8, days=1))
    visit = _with_card(till)
    till.set_clock(visit.start - timedelta(hours=2))
    cancel_appointment(appointment=visit, by=manager(), reason=Reason.PATIENT, waive_fee=True, now=till.now)
    till.sweep(4)
    assert not FeeCase.objects.exists()


def test_a_late_move_is_put_before_a_manager_and_owed_no_more_if_the_clinic_cancels(till: Till) -> None:
    visit = _with_card(till)
    till.set_clock(visit.start - timedelta(hours=20))
    moved = reschedule_appointment(
        appointment=visit, practitioner=None, start=visit.start + timedelta(days=1), by=None, now=till.now
    )
    case = FeeCase.objects.get(appointment=visit)
    assert (moved.fee, case.cause, case.amount, _due(case)) == (4000, "late-move", 4000, 16000)
    _approve(till, case)
    cancel_appointment(appointment=moved.appointment, by=manager(), reason=Reason.CLINIC, now=till.now)
    till.sweep(4)
    assert _state(case) == "withdrawn"
    _a_day_later(till)
    assert intents_of(till, case) == []


def test_a_late_moves_fee_is_taken_or_waived_beside_the_visit(till: Till) -> None:
    visit = _with_card(till)
    till.set_clock(visit.start - timedelta(hours=20))
    reschedule_appointment(
        appointment=visit, practitioner=None, start=visit.start + timedelta(days=3), by=None, now=till.now
    )
    case = _approve(till, FeeCase.objects.get(appointment=visit))
    _a_day_later(till)
    assert (_state(case), intents_of(till, case), _due(case)) == ("taken", [("succeeded", 4000)], 12000)
    _waive(till, case)
    till.sweep(3)
    assert (_due(case), till.truth(charge_of(case))["sent back"]) == (12000, 4000)


def test_a_restored_copy_takes_nothing(till: Till) -> None:
    case = _approved(till)
    hold_senders(reason="restored", now=till.now)
    _a_day_later(till)
    assert (_state(case), intents_of(till, case)) == ("approved", [])
    release_senders(now=till.now)
    take_due_fees(now=till.now)
    assert _state(case) == "taken"

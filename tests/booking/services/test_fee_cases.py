"""Fees for not coming and for late changes: put before a manager, approved, and owed no more for a good reason."""

from datetime import timedelta
from typing import Any

import pytest

from booking.errors import NotPossibleNow
from booking.models import Appointment, FeeCase
from booking.payments.ledger import balance_of
from booking.payments.models import Payment
from booking.selectors.fee_cases import fees_to_decide
from booking.services.appointments import cancel_appointment, reschedule_appointment
from booking.services.fee_cases import approve_fee, undo_approval, waive_fee
from booking.services.fee_taking import take_due_fees
from booking.services.new_answers import look_again_at_coming_visits
from booking.services.reviews import decide_request
from booking.services.visits import mark_arrived, mark_entered_in_error
from intake.errors import NotAllowed
from intake.models import Patient, Role
from intake.services.screenings import attach_screening
from tests.booking.services.booking_steps import book
from tests.booking.services.fee_steps import (
    CHARGES,
    TAKEN,
    a_day_later,
    approve,
    approved,
    due,
    pay_at_desk,
    state,
    told,
    waive,
    with_card,
)
from tests.factories.booking import NOW, Clinic, at, make_staff
from tests.factories.cards import charge_of, intents_of, manager, miss, missed_visit
from tests.factories.intake import make_screening, review_line
from tests.factories.payments import Till, broken_money, ledger_of, ledger_sums

Reason = Appointment.CancelReason


def test_a_fee_is_taken_a_day_after_a_managers_yes(till: Till) -> None:
    case = missed_visit(till)
    assert (case.state, case.cause, case.amount, due(case)) == ("proposed", "no-show", 8000, 8000)
    a_day_later(till)
    assert state(case) == "proposed"
    approve(till, case)
    till.wait(hours=23)
    take_due_fees(now=till.now)
    assert (state(case), intents_of(till, case)) == ("approved", [])
    till.wait(hours=1)
    take_due_fees(now=till.now)
    assert (state(case), intents_of(till, case), due(case)) == ("taken", TAKEN, 0)
    charge = charge_of(case)
    assert ledger_of(charge) == [("charge", 8000), ("authorisation", 8000), ("capture", 8000)]
    assert ledger_sums(charge) == till.truth(charge)
    assert charge.settled_at is not None
    assert broken_money(till.now) == []
    [sent] = [entry for entry in till.stripe.api.log if entry["path"] == CHARGES]
    assert sent["key"] == f"v1:{charge.pk}:charge:1"
    assert str(case.appointment.patient_id) not in sent["form"]


def test_the_yes_can_be_taken_back_for_a_day_and_only_a_manager_says_it(till: Till) -> None:
    case = missed_visit(till)
    with pytest.raises(NotAllowed):
        approve_fee(case=case, by=make_staff(Role.RECEPTION), now=till.now)
    first = approve(till, case).take_at
    assert told(case) == ["preparation"]
    till.wait(hours=1)
    assert approve(till, case).take_at == first
    undo_approval(case=case, by=manager(), now=till.now)
    assert told(case) == ["stopped"]
    with pytest.raises(NotPossibleNow):
        undo_approval(case=case, by=manager(), now=till.now)
    a_day_later(till)
    assert (state(case), intents_of(till, case)) == ("proposed", [])
    approve(till, case)
    till.wait(hours=24)
    with pytest.raises(NotPossibleNow):
        undo_approval(case=case, by=manager(), now=till.now)


def test_what_is_paid_at_the_desk_is_not_taken_from_the_card(till: Till) -> None:
    case = approved(till)
    pay_at_desk(till, case, 3000)
    assert state(case) == "approved"
    a_day_later(till)
    assert (state(case), intents_of(till, case), due(case)) == ("taken", [("succeeded", 5000)], 0)


def test_a_fee_paid_at_the_desk_is_done(till: Till) -> None:
    case = approved(till)
    pay_at_desk(till, case, 8000)
    assert state(case) == "paid"
    a_day_later(till)
    assert (state(case), intents_of(till, case), due(case)) == ("paid", [], 0)
    with pytest.raises(NotPossibleNow):
        approve(till, case)


def test_paid_at_the_desk_while_the_card_is_asked_goes_back_to_the_card(till: Till) -> None:
    case = approved(till)
    till.fault("drop_after", CHARGES)
    till.wait(hours=24)
    take_due_fees(now=till.now)
    assert (state(case), intents_of(till, case)) == ("taking", TAKEN)
    pay_at_desk(till, case, 8000)
    assert state(case) == "paid"
    till.sweep(3)
    assert till.truth(charge_of(case)) == {"held": 0, "taken": 8000, "sent back": 8000}
    assert (state(case), due(case)) == ("paid", 0)


def test_a_waived_fee_is_owed_no_more(till: Till) -> None:
    case = approved(till)
    with pytest.raises(NotAllowed):
        waive_fee(case=case, reason="courtesy", by=make_staff(Role.THERAPIST), now=till.now)
    waive(till, case)
    assert (state(case), due(case), balance_of(case.appointment).owed) == ("waived", 0, 0)
    with pytest.raises(NotPossibleNow):
        waive(till, case)
    a_day_later(till)
    assert (state(case), intents_of(till, case)) == ("waived", [])
    assert not Payment.objects.filter(state="open").exists()


def test_waived_while_the_card_is_asked_or_after_it_was_taken_the_money_goes_back(till: Till) -> None:
    case = approved(till)
    till.fault("drop_after", CHARGES)
    till.wait(hours=24)
    take_due_fees(now=till.now)
    waive(till, case)
    till.sweep(3)
    other = approve(till, miss(till, with_card(till)))
    a_day_later(till)
    assert state(other) == "taken"
    waive(till, other)
    till.sweep(3)
    for one in (case, other):
        assert till.truth(charge_of(one)) == {"held": 0, "taken": 8000, "sent back": 8000}
        assert (state(one), due(one)) == ("waived", 0)
    assert broken_money(till.now) == []


def test_who_has_come_after_all_owes_no_fee(till: Till) -> None:
    case = approved(till)
    mark_arrived(appointment=case.appointment, by=manager(), now=till.now)
    assert state(case) == "withdrawn"
    a_day_later(till)
    assert (state(case), intents_of(till, case)) == ("withdrawn", [])


def test_what_is_owed_no_more_is_not_approved_and_leaves_the_list(till: Till) -> None:
    case = missed_visit(till)
    Appointment.objects.filter(pk=case.appointment_id).update(status="arrived")
    with pytest.raises(NotPossibleNow):
        approve(till, case)
    assert state(case) == "withdrawn"


def test_a_visit_entered_by_mistake_owes_no_fee(till: Till) -> None:
    case = approved(till)
    mark_entered_in_error(appointment=case.appointment, by=manager(), now=till.now)
    a_day_later(till)
    assert (state(case), intents_of(till, case)) == ("withdrawn", [])


def _cancelled_late(till: Till, reason: Reason, **how: Any) -> Appointment:
    visit = with_card(till)
    till.set_clock(visit.start - timedelta(hours=2))
    by = None if reason in (Reason.PATIENT, Reason.UNWELL) else manager()
    cancel_appointment(appointment=visit, by=by, reason=reason, now=till.now, **how)
    till.sweep(4)
    return visit


def test_a_late_cancellation_is_put_before_a_manager_when_it_cant_be_undone_any_more(till: Till) -> None:
    visit = _cancelled_late(till, Reason.PATIENT)
    case = FeeCase.objects.get(appointment=visit)
    assert (case.cause, case.amount, case.state) == ("late-cancel", 4000, "proposed")
    approve(till, case)
    a_day_later(till)
    assert (state(case), intents_of(till, case)) == ("taken", [("succeeded", 4000)])


def test_illness_the_clinic_and_a_waiver_cost_nothing(till: Till) -> None:
    _cancelled_late(till, Reason.UNWELL)
    _cancelled_late(till, Reason.CLINIC)
    till.set_clock(at(8, days=1))
    visit = with_card(till)
    till.set_clock(visit.start - timedelta(hours=2))
    cancel_appointment(appointment=visit, by=manager(), reason=Reason.PATIENT, waive_fee=True, now=till.now)
    till.sweep(4)
    assert not FeeCase.objects.exists()


def test_a_late_move_is_put_before_a_manager_and_owed_no_more_if_the_clinic_cancels(till: Till) -> None:
    visit = with_card(till)
    till.set_clock(visit.start - timedelta(hours=20))
    moved = reschedule_appointment(
        appointment=visit, practitioner=None, start=visit.start + timedelta(days=1), by=None, now=till.now
    )
    case = FeeCase.objects.get(appointment=visit)
    assert (moved.fee, case.cause, case.amount, due(case)) == (4000, "late-move", 4000, 16000)
    approve(till, case)
    cancel_appointment(appointment=moved.appointment, by=manager(), reason=Reason.CLINIC, now=till.now)
    till.sweep(4)
    assert state(case) == "withdrawn"
    a_day_later(till)
    assert intents_of(till, case) == []


def test_a_late_moves_fee_is_taken_or_waived_beside_the_visit(till: Till) -> None:
    visit = with_card(till)
    till.set_clock(visit.start - timedelta(hours=20))
    reschedule_appointment(
        appointment=visit, practitioner=None, start=visit.start + timedelta(days=3), by=None, now=till.now
    )
    case = approve(till, FeeCase.objects.get(appointment=visit))
    a_day_later(till)
    assert (state(case), intents_of(till, case), due(case)) == ("taken", [("succeeded", 4000)], 12000)
    waive(till, case)
    till.sweep(3)
    assert (due(case), till.truth(charge_of(case))["sent back"]) == (12000, 4000)


def test_a_visit_that_a_therapist_says_no_to_later_owes_no_fee_for_its_move(clinic: Clinic, patient: Patient) -> None:
    visit = book(clinic, start=at(10, days=3), patient=patient, by=patient.user).appointment
    reschedule_appointment(appointment=visit, practitioner=None, start=at(14, days=3), by=None, now=at(12, days=2))
    case = FeeCase.objects.get(appointment=visit)
    assert (case.cause, case.state) == ("late-move", "proposed")
    answers = make_screening(review_line(), now=NOW).screening
    attach_screening(screening=answers, patient=patient, now=NOW)
    look_again_at_coming_visits(screening=answers, patient=patient, now=NOW)
    decide_request(appointment=visit, decision="declined", reason="-", by=clinic.anna.user, now=NOW)
    assert (state(case), due(case), fees_to_decide()) == ("withdrawn", 0, 0)

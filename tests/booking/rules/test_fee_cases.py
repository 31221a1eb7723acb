"""When a fee is owed, what may follow in its case, and how long a card is kept."""

from datetime import date
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.models import Appointment, FeeCase
from booking.rules.fee_cases import (
    OPEN,
    TRANSITIONS,
    is_good,
    is_owed,
    left_to_pay,
    may_become,
    step_when_due,
)

CAUSES = [str(one) for one in FeeCase.Cause]


def test_only_what_the_patient_did_is_owed_and_as_the_visit_stands_now() -> None:
    """Over every state and every reason: nothing after a stop, an illness, a declined request, the clinic's doing."""
    states = [("cancelled", str(reason)) for reason in Appointment.CancelReason]
    states += [(str(status), "") for status in Appointment.Status if status != "cancelled"]
    owed = {(cause, *state) for cause, state in product(CAUSES, states)}
    owed = {one for one in owed if is_owed(cause=one[0], status=one[1], cancel_reason=one[2])}
    assert {one for one in owed if one[0] == "late-cancel"} == {("late-cancel", "cancelled", "patient")}
    assert {one for one in owed if one[0] == "no-show"} == {("no-show", "noshow", "")}
    assert {one[1:] for one in owed if one[0] == "late-move"} == {
        ("cancelled", "patient"),
        *((str(status), "") for status in Appointment.Status if status not in ("cancelled", "entered-in-error")),
    }


@given(st.booleans(), st.integers(0, 10_000), st.integers(-10_000, 20_000), st.booleans())
def test_a_card_is_charged_for_what_is_owed_and_open_and_never_for_more(
    owed: bool, fee: int, due: int, has_card: bool
) -> None:
    left = left_to_pay(fee=fee, due=due)
    assert 0 <= left <= min(fee, max(0, due))
    step = step_when_due(owed=owed, left=left, has_card=has_card)
    assert (step in ("charge", "ask")) == (owed and left > 0)
    assert (step == "charge") == (owed and left > 0 and has_card)


def test_the_states_of_a_case_are_those_that_the_database_knows() -> None:
    assert {*OPEN} == {str(one) for one in FeeCase.OPEN}
    states = {str(one) for one in FeeCase.State}
    assert {one for pair in TRANSITIONS for one in pair} == states
    assert all(may_become(state, following) for state, following in TRANSITIONS)


def test_nothing_is_taken_that_no_manager_approved_and_nothing_twice() -> None:
    before = {state for state, following in TRANSITIONS if following in ("taking", "taken")}
    assert before == {"approved", "taking"}
    assert {state for state, following in TRANSITIONS if following == "approved"} == {"proposed"}
    assert not may_become("taken", "taking")
    assert {following for state, following in TRANSITIONS if state == "waived"} == set()


@pytest.mark.parametrize(
    ("year", "month", "good"),
    [(2026, 11, True), (2026, 10, False), (2025, 12, False), (2027, 1, True), (None, None, False)],
)
def test_a_card_is_good_until_its_month_is_over(year: int | None, month: int | None, good: bool) -> None:
    assert is_good(exp_year=year, exp_month=month, on=date(2026, 11, 30)) == good

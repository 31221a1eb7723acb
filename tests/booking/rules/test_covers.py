"""Who bears how much of a price, until when, and how old a bill is."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.rules.covers import (
    AGES,
    CoverTerms,
    Split,
    after_denial,
    age_of,
    deposit_beside,
    difference,
    is_late,
    may_become,
    problem_with,
    split,
    state_when_paid,
    visits_left,
)

DAY = date(2026, 11, 24)
prices = st.integers(0, 10_000_000)
terms_of_any_kind = st.builds(
    CoverTerms,
    percent=st.none() | st.integers(1, 100),
    amount=st.none() | st.integers(1, 10_000_000),
    approved=st.none() | st.integers(1, 50),
    valid_until=st.none() | st.dates(DAY - timedelta(days=3), DAY + timedelta(days=3)),
)


@pytest.mark.parametrize(
    ("price", "terms", "payer"),
    [
        (12000, {"percent": 100}, 12000),
        (12000, {"percent": 80}, 9600),
        (12000, {"amount": 5000}, 5000),
        (12000, {"amount": 15000}, 12000),  # never more than the price
        (12000, {"percent": 80, "amount": 6000}, 6000),  # 80 per cent, $60 at most
        (5000, {"percent": 80, "amount": 6000}, 4000),
        (333, {"percent": 50}, 167),  # half a cent goes up
        (1, {"percent": 1}, 0),
        (0, {"percent": 100}, 0),
        (0, {"amount": 5000}, 0),
    ],
)
def test_a_payer_bears_its_part_and_the_patient_the_rest(price: int, terms: dict[str, Any], payer: int) -> None:
    assert split(price, CoverTerms(**terms)) == Split(payer=payer, patient=price - payer)


@given(prices, terms_of_any_kind)
def test_no_cent_is_lost_or_made_and_nobody_pays_below_nothing(price: int, terms: CoverTerms) -> None:
    shares = split(price, terms)
    assert shares.payer + shares.patient == price
    assert 0 <= shares.payer <= price
    assert terms.amount is None or shares.payer <= terms.amount


@given(prices, st.integers(1, 99))
def test_a_higher_part_is_never_less(price: int, percent: int) -> None:
    lower, higher = (split(price, CoverTerms(percent=one)).payer for one in (percent, percent + 1))
    assert lower <= higher


@given(prices, prices, terms_of_any_kind)
def test_a_deposit_is_never_more_than_what_the_patient_bears(price: int, deposit: int, terms: CoverTerms) -> None:
    asked = deposit_beside(deposit, patient=split(price, terms).patient)
    assert asked <= min(deposit, split(price, terms).patient)


def test_where_a_payer_bears_all_no_deposit_is_asked() -> None:
    assert deposit_beside(3000, patient=split(12000, CoverTerms(percent=100)).patient) == 0


@pytest.mark.parametrize(
    ("over", "used", "problem"),
    [
        ({}, 0, None),
        ({}, 500, None),  # any number of visits
        ({"approved": 3}, 2, None),
        ({"approved": 3}, 3, "used-up"),
        ({"approved": 3}, 4, "used-up"),  # the payer took some back
        ({"valid_until": DAY}, 0, None),  # the last day counts
        ({"valid_until": DAY - timedelta(days=1)}, 0, "expired"),
        ({"valid_until": DAY - timedelta(days=1), "approved": 1}, 1, "expired"),
        ({"ended": True, "approved": 1}, 1, "ended"),
        ({"currency": "USD"}, 0, "other-currency"),
    ],
)
def test_what_speaks_against_a_cover(over: dict[str, Any], used: int, problem: str | None) -> None:
    assert problem_with(CoverTerms(percent=100, **over), on=DAY, used=used, currency="CAD") == problem


@given(terms_of_any_kind, st.integers(0, 60))
def test_visits_left_and_used_up_say_the_same(terms: CoverTerms, used: int) -> None:
    problem = problem_with(terms, on=date.min, used=used, currency="CAD")
    assert (visits_left(terms.approved, used) == 0) == (problem == "used-up")


@given(prices, st.data())
def test_what_a_payer_denies_falls_back_to_the_patient(price: int, data: st.DataObject) -> None:
    received = data.draw(st.integers(0, price))
    assert after_denial(price, received=received) == Split(payer=received, patient=price - received)


@pytest.mark.parametrize(
    ("days", "age"),
    [(0, "0-30"), (30, "0-30"), (31, "31-60"), (60, "31-60"), (61, "61-90"), (90, "61-90"), (91, "over-90"),
     (4000, "over-90"), (-1, "0-30")],
)  # fmt: skip
def test_bills_age_in_four_steps(days: int, age: str) -> None:
    assert age_of(DAY - timedelta(days=days), today=DAY) == age


@given(st.integers(0, 500), st.integers(0, 500))
def test_an_older_bill_is_never_in_a_younger_step(days: int, more: int) -> None:
    younger, older = (age_of(DAY - timedelta(days=one), today=DAY) for one in (days, days + more))
    assert AGES.index(younger) <= AGES.index(older)


def test_a_payer_is_late_after_the_days_it_agreed_to() -> None:
    assert [is_late(DAY - timedelta(days=days), terms_days=30, today=DAY) for days in (30, 31)] == [False, True]


def test_claims_only_move_forward() -> None:
    states = ("to-bill", "billed", "part-paid", "paid", "denied")
    ways = {(one, other) for one in states for other in states if may_become(one, other)}
    assert ways == {
        ("to-bill", "billed"), ("to-bill", "denied"), ("billed", "part-paid"), ("billed", "paid"), ("billed", "denied"),
        ("part-paid", "part-paid"), ("part-paid", "paid"), ("part-paid", "denied"),
    }  # fmt: skip


def test_a_claim_is_paid_when_all_of_it_has_come() -> None:
    assert [state_when_paid(amount=9600, paid=paid) for paid in (9599, 9600)] == ["part-paid", "paid"]


def test_a_payment_says_by_how_much_it_differs() -> None:
    assert [difference(total, {"a": 5000, "b": 4600}) for total in (9600, 10000, 9000)] == [0, 400, -600]

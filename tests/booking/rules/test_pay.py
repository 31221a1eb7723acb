"""Therapists' pay, on paper."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.rules.pay import Basis, Earned, Share, base_of, pay_of, share_on

MONDAY = date(2026, 11, 2)


def share(percent: float = 60, basis: Basis = "billed", on_fees: bool = False, since: date = MONDAY) -> Share:
    return Share(round(percent * 100), basis, on_fees, since)


def test_the_share_that_began_last_counts_on_a_day() -> None:
    first, second = share(50, since=date(2026, 1, 1)), share(60, since=date(2026, 7, 1))
    days = (date(2025, 12, 31), date(2026, 1, 1), date(2026, 6, 30), date(2026, 7, 1), date(2027, 7, 1))
    assert [share_on(day, [second, first]) for day in days] == [None, first, first, second, second]


@pytest.mark.parametrize(
    ("one", "earned", "base", "pay"),
    [
        (share(60), Earned(treatment=12000), 12000, 7200),
        (share(60, "collected"), Earned(treatment=12000), 0, 0),
        (share(60, "collected"), Earned(treatment=12000, collected=5000), 5000, 3000),
        (share(60, "collected"), Earned(treatment=12000, collected=20000), 12000, 7200),
        (share(60, "collected"), Earned(treatment=12000, collected=-100), 0, 0),
        # 5 % inside 12,600 is 600: the share is of 12,000, and of the same part of it while half is paid
        (share(60), Earned(treatment=12600, treatment_tax=600), 12000, 7200),
        (share(60, "collected"), Earned(treatment=12600, treatment_tax=600, collected=6300), 6000, 3600),
        # fees come first, and count only where that was agreed
        (share(60), Earned(treatment=12000, fees=3000), 12000, 7200),
        (share(60, on_fees=True), Earned(treatment=12000, fees=3000), 15000, 9000),
        (share(60, "collected"), Earned(treatment=12000, fees=3000, collected=4000), 1000, 600),
        (share(60, "collected", on_fees=True), Earned(fees=3000, fees_tax=143, collected=3000), 2857, 1714),
        (share(62.5), Earned(treatment=1), 1, 1),
        (share(0), Earned(treatment=12000), 12000, 0),
    ],
)
def test_what_a_visit_pays_its_therapist(one: Share, earned: Earned, base: int, pay: int) -> None:
    assert (base_of(one, earned), pay_of(one, base_of(one, earned))) == (base, pay)


@given(
    st.integers(0, 10_000),
    st.booleans(),
    st.integers(0, 100_000),
    st.integers(0, 100_000),
    st.integers(-100_000, 300_000),
)
def test_collected_is_never_more_than_billed_and_both_meet_when_all_is_paid(
    hundredths: int, on_fees: bool, treatment: int, fees: int, came: int
) -> None:
    earned = Earned(treatment=treatment, treatment_tax=treatment // 20, fees=fees, fees_tax=fees // 20, collected=came)
    billed = base_of(Share(hundredths, "billed", on_fees, MONDAY), earned)
    collected = base_of(Share(hundredths, "collected", on_fees, MONDAY), earned)
    assert 0 <= collected <= billed
    assert collected == billed or came < treatment + fees
    assert 0 <= pay_of(Share(hundredths, "billed", on_fees, MONDAY), billed) <= billed

"""Months of the books, on paper."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.payments.models import LedgerEntry
from booking.rules.months import (
    COSTS,
    FROM_PACKAGE,
    MONEY_IN,
    MONEY_OUT,
    NO_MONEY,
    Line,
    UnknownKind,
    added,
    cash,
    changes,
    for_visit,
    is_over,
    last_day,
    month_of,
    next_month,
    read_month,
)
from booking.rules.receipts import Tax

sums = st.integers(-50_000, 50_000)
taxes = st.lists(st.builds(Tax, st.sampled_from(["GST", "QST"]), st.just(5_000), st.just("R1"), sums), max_size=2)
lines = st.builds(
    Line, treatment=sums, fees=sums, collected=sums, base=sums, pay=sums, taxes=taxes.map(tuple)
)  # fmt: skip
states = st.dictionaries(st.sampled_from("abcd"), lines)


def test_every_kind_of_the_ledger_stands_in_one_group_of_the_books() -> None:
    """Whoever adds a kind says here what it is, or no month can be added up."""
    groups = [*MONEY_IN, *MONEY_OUT, *FROM_PACKAGE, *COSTS, *NO_MONEY]
    assert sorted(groups) == sorted(LedgerEntry.Kind.values)


def test_a_kind_that_the_books_do_not_know_is_refused() -> None:
    with pytest.raises(UnknownKind):
        cash("barter")


def test_which_way_money_goes() -> None:
    kinds = ("capture", "desk", "payer", "refund", "package", "package-returned", "dispute-fee", "charge")
    assert [cash(kind) for kind in kinds] == [1, 1, 1, -1, 0, 0, 0, 0]
    assert [for_visit(kind) for kind in kinds] == [1, 1, 1, -1, 1, -1, 0, 0]


def test_months_follow_each_other() -> None:
    assert [next_month(date(2026, 1, 31)), next_month(date(2026, 12, 1))] == [date(2026, 2, 1), date(2027, 1, 1)]
    assert [last_day(date(2028, 2, 1)), last_day(date(2026, 12, 5))] == [date(2028, 2, 29), date(2026, 12, 31)]
    assert month_of(date(2026, 11, 23)) == date(2026, 11, 1)


@pytest.mark.parametrize(("today", "over"), [(date(2026, 10, 31), False), (date(2026, 11, 1), True)])
def test_a_month_is_over_on_the_first_day_of_the_next(today: date, over: bool) -> None:
    assert is_over(date(2026, 10, 1), today=today) is over


@pytest.mark.parametrize(
    "text", ["", "2026", "2026-13", "2026-00", "26-10", "2026-1", "2026-10-01", "1999-10", "２０２６-10"]
)
def test_what_is_no_month(text: str) -> None:
    assert read_month(text) is None


def test_a_month_as_addresses_have_it() -> None:
    assert read_month("2026-10") == date(2026, 10, 1)


def test_what_was_said_before_is_corrected_by_the_difference() -> None:
    said = {"visit": Line(treatment=12000, collected=12000, base=12000, pay=7200)}
    true_now = {"visit": Line(fees=3000, collected=3000), "new": Line(treatment=7000)}
    assert changes(true_now, said) == {
        "visit": Line(treatment=-12000, fees=3000, collected=-9000, base=-12000, pay=-7200),
        "new": Line(treatment=7000),
    }


def test_what_is_true_already_is_not_said_again() -> None:
    same = {"visit": Line(treatment=12000, taxes=(Tax("GST", 5000, "R1", 571),))}
    assert changes(same, same) == {}


@given(st.lists(states, min_size=1, max_size=6))
def test_the_months_of_a_visit_add_up_to_what_is_true_of_it(months: list[dict[str, Line]]) -> None:
    """However often the truth changes between the closes: all lines together are the last truth."""
    said: dict[str, Line] = {}
    for true_now in months:
        for key, line in changes(true_now, said).items():
            said[key] = added([said.get(key, Line()), line])
    last = {key: added([line]) for key, line in months[-1].items()}
    assert {key: line for key, line in said.items() if not line.is_nothing} == {
        key: line for key, line in last.items() if not line.is_nothing
    }

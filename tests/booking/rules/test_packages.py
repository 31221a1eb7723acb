from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.rules.packages import (
    capped_fee,
    kept_open_until,
    last_day,
    next_number,
    session_after,
    share,
    unused_worth,
)

PACKAGES = st.tuples(st.integers(1, 50), st.integers(0, 1_000_000)).map(lambda drawn: (drawn[0], drawn[0] + drawn[1]))


def test_a_price_that_does_not_divide_gives_its_odd_cents_to_the_first_sessions() -> None:
    assert [share(number, price=40001, sessions=3) for number in (1, 2, 3)] == [13334, 13334, 13333]


@given(PACKAGES)
def test_all_shares_are_the_price_to_the_cent(package: tuple[int, int]) -> None:
    sessions, price = package
    shares = [share(number, price=price, sessions=sessions) for number in range(1, sessions + 1)]
    assert sum(shares) == price
    assert max(shares) - min(shares) <= 1


@given(PACKAGES, st.data())
def test_what_is_used_and_what_is_given_back_are_the_price_whatever_was_used(
    package: tuple[int, int], data: st.DataObject
) -> None:
    sessions, price = package
    used = data.draw(st.sets(st.integers(1, sessions)))
    spent = sum(share(number, price=price, sessions=sessions) for number in used)
    left = unused_worth(used, price=price, sessions=sessions)
    assert spent + left == price
    assert unused_worth(used, price=price, sessions=sessions, given_back=left) == 0


def test_more_is_never_given_back_than_is_left() -> None:
    assert unused_worth([1, 2], price=30000, sessions=3, given_back=99999) == 0


@pytest.mark.parametrize("number", [0, 4])
def test_there_is_no_such_session(number: int) -> None:
    with pytest.raises(ValueError, match="of 3"):
        share(number, price=300, sessions=3)


def test_the_lowest_free_session_is_used_next_also_one_that_came_back() -> None:
    assert [next_number(used, sessions=3) for used in ([], [1], [2], [1, 2], [1, 2, 3])] == [1, 2, 1, 3, None]


@pytest.mark.parametrize(
    ("bought_on", "months", "last"),
    [
        (date(2026, 11, 23), 12, date(2027, 11, 23)),
        (date(2026, 12, 31), 2, date(2027, 2, 28)),
        (date(2027, 8, 31), 6, date(2028, 2, 29)),
        (date(2026, 10, 31), 1, date(2026, 11, 30)),
        (date(2026, 12, 1), 12, date(2027, 12, 1)),
    ],
)
def test_a_package_lasts_until_the_same_day_of_a_later_month(bought_on: date, months: int, last: date) -> None:
    assert last_day(bought_on=bought_on, months=months) == last


@pytest.mark.parametrize(
    ("fee", "ending"), [(0, "returned"), (3999, "returned"), (8000, "kept"), (9500, "kept"), (7999, "returned")]
)
def test_a_session_is_used_up_only_for_a_fee_of_all_it_is_worth(fee: int, ending: str) -> None:
    assert session_after(fee=fee, worth=8000) == ending


@given(st.integers(0, 100_000), st.integers(1, 100_000))
def test_nobody_pays_more_than_the_session_for_a_visit_that_was_prepaid(fee: int, worth: int) -> None:
    charged = capped_fee(fee, worth=worth)
    assert charged <= worth
    in_money = 0 if session_after(fee=charged, worth=worth) == "kept" else charged
    in_sessions = worth if session_after(fee=charged, worth=worth) == "kept" else 0
    assert in_money + in_sessions == charged


def test_a_session_that_comes_back_can_be_used_for_thirty_days_at_least() -> None:
    last = date(2027, 1, 10)
    assert kept_open_until(last, returned_on=date(2026, 11, 23)) == last
    assert kept_open_until(last, returned_on=date(2026, 12, 20)) == date(2027, 1, 19)
    assert kept_open_until(last, returned_on=date(2027, 3, 1)) == date(2027, 3, 31)

"""What counts as a sum when it is typed, and what is refused with a word for why."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from booking.rules.sums import LARGEST, NotASum, read_sum


@pytest.mark.parametrize(
    ("typed", "minor"),
    [("80", 8000), ("80.5", 8050), ("80.50", 8050), (" 80.00 ", 8000), ("0.01", 1), ("007", 700)],
)
def test_digits_with_a_point_before_the_cents_are_a_sum(typed: str, minor: int) -> None:
    assert read_sum(typed) == minor


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("1,50", "comma"), ("1,234.50", "comma"), ("1.234,50", "comma"), (",5", "comma"),
        ("-5", "negative"), ("\u22125", "negative"), ("(5)", "negative"), ("-1,50", "negative"),
        ("0", "zero"), ("0.00", "zero"), ("000", "zero"),
        ("$5", "currency"), ("5 $", "currency"), ("5 USD", "currency"), ("EUR 5", "currency"), ("€5", "currency"),
        ("12.345", "decimals"), ("1.500", "decimals"), ("0.001", "decimals"),
        ("100000", "too-large"), ("9" * 5000, "too-large"), ("99999999999999999999", "too-large"),
        ("NaN", "unreadable"), ("Infinity", "unreadable"), ("1e9", "unreadable"), ("0x10", "unreadable"),
        ("1 000", "unreadable"), ("5.", "unreadable"), (".5", "unreadable"), ("+5", "unreadable"),
        ("1_000", "unreadable"), ("٣", "unreadable"), ("５", "unreadable"), ("abc", "unreadable"), ("", "unreadable"),
        ("5\x00", "unreadable"), ("1.2.3", "unreadable"), ("¼", "unreadable"),
    ],
)  # fmt: skip
def test_everything_else_is_refused_and_says_why(typed: str, code: str) -> None:
    with pytest.raises(NotASum) as refused:
        read_sum(typed)
    assert refused.value.code == code


def test_a_currency_without_cents_has_none() -> None:
    assert read_sum("500", places=0) == 500
    with pytest.raises(NotASum) as refused:
        read_sum("5.50", places=0)
    assert refused.value.code == "decimals"


@given(st.integers(1, LARGEST))
@settings(max_examples=60)
def test_what_is_written_is_what_is_read(amount: int) -> None:
    assert read_sum(f"{amount // 100}.{amount % 100:02}") == amount


@given(st.text(max_size=12))
@settings(max_examples=150)
def test_no_text_breaks_it(text: str) -> None:
    with suppress(NotASum):
        assert 0 < read_sum(text) <= LARGEST

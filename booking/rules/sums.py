"""Sums of money as people type them at the desk: digits, and a point before the cents. Anything else is refused with
what is wrong, because a sum that is read in another way than it was meant is money lost.
"""

import re
from typing import Final

LARGEST: Final = 9_999_999  # minor units
_DIGITS_AT_MOST: Final = 20
_PLAIN: Final = re.compile(r"(?P<units>[0-9]+)(?:\.(?P<rest>[0-9]+))?")
_MINUS: Final = ("-", "\u2212", "\u2013", "(")


class NotASum(ValueError):
    """What was typed is no sum; `code` says why: comma, negative, zero, currency, decimals, too-large or unreadable."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def read_sum(text: str, *, places: int = 2, most: int = LARGEST, least: int = 1) -> int:
    """Minor units of a currency with so many decimal places. "80", "80.5" and "80.50" are sums.

    :raises NotASum: anything else; "1,50" and "1,234.50" too, which people read in two ways
    """
    said = text.strip()
    found = _PLAIN.fullmatch(said)
    if found is None:
        raise NotASum(_why_unreadable(said))
    units, rest = found["units"].lstrip("0"), found["rest"] or ""
    if len(rest) > places:
        raise NotASum("decimals")
    if len(units) > _DIGITS_AT_MOST:
        raise NotASum("too-large")
    amount = int(f"{units}{rest:0<{places}}" or "0")
    if amount < least:
        raise NotASum("zero")
    if amount > most:
        raise NotASum("too-large")
    return amount


def _why_unreadable(said: str) -> str:
    if said.startswith(_MINUS):
        return "negative"
    if "," in said:
        return "comma"
    if any(letter.isdigit() for letter in said) and re.search(r"[$€£¥]|\b[A-Za-z]{3}\b", said):
        return "currency"
    return "unreadable"

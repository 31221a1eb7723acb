"""What a package is worth: what each of its sessions costs, how long it lasts, what comes back. Pure; minor units."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from typing import Final, Literal

from booking.rules.terms import Agreed

USABLE_AGAIN: Final = timedelta(days=30)
ENDS_SOON: Final = timedelta(days=30)

Ending = Literal["returned", "kept"]


def share(number: int, *, price: int, sessions: int) -> int:
    """What session `number`, from 1, costs of a package's price. All shares together are the price, to the cent; the
    first ones bear the odd cents.

    :raises ValueError: there is no such session
    """
    if not 1 <= number <= sessions:
        raise ValueError(f"session {number} of {sessions}")
    even, odd = divmod(price, sessions)
    return even + (number <= odd)


def next_number(used: Iterable[int], *, sessions: int) -> int | None:
    """The lowest session that isn't used; None if all are."""
    taken = set(used)
    return next((number for number in range(1, sessions + 1) if number not in taken), None)


def unused_worth(used: Iterable[int], *, price: int, sessions: int, given_back: int = 0) -> int:
    """What is to be given back for the sessions that aren't used: their shares of the price, without what was
    `given_back` already; never below zero.

    By shares, not by what single visits would have cost: each visit was priced, and receipted, at its share.
    """
    spent = sum(share(number, price=price, sessions=sessions) for number in set(used))
    return max(0, price - spent - given_back)


def last_day(*, bought_on: date, months: int) -> date:
    """The last day on which a package can be used: the same day of a later month, or that month's last."""
    year, month = divmod(bought_on.year * 12 + bought_on.month - 1 + months, 12)
    for day in (bought_on.day, 30, 29, 28):
        try:
            return date(year, month + 1, min(day, bought_on.day))
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")


def capped_fee(fee: int, *, worth: int) -> int:
    """The fee of a visit that a package pays: never more than the session is worth."""
    return min(fee, worth)


def by_session(agreed: Agreed, *, worth: int) -> Agreed:
    """What holds for who uses a session instead of paying: nothing is paid, and no fee is above what it cost."""
    return replace(
        agreed, way="nothing", price=worth, by_payer=0, pay_now=0, at_the_clinic=0, or_at_desk=True, keeps_card=False,
        late_fee=capped_fee(agreed.late_fee, worth=worth), no_show_fee=capped_fee(agreed.no_show_fee, worth=worth),
        because_of_misses=False,
    )  # fmt: skip


def session_after(*, fee: int, worth: int) -> Ending:
    """What becomes of the session when its visit doesn't take place.

    It is used up only for a fee of all that it is worth. With no fee, or a smaller one (owed in money), it goes back
    to the package.
    """
    return "kept" if fee >= worth else "returned"


def kept_open_until(last: date, *, returned_on: date) -> date:
    """The last day of a package to which a session comes back: it can be used for 30 days more at least."""
    return max(last, returned_on + USABLE_AGAIN)

"""Months of the books: which one a day belongs to, what each kind of movement is, what differs from before. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, TypeVar

from booking.rules.receipts import Tax

MONEY_IN: Final = frozenset({"capture", "desk", "payer", "refund-failed", "dispute-won"})
MONEY_OUT: Final = frozenset({"refund", "disputed"})
# Money of a package that a visit uses up, and gives back: none of it comes to the clinic or leaves it then.
FROM_PACKAGE: Final = {"package": 1, "package-returned": -1}
COSTS: Final = {"dispute-fee": -1, "dispute-fee-back": 1}  # the clinic's own, no patient's
NO_MONEY: Final = frozenset({"charge", "credit", "fee", "waiver", "authorisation", "void", "dispute-lost"})

Key = TypeVar("Key")


class UnknownKind(ValueError):
    """A kind of movement that the books don't know: nothing may be added up without it."""


def cash(kind: str) -> int:
    """1 for money of patients and payers that comes, -1 for what goes back to them, 0 for neither.

    :raises UnknownKind: the books don't know it
    """
    if kind in MONEY_IN or kind in MONEY_OUT:
        return 1 if kind in MONEY_IN else -1
    if kind in NO_MONEY or kind in FROM_PACKAGE or kind in COSTS:
        return 0
    raise UnknownKind(kind)


def for_visit(kind: str) -> int:
    """The same as a visit sees it: a package's session pays for it like money.

    :raises UnknownKind: the books don't know it
    """
    return FROM_PACKAGE.get(kind) or cash(kind)


def month_of(day: date) -> date:
    """The first day of its month."""
    return day.replace(day=1)


def next_month(month: date) -> date:
    """The first day of the month after."""
    return month_of(month_of(month) + timedelta(days=31))


def last_day(month: date) -> date:
    """The month's last day."""
    return next_month(month) - timedelta(days=1)


def is_over(month: date, *, today: date) -> bool:
    """Whether the whole month lies behind us."""
    return today > last_day(month)


def read_month(text: str) -> date | None:
    """The month of "2026-10"; None for anything else."""
    year, dash, number = text.partition("-")
    plain = dash and len(year) == 4 and len(number) == 2 and (year + number).isascii() and (year + number).isdecimal()
    if not plain or not 1 <= int(number) <= 12 or int(year) < 2000:
        return None
    return date(int(year), int(number), 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What one visit comes to for one therapist: cost with taxes, what came of it, and the therapist's pay."""

    treatment: int = 0
    fees: int = 0
    collected: int = 0
    base: int = 0
    pay: int = 0
    taxes: tuple[Tax, ...] = ()

    @property
    def earned(self) -> int:
        return self.treatment + self.fees

    @property
    def tax(self) -> int:
        return sum(tax.amount for tax in self.taxes)

    @property
    def is_nothing(self) -> bool:
        sums = (self.treatment, self.fees, self.collected, self.base, self.pay)
        return not any(sums) and not any(tax.amount for tax in self.taxes)


def added(lines: Iterable[Line]) -> Line:
    """All of these together; each tax once, by name."""
    known = tuple(lines)
    taxes: dict[tuple[str, int, str], int] = {}
    for tax in (tax for line in known for tax in line.taxes):
        key = (tax.name, tax.thousandths, tax.number)
        taxes[key] = taxes.get(key, 0) + tax.amount
    return Line(
        treatment=sum(line.treatment for line in known),
        fees=sum(line.fees for line in known),
        collected=sum(line.collected for line in known),
        base=sum(line.base for line in known),
        pay=sum(line.pay for line in known),
        taxes=tuple(Tax(*key, amount) for key, amount in sorted(taxes.items()) if amount),
    )


def opposite(line: Line) -> Line:
    """The same with every sum the other way."""
    return Line(
        treatment=-line.treatment,
        fees=-line.fees,
        collected=-line.collected,
        base=-line.base,
        pay=-line.pay,
        taxes=tuple(Tax(tax.name, tax.thousandths, tax.number, -tax.amount) for tax in line.taxes),
    )


def changes(true_now: Mapping[Key, Line], said: Mapping[Key, Line]) -> dict[Key, Line]:
    """What must be added to what the closed months have said, so that it is what is true now. Nothing where it is."""
    found = {}
    for key in dict.fromkeys([*true_now, *said]):
        line = added([true_now.get(key, Line()), opposite(said.get(key, Line()))])
        if not line.is_nothing:
            found[key] = line
    return found

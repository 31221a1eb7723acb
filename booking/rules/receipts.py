"""What a receipt says: lines with their tax, totals, what was paid, what is left. Pure; minor units of one currency.

A price is what a person pays. Tax is inside it, and this is the only place that takes it out.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

# What an insurer may be asked to pay back: a visit that took place. A fee for one that did not is never treatment.
CLAIMABLE: Final = frozenset({"receipt"})
TOOK_PLACE: Final = frozenset({"fulfilled"})
USED_FOR_FEE: Final = "used-for-fee"
OF_VISITS_MONEY: Final = "of-visits-money"
BY_PAYER: Final = "payer"  # an insurer, who pays for treatment and never for a fee
_WHOLE: Final = 100_000  # rates are given in thousandths of a per cent: 5 % is 5,000, Quebec's 9.975 % is 9,975

Correction = Literal["", "not-given", "refunded", "changed"]


@dataclass(frozen=True, slots=True)
class Rate:
    """A tax as it is on a day. `number` is the clinic's own with that tax office."""

    name: str
    thousandths: int
    number: str = ""


@dataclass(frozen=True, slots=True)
class Tax:
    """How much of a sum is a tax."""

    name: str
    thousandths: int
    number: str
    amount: int


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that costs something: what, on which day (ISO), the price with tax, and the taxes inside it."""

    text: str
    on: str
    amount: int
    taxes: tuple[Tax, ...] = ()


@dataclass(frozen=True, slots=True)
class Paid:
    """Money that came (or, below zero, went back) on a day (ISO), and how: a code such as "cash" or "card"."""

    on: str
    method: str
    amount: int


@dataclass(frozen=True, slots=True)
class Said:
    """All sums of one document. The lines make the total; paid and balance make it, too."""

    lines: tuple[Line, ...]
    payments: tuple[Paid, ...]

    @property
    def total(self) -> int:
        return sum(line.amount for line in self.lines)

    @property
    def paid(self) -> int:
        return sum(payment.amount for payment in self.payments)

    @property
    def balance(self) -> int:
        """What is left to pay; below zero it is to be given back."""
        return self.total - self.paid

    @property
    def taxes(self) -> tuple[Tax, ...]:
        """Each tax once, over all lines, in the order in which they first stand there."""
        sums: dict[tuple[str, int, str], int] = {}
        for tax in (tax for line in self.lines for tax in line.taxes):
            key = (tax.name, tax.thousandths, tax.number)
            sums[key] = sums.get(key, 0) + tax.amount
        return tuple(Tax(*key, amount) for key, amount in sums.items())

    @property
    def net(self) -> int:
        """The total without its taxes."""
        return self.total - sum(tax.amount for tax in self.taxes)


def tax_inside(amount: int, rates: Iterable[Rate]) -> tuple[Tax, ...]:
    """The taxes inside a price, each rounded half up to the minor unit; what is left of the price is the net."""
    known = tuple(rates)
    whole = _WHOLE + sum(rate.thousandths for rate in known)
    return tuple(
        Tax(rate.name, rate.thousandths, rate.number, (2 * amount * rate.thousandths + whole) // (2 * whole))
        for rate in known
    )


def taxed(*, text: str, on: str, amount: int, rates: Iterable[Rate]) -> Line:
    """A line with the taxes inside its amount."""
    return Line(text, on, amount, tax_inside(amount, rates))


def took_place(status: str) -> bool:
    """Whether a visit in this state may stand on a treatment receipt."""
    return status in TOOK_PLACE


def split_payments(payments: Sequence[Paid], *, fees: int, on: str) -> tuple[tuple[Paid, ...], tuple[Paid, ...]]:
    """What of a visit's money is for its treatment, and what for fees beside it (for having been moved late).

    Fees come first, so that no cent of a fee is ever called treatment. `on` is the visit's day.
    """
    share = max(0, min(fees, sum(payment.amount for payment in payments if payment.method != BY_PAYER)))
    if not share:
        return tuple(payments), ()
    return (*payments, Paid(on, USED_FOR_FEE, -share)), (Paid(on, OF_VISITS_MONEY, share),)


def reversal_of(said: Said) -> Said:
    """What a credit note says: the same with every sum the other way, so that both together are nothing."""
    lines = tuple(
        Line(
            line.text,
            line.on,
            -line.amount,
            tuple(Tax(tax.name, tax.thousandths, tax.number, -tax.amount) for tax in line.taxes),
        )
        for line in said.lines
    )
    return Said(lines, tuple(Paid(one.on, one.method, -one.amount) for one in said.payments))


def correction_needed(issued: Said, true_now: Said | None) -> Correction:
    """Why a document no longer says what is true; empty if it does. None: there is nothing to be receipted any more.

    Only sums and payments count: another name of a service, or of a tax, makes nothing wrong that was issued before.
    """
    if true_now is None:
        return "not-given"
    if (issued.total, issued.payments) == (true_now.total, true_now.payments):
        return ""
    return "refunded" if true_now.paid < issued.paid else "changed"


def as_facts(said: Said) -> dict[str, Any]:
    """The lines and payments as plain data, to be kept as they were issued."""
    lines = [asdict(line) | {"taxes": [asdict(tax) for tax in line.taxes]} for line in said.lines]
    return {"lines": lines, "payments": [asdict(one) for one in said.payments]}


def from_facts(facts: Mapping[str, Any]) -> Said:
    """What `as_facts` kept, with its sums."""
    lines = (
        Line(one["text"], one["on"], one["amount"], tuple(Tax(**tax) for tax in one["taxes"])) for one in facts["lines"]
    )
    return Said(tuple(lines), tuple(Paid(**one) for one in facts["payments"]))

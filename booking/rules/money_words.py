"""What happens next with the money of a visit, from how everything stands. Pure; minor units of the visit's currency.

Sentences as codes, so that staff and patients each get their own words for the same fact. Whatever is wrong comes
first, then what moves by itself, then what a person must do; when nothing of that is left, one sentence says so.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

HELD: Final = {"authorisation": 1, "capture": -1, "void": -1}  # what is on hold at the bank: not ours yet

_COMING: Final = frozenset({"pending", "booked"})
_ENDED: Final = frozenset({"cancelled", "noshow", "entered-in-error"})


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence: which, and the sum, moment and name that stand in it."""

    code: str
    amount: int = 0
    at: datetime | None = None
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Online:
    """A payment at Stripe. `keep` is how much we mean to keep, None while that is undecided; `sent_back` counts what
    the bank returned to us (`came_back`) as well.
    """

    state: str
    amount: int
    keep: int | None = None
    taken: int = 0
    sent_back: int = 0
    came_back: int = 0
    is_deposit: bool = True
    refused: bool = False  # Stripe said no to what we asked
    until: datetime | None = None  # as long as its page can be paid


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispute:
    """A cardholder has asked the bank for money back; what came of it."""

    state: Literal["open", "won", "lost"]
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A card for fees: asked for, or kept."""

    state: Literal["asked", "kept"]
    name: str = ""
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fee:
    """A fee that is to be taken from a kept card."""

    state: str  # proposed, approved, taking, taken, declined, waived, paid, withdrawn
    amount: int
    take_at: datetime | None = None
    name: str = ""  # who waived it, and why


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """What a payer is asked for a visit."""

    state: str  # to-bill, billed, part-paid, paid, denied
    amount: int
    paid: int = 0
    payer: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """How the money of one visit stands; `due` as the ledger says it: below zero it is to be given back."""

    status: str
    awaiting: str = ""
    owed: int = 0
    due: int = 0
    by_payer: int = 0
    payer: str = ""
    decide_by: datetime | None = None
    undo_until: datetime | None = None  # of a cancellation
    fee_then: int = 0  # what it costs when it can't be undone any more
    fee_at_most: int = 0  # for not coming, or cancelling late
    online: Sequence[Online] = ()
    disputes: Sequence[Dispute] = ()
    card: Card | None = None
    fees: Sequence[Fee] = ()
    link_until: datetime | None = None  # of a mailed link that works
    package: str = ""  # whose credit pays the visit
    bills: Sequence[Bill] = ()


def what_happens_next(stand: Stand) -> tuple[Said, ...]:
    """Everything that is still to happen or to be done; never empty."""
    found = (*_wrong(stand), *_by_itself(stand), *_by_a_person(stand))
    return found or (_over(stand),)


def _wrong(stand: Stand) -> Iterator[Said]:
    for dispute in stand.disputes:
        yield Said(f"dispute-{dispute.state}", dispute.amount)
    for one in stand.online:
        if failed := _could_not_go_back(one, stand):
            yield Said("refund-failed", failed)
        if one.refused:
            yield Said("refused", _asked(one))


def _by_itself(stand: Stand) -> Iterator[Said]:
    if stand.undo_until is not None:
        yield _after_undo(stand)
    for one in stand.online:
        if not one.refused:
            yield from _online(one, stand)
    if stand.card is not None:
        yield from _card(stand.card, stand)
    for fee in stand.fees:
        if fee.state != "withdrawn":
            yield Said(f"fee-{fee.state}", fee.amount, fee.take_at, fee.name)
    if stand.package and stand.undo_until is None:
        yield Said("package-pays" if stand.status in _COMING else "package-paid", name=stand.package)
    yield from _payer(stand)


def _after_undo(stand: Stand) -> Said:
    """What comes when a cancellation can't be taken back any more."""
    if stand.fee_then and stand.package and stand.due >= 0:  # the fee is as high as the session is worth
        return Said("undo-then-used", at=stand.undo_until, name=stand.package)
    if stand.fee_then:
        return Said("undo-then-fee", stand.fee_then, stand.undo_until)
    if stand.package:
        return Said("undo-then-returned", at=stand.undo_until)
    goes_back = stand.due < 0 or any(one.state == "authorised" for one in stand.online)
    return Said("undo-then-free" if goes_back else "undo-then-nothing", at=stand.undo_until)


def _online(one: Online, stand: Stand) -> Iterator[Said]:
    """What the sweeps will ask of Stripe, or wait for."""
    if one.state == "open":
        if one.keep == 0:
            yield Said("closing", one.amount)
        else:
            yield Said("paying" if one.is_deposit else "page-open", one.amount, one.until)
    elif one.state == "authorised":
        if one.keep is None:
            asks = stand.awaiting == "review"
            yield Said("held-for-review" if asks else "held", one.amount, stand.decide_by if asks else None)
        else:
            yield Said("taking", one.keep) if one.keep else Said("releasing", one.amount)
    elif going := _going_back(one):
        yield Said("giving-back", going)


def _card(card: Card, stand: Stand) -> Iterator[Said]:
    if card.state == "asked":
        yield Said("card-asked", at=card.until)
    elif stand.status in _COMING:
        yield Said("card-kept", stand.fee_at_most, name=card.name)


def _payer(stand: Stand) -> Iterator[Said]:
    for bill in stand.bills:
        settled = bill.state == "denied" and stand.due <= 0  # somebody else has paid what it left
        amount = bill.paid if bill.state == "paid" else bill.amount - bill.paid
        yield Said("bill-was-denied" if settled else f"bill-{bill.state}", amount, bill.at, bill.payer)
    if stand.by_payer and not stand.bills and stand.status not in _ENDED:
        yield Said("bill-later", stand.by_payer, name=stand.payer)


def _by_a_person(stand: Stand) -> Iterator[Said]:
    """What is left to collect or to hand back, where nothing above sees to it."""
    if stand.undo_until is not None:
        return
    back = -stand.due - sum(_could_not_go_back(one, stand) + _going_back(one) for one in stand.online)
    if back > 0:
        yield Said("hand-back", back)
    due = stand.due - sum(one.amount for one in stand.online if _buys_the_time(one)) - sum(map(_sees_to, stand.fees))
    if due <= 0:
        return
    if stand.link_until is not None:
        yield Said("link-out", due, stand.link_until)
    elif stand.status in _COMING:
        yield Said("due-if-yes" if stand.awaiting == "review" else "due-then", due)
    else:
        yield Said("fee-due" if stand.status in _ENDED else "due-now", due)


def _over(stand: Stand) -> Said:
    if stand.owed:
        return Said("all-paid", stand.owed)
    return Said("nothing-owed" if stand.status in _ENDED else "nothing-to-pay")


def _buys_the_time(one: Online) -> bool:
    """Whether this is being paid now, or the time is let go."""
    return one.is_deposit and one.state == "open" and one.keep != 0 and not one.refused


def _sees_to(fee: Fee) -> int:
    """A fee that a manager decides about, or that the card pays, is not asked for as well."""
    return fee.amount if fee.state in ("proposed", "approved", "taking") else 0


def _going_back(one: Online) -> int:
    if one.state != "captured" or one.keep is None or one.refused:
        return 0
    return max(0, one.taken - one.sent_back - one.keep)


def _could_not_go_back(one: Online, stand: Stand) -> int:
    """What the bank returned to us, until somebody has handed it back in another way."""
    return min(one.came_back, max(0, -stand.due))


def _asked(one: Online) -> int:
    """The sum of what Stripe refused: a charge, taking a hold, or giving back."""
    if one.state == "captured":
        return max(0, one.taken - one.sent_back - (one.keep or 0))
    return one.keep or one.amount


def movement_code(kind: str, *, gateway: str = "", method: str = "") -> str:
    """Which sentence tells of a movement of the ledger; empty for one that only says what is asked or let go."""
    if kind == "charge":
        return "asked" if gateway == "stripe" else ""
    if kind == "credit":
        return ""
    if kind == "fee":
        return f"fee-{method}" if method in _ENDED else "fee-moved"
    if kind == "refund":
        return {"stripe": "refund", "payer": "payer-took-back"}.get(gateway, "handed-back")
    return kind


def way_of(*, gateway: str, method: str) -> str:
    """How money came or went, as the day's sums are kept: "online", "payer", or what was used at the desk."""
    return {"stripe": "online", "payer": "payer"}.get(gateway, method or gateway)


def sums_by_way(moves: Iterable[tuple[str, int]]) -> list[tuple[str, int, int]]:
    """Of signed sums by their way: what came in and what went out, in the order in which they first appear."""
    came: dict[str, list[int]] = {}
    for way, amount in moves:
        sums = came.setdefault(way, [0, 0])
        sums[amount < 0] += abs(amount)
    return [(way, into, out) for way, (into, out) in came.items()]

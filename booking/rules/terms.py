"""What a visit costs and when it is paid: a clinic's terms, a patient's own, and what both make of one visit.

Pure; minor units. Whatever is charged later is a number of `Agreed`, or nothing.
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal

from booking.rules.policy import free_cancel_until, share_of
from booking.rules.sums import NotASum, read_sum

Way = Literal["full", "deposit", "keep-card", "desk", "nothing"]
Variant = Literal["first", "return", "any"]

BEFORE: Final[frozenset[Way]] = frozenset({"full", "deposit", "keep-card"})  # what a province may forbid


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a price: so many per cent of it, or an amount; neither is nothing."""

    amount: int | None = None
    percent: int | None = None

    def of(self, price: int) -> int:
        """Minor units, per cent rounded half up."""
        return share_of(price, self.percent) if self.percent is not None else self.amount or 0


NO_PART: Final = Part()
_PERCENT: Final = re.compile(r"(?P<percent>[0-9]{1,4}) ?%")


def read_part(text: str, *, places: int = 2) -> Part:
    """A part as a clinic types it: "40.00", "50%", or nothing.

    :raises NotASum: anything else; `percent` for none of them, or more than a hundred
    """
    said = text.strip()
    if not said:
        return NO_PART
    found = _PERCENT.fullmatch(said)
    if found is None:
        return Part(amount=read_sum(said, places=places))
    percent = int(found["percent"])
    if not 1 <= percent <= 100:
        raise NotASum("percent")
    return Part(percent=percent)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A clinic's terms for a kind of visit. Fees and the deposit are parts of its price.

    `or_at_desk`: who would rather pay at the clinic may. `prepay_after_misses`: from so many misses on a patient pays
    all of it first; None: never.
    """

    way: Way = "desk"
    deposit: Part = NO_PART
    late_fee: Part = NO_PART
    no_show_fee: Part = NO_PART
    free_cancel_hours: int = 24
    or_at_desk: bool = True
    forgives_first_miss: bool = False
    prepay_after_misses: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """What the terms ask about who comes: what staff agreed with them, and the visits they missed.

    `misses` are visits they did not come to or cancelled too late; `strayed` is whether there was any of that, or a
    move that came too late.
    """

    way: Way | None = None
    no_fees: bool = False
    misses: int = 0
    strayed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """What holds for one visit. `pay_now` is asked for when it is booked, `at_the_clinic` when it takes place.

    `by_payer` is borne by somebody else. `late_fee` is for cancelling or moving after `free_until`. `keeps_card`: the
    card is kept for the fees. `because_of_misses`: it is paid first because visits were missed.
    """

    way: Way
    price: int
    by_payer: int
    pay_now: int
    at_the_clinic: int
    late_fee: int
    no_show_fee: int
    free_until: datetime
    or_at_desk: bool
    forgives_first_miss: bool
    keeps_card: bool
    because_of_misses: bool = False


def agree(
    policy: Policy,
    *,
    price: int,
    patients_part: int | None = None,
    start: datetime,
    person: Person | None = None,
    may_prepay: bool,
) -> Agreed:
    """What a visit that starts then costs this person, of whom nothing is known without `person`.

    `patients_part` is what they bear of the price, all of it if not given. Where `may_prepay` is false nothing is asked
    for before the visit, not even a card.
    """
    who, part = person or Person(), price if patients_part is None else patients_part
    late_fee, no_show_fee = (0 if who.no_fees else fee.of(price) for fee in (policy.late_fee, policy.no_show_fee))
    too_often = policy.prepay_after_misses is not None and who.misses >= policy.prepay_after_misses
    way: Way = "full" if too_often else who.way or policy.way
    deposit = policy.deposit.of(price)
    if not may_prepay or (way == "deposit" and not deposit):
        way = "desk" if way in BEFORE else way
    pay_now = {"full": part, "deposit": min(deposit, part)}.get(way, 0)
    way = _as_it_comes_out(way, pay_now=pay_now, part=part, has_fees=late_fee + no_show_fee > 0)
    return Agreed(
        way=way,
        price=price,
        by_payer=price - part,
        pay_now=pay_now,
        at_the_clinic=part - pay_now,
        late_fee=late_fee,
        no_show_fee=no_show_fee,
        free_until=free_cancel_until(start=start, hours=policy.free_cancel_hours),
        or_at_desk=way not in BEFORE or (policy.or_at_desk and not too_often and who.way is None),
        forgives_first_miss=policy.forgives_first_miss and not who.strayed and late_fee + no_show_fee > 0,
        keeps_card=way == "keep-card" or (pay_now > 0 and max(late_fee, no_show_fee) > pay_now),
        because_of_misses=too_often and way == "full",
    )


def without_paying_first(agreed: Agreed) -> Agreed:
    """The same for who pays at the clinic instead."""
    if agreed.way not in BEFORE:
        return agreed
    part = agreed.pay_now + agreed.at_the_clinic
    return replace(
        agreed, way="desk" if part else "nothing", pay_now=0, at_the_clinic=part, keeps_card=False,
        because_of_misses=False,
    )  # fmt: skip


def _as_it_comes_out(way: Way, *, pay_now: int, part: int, has_fees: bool) -> Way:
    """A way that has nothing to ask for is the next one down."""
    if way == "keep-card":
        return way if has_fees else "desk" if part else "nothing"
    if way == "deposit" and pay_now == part and part:
        return "full"
    return way if part else "nothing"

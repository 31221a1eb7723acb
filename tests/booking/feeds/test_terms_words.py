"""What is agreed to, in words: every sum and moment that can be charged stands there, and no other."""

import re
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from booking.feeds.amounts import money
from booking.feeds.terms_words import stamp_of, sums_of, terms_text
from booking.rules.terms import Agreed, Part, Policy, agree, without_paying_first
from tests.booking.rules.test_terms import START, agreements

ZONE: dict[str, Any] = {"zone": "America/Edmonton", "currency": "CAD"}
CARD = (
    "We keep your card for the fees named here and nothing else. Somebody at the clinic looks first, and waits a day "
    "before anything is taken."
)
EARLY = START - timedelta(days=30)


def text(agreed: Agreed, *, payment: str = "online", now: datetime = EARLY) -> str:
    return terms_text(agreed, payment=payment, now=now, **ZONE)


def test_a_deposit_reads_so() -> None:
    policy = Policy(
        way="deposit",
        deposit=Part(amount=4000),
        late_fee=Part(percent=50),
        no_show_fee=Part(amount=9000),
        forgives_first_miss=True,
    )
    agreed = agree(policy, price=12000, start=datetime(2026, 12, 1, 17, tzinfo=UTC), may_prepay=True)
    assert text(agreed).splitlines() == [
        "You pay a deposit of $40.00 now, and $80.00 at the clinic.",
        "Your bank may show $40.00 as pending until your visit is certain. It is taken then, or let go.",
        CARD,
        "Free to cancel or move until Monday 30 November, 11:00 (Mountain time). After that it costs $60.00.",
        "If you don't come, it costs $90.00.",
        "The first time you cancel late, move late or don't come, it costs nothing.",
        "You never pay a fee because of your health answers, because you are ill, or when we cancel.",
    ]
    assert text(agreed, payment="desk").splitlines()[0] == "You pay $120.00 at the clinic."


@given(agreements(), st.sampled_from(["online", "desk"]), st.integers(-400, 0))
def test_the_sums_in_the_words_are_those_that_can_be_charged(agreed: Agreed, payment: str, hours: int) -> None:
    chosen = agreed if payment == "online" else without_paying_first(agreed)
    said = set(re.findall(r"\$[\d,.]*\d", text(agreed, payment=payment, now=START + timedelta(hours=hours))))
    paid = {chosen.pay_now} | ({chosen.at_the_clinic} if chosen.way != "full" else set())
    charged = {amount for amount in (*paid, chosen.late_fee, chosen.no_show_fee) if amount}
    assert {one for one in said if one != "$0.00"} == {money(amount, "CAD") for amount in charged}


@given(agreements(), agreements())
def test_other_terms_have_another_mark_and_the_same_have_the_same(one: Agreed, other: Agreed) -> None:
    marks = [stamp_of(agreed, now=EARLY, **ZONE) for agreed in (one, replace(one), other)]
    assert marks[0] == marks[1]
    assert (marks[0] == marks[2]) == (one == other)


def test_the_mark_is_another_once_it_is_free_no_more() -> None:
    agreed = agree(Policy(late_fee=Part(amount=100)), price=12000, start=START, may_prepay=True)
    assert stamp_of(agreed, now=EARLY, **ZONE) != stamp_of(agreed, now=START, **ZONE)


@given(agreements())
def test_the_numbers_are_kept_whole(agreed: Agreed) -> None:
    kept = sums_of(agreed)
    until = datetime.fromisoformat(str(kept["free_until"]))
    assert Agreed(**{**{one.name: kept[one.name] for one in fields(Agreed)}, "free_until": until}) == agreed

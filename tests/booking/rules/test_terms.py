"""When a visit is paid and what missing it costs: whatever the terms, nobody is charged what they were not shown."""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from booking.rules.policy import fee_for_cancelling, fee_for_moving
from booking.rules.sums import NotASum
from booking.rules.terms import BEFORE, NO_PART, Agreed, Part, Person, Policy, agree, read_part, without_paying_first

START = datetime(2026, 12, 1, 17, tzinfo=UTC)
DEPOSIT = Policy(way="deposit", deposit=Part(amount=4000), late_fee=Part(percent=50), no_show_fee=Part(percent=100))
HONEST = ("unwell", "clinic", "screening-declined", "review-lapsed", "not-cleared", "payment-lapsed", "hold-expired")

amounts = st.integers(0, 50_000)
parts = st.builds(Part, amount=amounts) | st.builds(Part, percent=st.integers(1, 100)) | st.just(NO_PART)
ways = st.sampled_from(["full", "deposit", "keep-card", "desk", "nothing"])
policies = st.builds(
    Policy,
    way=ways,
    deposit=parts,
    late_fee=parts,
    no_show_fee=parts,
    free_cancel_hours=st.integers(0, 200),
    or_at_desk=st.booleans(),
    forgives_first_miss=st.booleans(),
    prepay_after_misses=st.none() | st.integers(1, 5),
)
people = st.builds(Person, way=st.none() | ways, no_fees=st.booleans(), misses=st.integers(0, 6), strayed=st.booleans())


@st.composite
def agreements(draw: Any) -> Agreed:
    price = draw(st.integers(0, 50_000))
    part = draw(st.integers(0, price))
    return agree(
        draw(policies),
        price=price,
        patients_part=part,
        start=START,
        person=draw(st.none() | people),
        may_prepay=draw(st.booleans()),
    )


def terms(policy: Policy = DEPOSIT, **over: Any) -> Agreed:
    return agree(policy, **{"price": 12000, "start": START, "may_prepay": True, **over})


def sums(agreed: Agreed) -> tuple[str, int, int, int, int]:
    return agreed.way, agreed.pay_now, agreed.at_the_clinic, agreed.late_fee, agreed.no_show_fee


def test_a_deposit_now_the_rest_later_and_fees_of_the_price() -> None:
    assert sums(terms()) == ("deposit", 4000, 8000, 6000, 12000)
    assert terms().free_until == START - timedelta(hours=24)


@pytest.mark.parametrize(
    ("way", "expected"),
    [
        ("full", ("full", 12000, 0, 6000, 12000)),
        ("keep-card", ("keep-card", 0, 12000, 6000, 12000)),
        ("desk", ("desk", 0, 12000, 6000, 12000)),
        ("nothing", ("nothing", 0, 12000, 6000, 12000)),
    ],
)
def test_each_way_asks_for_its_part(way: Any, expected: object) -> None:
    assert sums(terms(replace(DEPOSIT, way=way))) == expected


def test_a_patients_own_way_and_freedom_from_fees_come_before_the_clinics() -> None:
    assert sums(terms(person=Person(way="desk"))) == ("desk", 0, 12000, 6000, 12000)
    assert sums(terms(person=Person(no_fees=True))) == ("deposit", 4000, 8000, 0, 0)


def test_after_three_misses_all_of_it_is_paid_first_and_not_at_the_desk() -> None:
    after_three = replace(DEPOSIT, prepay_after_misses=3)
    twice, thrice = (terms(after_three, person=Person(misses=misses, strayed=True)) for misses in (2, 3))
    assert (twice.way, twice.or_at_desk, twice.because_of_misses) == ("deposit", True, False)
    assert (thrice.way, thrice.pay_now, thrice.or_at_desk, thrice.because_of_misses) == ("full", 12000, False, True)


def test_what_somebody_else_pays_is_not_asked_for() -> None:
    assert sums(terms(patients_part=3000)) == ("full", 3000, 0, 6000, 12000)
    assert sums(terms(patients_part=0)) == ("nothing", 0, 0, 6000, 12000)


def test_a_card_is_kept_only_for_fees_that_nothing_else_covers() -> None:
    covered = replace(DEPOSIT, late_fee=Part(amount=4000), no_show_fee=Part(amount=4000))
    no_fees = replace(DEPOSIT, way="keep-card", late_fee=NO_PART, no_show_fee=NO_PART)
    assert [terms().keeps_card, terms(covered).keeps_card] == [True, False]
    assert (terms(no_fees).way, terms(no_fees).keeps_card) == ("desk", False)
    assert without_paying_first(terms()).keeps_card is False


def test_a_first_miss_is_forgiven_once() -> None:
    kind = replace(DEPOSIT, forgives_first_miss=True)
    assert [terms(kind, person=Person(strayed=strayed)).forgives_first_miss for strayed in (False, True)] == [
        True,
        False,
    ]


@given(agreements())
def test_all_parts_together_are_the_price(agreed: Agreed) -> None:
    assert agreed.by_payer + agreed.pay_now + agreed.at_the_clinic == agreed.price
    assert min(agreed.by_payer, agreed.pay_now, agreed.at_the_clinic, agreed.late_fee, agreed.no_show_fee) >= 0
    assert (agreed.pay_now > 0) == (agreed.way in ("full", "deposit"))


@given(policies, st.integers(0, 50_000), people)
def test_where_it_is_forbidden_nothing_is_asked_for_before_the_visit(policy: Policy, price: int, who: Person) -> None:
    agreed = agree(policy, price=price, start=START, person=who, may_prepay=False)
    assert agreed.way not in BEFORE
    assert (agreed.pay_now, agreed.at_the_clinic, agreed.keeps_card, agreed.or_at_desk) == (0, price, False, True)


@given(agreements())
def test_who_pays_at_the_clinic_instead_agrees_to_the_same_but_when(agreed: Agreed) -> None:
    other = without_paying_first(agreed)
    same = [one.name for one in fields(Agreed) if one.name not in ("way", "pay_now", "at_the_clinic", "keeps_card",
                                                                   "because_of_misses")]  # fmt: skip
    assert [getattr(other, name) for name in same] == [getattr(agreed, name) for name in same]
    assert (other.pay_now, other.at_the_clinic) == (0, agreed.pay_now + agreed.at_the_clinic)


@given(agreements(), st.sampled_from(["patient", *HONEST]), st.integers(-400, 10), st.booleans())
def test_a_cancellation_costs_what_was_shown_or_nothing(
    agreed: Agreed, reason: str, hours: int, confirmed: bool
) -> None:
    now = START + timedelta(hours=hours)
    fee = fee_for_cancelling(
        reason=reason, free_until=agreed.free_until, late_fee=agreed.late_fee, confirmed=confirmed, now=now
    )
    is_late = reason == "patient" and confirmed and now > agreed.free_until
    assert fee == (agreed.late_fee if is_late else 0)


@given(agreements(), st.sampled_from(HONEST), st.integers(-400, 10))
def test_who_is_honest_and_whom_we_fail_pays_nothing(agreed: Agreed, reason: str, hours: int) -> None:
    said: dict[str, Any] = {"free_until": agreed.free_until, "late_fee": agreed.late_fee, "confirmed": True}
    now = START + timedelta(hours=hours)
    assert fee_for_cancelling(reason=reason, now=now, **said) == 0
    assert fee_for_moving(by_clinic=True, now=now, **said) == 0


@given(policies, st.integers(0, 50_000), people, st.integers(0, 6))
def test_who_misses_more_is_never_asked_for_less(policy: Policy, price: int, who: Person, more: int) -> None:
    assume(not who.no_fees)
    before, after = (
        agree(policy, price=price, start=START, person=replace(who, misses=misses), may_prepay=True)
        for misses in (who.misses, who.misses + more)
    )
    assert after.pay_now >= before.pay_now


@pytest.mark.parametrize(
    ("typed", "part"),
    [
        ("", NO_PART),
        (" 40 ", Part(amount=4000)),
        ("40.50", Part(amount=4050)),
        ("50%", Part(percent=50)),
        ("100 %", Part(percent=100)),
    ],
)
def test_a_part_is_read_as_it_is_typed(typed: str, part: Part) -> None:
    assert read_part(typed) == part


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("0%", "percent"),
        ("101%", "percent"),
        ("1,50", "comma"),
        ("-5", "negative"),
        ("0", "zero"),
        ("$40", "currency"),
        ("NaN", "unreadable"),
        ("50.5%", "unreadable"),
        ("99999999", "too-large"),
    ],
)
def test_anything_else_is_refused(typed: str, code: str) -> None:
    with pytest.raises(NotASum) as refused:
        read_part(typed)
    assert refused.value.code == code

"""What a receipt says adds up, whatever is on it."""

from hypothesis import given
from hypothesis import strategies as st

from booking.rules.receipts import (
    Line,
    Paid,
    Rate,
    Said,
    Tax,
    as_facts,
    correction_needed,
    from_facts,
    reversal_of,
    split_payments,
    tax_inside,
    taxed,
    took_place,
)

DAY = "2026-11-24"
GST, QST = Rate("GST", 5000, "123456789 RT0001"), Rate("QST", 9975)
rates = st.lists(st.sampled_from([GST, QST, Rate("HST", 13000), Rate("PST", 7000)]), max_size=3, unique=True)
amounts = st.integers(0, 10_000_000)
lines = st.builds(lambda amount, on: taxed(text="Visit", on=DAY, amount=amount, rates=on), amounts, rates)
payments = st.builds(
    Paid, st.just(DAY), st.sampled_from(["cash", "card", "payer"]), st.integers(-1_000_000, 10_000_000)
)
documents = st.builds(
    lambda said, paid: Said(tuple(said), tuple(paid)),
    st.lists(lines, min_size=1, max_size=6),
    st.lists(payments, max_size=6),
)


def test_five_per_cent_inside_a_hundred_and_five() -> None:
    assert tax_inside(10500, [GST]) == (Tax("GST", 5000, "123456789 RT0001", 500),)


def test_quebecs_two_taxes_are_both_of_the_net() -> None:
    line = taxed(text="Massage", on=DAY, amount=11498, rates=[GST, QST])
    assert [(tax.name, tax.amount) for tax in line.taxes] == [("GST", 500), ("QST", 998)]  # 100.00 + 5.00 + 9.98
    assert Said((line,), ()).net == 10000


def test_half_a_cent_of_tax_is_rounded_up() -> None:
    assert [tax_inside(amount, [GST])[0].amount for amount in (0, 10, 11, 31, 32)] == [0, 0, 1, 1, 2]


def test_only_a_visit_that_was_finished_took_place() -> None:
    states = ("proposed", "pending", "booked", "arrived", "checked-in", "fulfilled", "noshow", "cancelled")
    assert [one for one in (*states, "entered-in-error") if took_place(one)] == ["fulfilled"]


def test_a_fee_takes_its_share_before_the_treatment_does() -> None:
    money = (Paid(DAY, "cash", 10000), Paid(DAY, "card", 6000))
    treatment, fee = split_payments(money, fees=4000, on=DAY)
    assert treatment == (*money, Paid(DAY, "used-for-fee", -4000))
    assert fee == (Paid(DAY, "of-visits-money", 4000),)
    assert split_payments(money, fees=0, on=DAY) == (money, ())
    assert split_payments((), fees=4000, on=DAY) == ((), ())


def test_an_insurers_money_never_pays_a_fee() -> None:
    money = (Paid(DAY, "payer", 8000), Paid(DAY, "cash", 1000))
    assert split_payments(money, fees=4000, on=DAY) == (
        (*money, Paid(DAY, "used-for-fee", -1000)),
        (Paid(DAY, "of-visits-money", 1000),),
    )


def test_what_makes_a_credit_note_necessary() -> None:
    issued = Said((Line("Visit", DAY, 12000),), (Paid(DAY, "cash", 12000),))
    given_back = Said(issued.lines, (*issued.payments, Paid(DAY, "cash", -2000)))
    dearer = Said((Line("Visit", DAY, 13000),), issued.payments)
    paid_more = Said(issued.lines, (*issued.payments, Paid(DAY, "cash", 500)))
    by_card = Said(issued.lines, (Paid(DAY, "terminal", 12000),))
    renamed = Said((Line("Another name", DAY, 12000),), issued.payments)
    assert [correction_needed(issued, now) for now in (issued, renamed)] == ["", ""]
    assert [correction_needed(issued, now) for now in (None, given_back)] == ["not-given", "refunded"]
    assert [correction_needed(issued, now) for now in (dearer, paid_more, by_card)] == ["changed"] * 3


@given(documents)
def test_the_lines_make_the_total_and_so_do_paid_and_balance(said: Said) -> None:
    assert said.total == sum(line.amount for line in said.lines)
    assert said.paid + said.balance == said.total
    assert said.net + sum(tax.amount for tax in said.taxes) == said.total


@given(amounts, rates)
def test_tax_inside_is_the_tax_on_the_net_to_the_cent(amount: int, on: list[Rate]) -> None:
    taxes = tax_inside(amount, on)
    net = amount - sum(tax.amount for tax in taxes)
    assert 0 <= net <= amount
    for tax in taxes:  # a cent for each rounding
        assert abs(tax.amount - net * tax.thousandths / 100_000) <= 1


@given(documents)
def test_a_credit_note_is_the_exact_opposite(said: Said) -> None:
    opposite = reversal_of(said)
    both = Said((*said.lines, *opposite.lines), (*said.payments, *opposite.payments))
    assert (both.total, both.paid, both.balance, both.net) == (0, 0, 0, 0)
    assert all(tax.amount == 0 for tax in both.taxes)
    assert reversal_of(opposite) == said


@given(documents)
def test_what_is_kept_is_what_was_said(said: Said) -> None:
    assert from_facts(as_facts(said)) == said


@given(st.lists(payments, max_size=6), amounts)
def test_nothing_is_lost_between_a_treatment_and_its_fee(money: list[Paid], fees: int) -> None:
    treatment, fee = split_payments(money, fees=fees, on=DAY)
    assert sum(one.amount for one in (*treatment, *fee)) == sum(one.amount for one in money)
    assert 0 <= sum(one.amount for one in fee) <= fees

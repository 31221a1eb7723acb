"""What a money panel says, state by state: what is wrong, what moves by itself, what a person must do."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.rules.money_words import (
    Bill,
    Card,
    Dispute,
    Fee,
    Online,
    Said,
    Stand,
    movement_code,
    sums_by_way,
    way_of,
    what_happens_next,
)

LATER = datetime(2026, 11, 24, 10, 30, tzinfo=UTC)
PRICE = 12000
UNPAID = {"owed": PRICE, "due": PRICE}
PAID = {"owed": PRICE, "due": 0}


def online(state: str, amount: int = 4000, **over: Any) -> Online:
    return Online(state=state, amount=amount, **over)


STATES: dict[str, tuple[dict[str, Any], list[Said]]] = {
    # Nothing online.
    "free": ({"status": "booked"}, [Said("nothing-to-pay")]),
    "booked, to be paid there": ({"status": "booked", **UNPAID}, [Said("due-then", PRICE)]),
    "asked for, to be paid there": (
        {"status": "pending", "awaiting": "review", **UNPAID},
        [Said("due-if-yes", PRICE)],
    ),
    "here and not paid": ({"status": "arrived", **UNPAID}, [Said("due-now", PRICE)]),
    "done and not paid": ({"status": "fulfilled", **UNPAID}, [Said("due-now", PRICE)]),
    "done and paid": ({"status": "fulfilled", **PAID}, [Said("all-paid", PRICE)]),
    "paid too much at the desk": ({"status": "fulfilled", "owed": PRICE, "due": -500}, [Said("hand-back", 500)]),
    # A deposit at Stripe.
    "the patient is paying": (
        {"status": "pending", "awaiting": "payment", **UNPAID, "online": [online("open", until=LATER)]},
        [Said("paying", 4000, LATER), Said("due-then", 8000)],
    ),
    "the page is being closed": (
        {"status": "booked", **UNPAID, "online": [online("open", keep=0)]},
        [Said("closing", 4000), Said("due-then", PRICE)],
    ),
    "held until a therapist decides": (
        {
            "status": "pending",
            "awaiting": "review",
            "owed": PRICE,
            "due": 8000,
            "decide_by": LATER,
            "online": [online("authorised")],
        },
        [Said("held-for-review", 4000, LATER), Said("due-if-yes", 8000)],
    ),
    "held, and nothing decided yet": (
        {"status": "booked", "owed": 4000, "online": [online("authorised")]},
        [Said("held", 4000)],
    ),
    "being taken": (
        {"status": "booked", "owed": PRICE, "due": 8000, "online": [online("authorised", keep=4000)]},
        [Said("taking", 4000), Said("due-then", 8000)],
    ),
    "being released": (
        {"status": "cancelled", "online": [online("authorised", keep=0)]},
        [Said("releasing", 4000)],
    ),
    "released": ({"status": "cancelled", "online": [online("voided", keep=0)]}, [Said("nothing-owed")]),
    "never paid": ({"status": "cancelled", "online": [online("lapsed", keep=0)]}, [Said("nothing-owed")]),
    "taken": (
        {"status": "booked", "owed": PRICE, "due": 8000, "online": [online("captured", keep=4000, taken=4000)]},
        [Said("due-then", 8000)],
    ),
    "going back": (
        {"status": "cancelled", "due": -4000, "online": [online("captured", keep=0, taken=4000)]},
        [Said("giving-back", 4000)],
    ),
    "a part of it going back": (
        {"status": "cancelled", "owed": 1000, "due": -3000, "online": [online("captured", keep=1000, taken=4000)]},
        [Said("giving-back", 3000)],
    ),
    "given back": (
        {"status": "cancelled", "online": [online("captured", keep=0, taken=4000, sent_back=4000)]},
        [Said("nothing-owed")],
    ),
    "the bank could not give it back": (
        {
            "status": "cancelled",
            "due": -4000,
            "online": [online("captured", keep=0, taken=4000, sent_back=4000, came_back=4000)],
        },
        [Said("refund-failed", 4000)],
    ),
    "the bank could not give it back, and the desk did": (
        {"status": "cancelled", "online": [online("captured", keep=0, taken=4000, sent_back=4000, came_back=4000)]},
        [Said("nothing-owed")],
    ),
    "Stripe refused to take it": (
        {"status": "booked", "owed": 4000, "online": [online("authorised", keep=4000, refused=True)]},
        [Said("refused", 4000)],
    ),
    "Stripe refused to give it back": (
        {"status": "cancelled", "due": -4000, "online": [online("captured", keep=0, taken=4000, refused=True)]},
        [Said("refused", 4000), Said("hand-back", 4000)],
    ),
    "a link is out": (
        {"status": "fulfilled", **UNPAID, "link_until": LATER},
        [Said("link-out", PRICE, LATER)],
    ),
    "a link is out for a visit to come": (
        {"status": "booked", **UNPAID, "link_until": LATER},
        [Said("link-out", PRICE, LATER)],
    ),
    "somebody has opened the page of a link": (
        {"status": "fulfilled", **UNPAID, "link_until": LATER, "online": [online("open", PRICE, is_deposit=False)]},
        [Said("page-open", PRICE), Said("link-out", PRICE, LATER)],
    ),
    "a link that was paid": (
        {"status": "fulfilled", **PAID, "link_until": LATER},
        [Said("all-paid", PRICE)],
    ),
    # A cardholder complains at the bank.
    "a dispute to answer": (
        {
            "status": "fulfilled",
            **PAID,
            "online": [online("captured", PRICE, keep=PRICE, taken=PRICE)],
            "disputes": [Dispute(state="open", amount=PRICE)],
        },
        [Said("dispute-open", PRICE)],
    ),
    "a dispute won": (
        {"status": "fulfilled", **PAID, "disputes": [Dispute(state="won", amount=PRICE)]},
        [Said("dispute-won", PRICE)],
    ),
    "a dispute lost": (
        {"status": "fulfilled", **UNPAID, "disputes": [Dispute(state="lost", amount=PRICE)]},
        [Said("dispute-lost", PRICE), Said("due-now", PRICE)],
    ),
    # A cancellation that can still be undone.
    "cancelled a moment ago, with a fee": (
        {"status": "cancelled", "owed": 4000, "due": 4000, "undo_until": LATER, "fee_then": 4000},
        [Said("undo-then-fee", 4000, LATER)],
    ),
    "cancelled a moment ago, free": (
        {"status": "cancelled", "due": -4000, "undo_until": LATER},
        [Said("undo-then-free", at=LATER)],
    ),
    "cancelled a moment ago, and nothing was paid": (
        {"status": "cancelled", "undo_until": LATER},
        [Said("undo-then-nothing", at=LATER)],
    ),
    "cancelled a moment ago, and a package would have paid": (
        {"status": "cancelled", "due": -9000, "undo_until": LATER, "package": "Three visits"},
        [Said("undo-then-returned", at=LATER)],
    ),
    "cancelled a moment ago, and the fee is as high as the session of the package": (
        {"status": "cancelled", "owed": 7500, "undo_until": LATER, "fee_then": 7500, "package": "Three visits"},
        [Said("undo-then-used", at=LATER, name="Three visits")],
    ),
    "cancelled a moment ago, with money on hold": (
        {"status": "cancelled", "undo_until": LATER, "online": [Online(state="authorised", amount=4000, keep=0)]},
        [Said("undo-then-free", at=LATER), Said("releasing", 4000)],
    ),
    # Fees and the card that is kept for them.
    "a fee to collect": ({"status": "noshow", "owed": 4000, "due": 4000}, [Said("fee-due", 4000)]),
    "the card is asked for": (
        {"status": "pending", "awaiting": "payment", **UNPAID, "card": Card(state="asked", until=LATER)},
        [Said("card-asked", at=LATER), Said("due-then", PRICE)],
    ),
    "the card is kept": (
        {"status": "booked", **UNPAID, "fee_at_most": 6000, "card": Card(state="kept", name="Visa 4242")},
        [Said("card-kept", 6000, name="Visa 4242"), Said("due-then", PRICE)],
    ),
    "the card was kept and the visit took place": (
        {"status": "fulfilled", **PAID, "card": Card(state="kept", name="Visa 4242")},
        [Said("all-paid", PRICE)],
    ),
    "a fee for a manager to decide": (
        {"status": "noshow", "owed": 6000, "due": 6000, "fees": [Fee(state="proposed", amount=6000)]},
        [Said("fee-proposed", 6000)],
    ),
    "a fee that will be taken": (
        {"status": "noshow", "owed": 6000, "due": 6000, "fees": [Fee(state="approved", amount=6000, take_at=LATER)]},
        [Said("fee-approved", 6000, LATER)],
    ),
    "a fee on its way": (
        {"status": "noshow", "owed": 6000, "due": 6000, "fees": [Fee(state="taking", amount=6000)]},
        [Said("fee-taking", 6000)],
    ),
    "a fee taken": (
        {"status": "noshow", "owed": 6000, "fees": [Fee(state="taken", amount=6000)]},
        [Said("fee-taken", 6000)],
    ),
    "the card was declined and a link sent": (
        {
            "status": "noshow",
            "owed": 6000,
            "due": 6000,
            "fees": [Fee(state="declined", amount=6000)],
            "link_until": LATER,
        },
        [Said("fee-declined", 6000), Said("link-out", 6000, LATER)],
    ),
    "a fee waived": (
        {"status": "noshow", "fees": [Fee(state="waived", amount=6000, name="Dana")]},
        [Said("fee-waived", 6000, name="Dana")],
    ),
    "a fee paid by hand": (
        {"status": "noshow", "owed": 6000, "fees": [Fee(state="paid", amount=6000)]},
        [Said("fee-paid", 6000)],
    ),
    "a fee that came to nothing": (
        {"status": "booked", **UNPAID, "fees": [Fee(state="withdrawn", amount=6000)]},
        [Said("due-then", PRICE)],
    ),
    # A package.
    "a session of a package": (
        {"status": "booked", **PAID, "package": "Five sessions"},
        [Said("package-pays", name="Five sessions")],
    ),
    "a session of a package, used": (
        {"status": "fulfilled", **PAID, "package": "Five sessions"},
        [Said("package-paid", name="Five sessions")],
    ),
    # Somebody else pays.
    "a payer, after the visit": (
        {"status": "booked", "by_payer": PRICE, "payer": "Board"},
        [Said("bill-later", PRICE, name="Board")],
    ),
    "to be billed": (
        {"status": "fulfilled", "by_payer": PRICE, "bills": [Bill(state="to-bill", amount=PRICE, payer="Board")]},
        [Said("bill-to-bill", PRICE, name="Board")],
    ),
    "billed": (
        {
            "status": "fulfilled",
            "owed": 2000,
            "due": 2000,
            "by_payer": 10000,
            "bills": [Bill(state="billed", amount=10000, payer="Board", at=LATER)],
        },
        [Said("bill-billed", 10000, LATER, "Board"), Said("due-now", 2000)],
    ),
    "paid in part": (
        {
            "status": "fulfilled",
            "by_payer": PRICE,
            "bills": [Bill(state="part-paid", amount=PRICE, paid=5000, payer="Board")],
        },
        [Said("bill-part-paid", 7000, name="Board")],
    ),
    "paid by the payer": (
        {"status": "fulfilled", "by_payer": PRICE, "bills": [Bill(state="paid", amount=PRICE, paid=PRICE, payer="B")]},
        [Said("bill-paid", PRICE, name="B")],
    ),
    "denied and not paid": (
        {"status": "fulfilled", **UNPAID, "bills": [Bill(state="denied", amount=PRICE, payer="Board", at=LATER)]},
        [Said("bill-denied", PRICE, LATER, "Board"), Said("due-now", PRICE)],
    ),
    "denied and paid by the patient": (
        {"status": "fulfilled", **PAID, "bills": [Bill(state="denied", amount=PRICE, payer="Board", at=LATER)]},
        [Said("bill-was-denied", PRICE, LATER, "Board")],
    ),
}


@pytest.mark.parametrize(("facts", "said"), STATES.values(), ids=STATES)
def test_every_state_says_what_happens_next(facts: dict[str, Any], said: list[Said]) -> None:
    assert list(what_happens_next(Stand(**facts))) == said


@given(
    status=st.sampled_from(["pending", "booked", "arrived", "checked-in", "fulfilled", "cancelled", "noshow"]),
    due=st.integers(-20_000, 20_000),
    deposit=st.integers(1, 20_000),
    fee=st.integers(1, 20_000),
    link=st.booleans(),
)
def test_what_is_due_is_asked_for_once(status: str, due: int, deposit: int, fee: int, link: bool) -> None:
    stand = Stand(
        status=status,
        owed=20_000,
        due=due,
        online=[online("open", deposit)],
        fees=[Fee(state="proposed", amount=fee)],
        link_until=LATER if link else None,
    )
    said = {one.code: one.amount for one in what_happens_next(stand)}
    by_hand = sum(said.get(code, 0) for code in ("due-if-yes", "due-then", "due-now", "fee-due", "link-out"))
    assert (by_hand, said.get("hand-back", 0)) == (max(0, due - deposit - fee), max(0, -due))


@pytest.mark.parametrize(
    ("movement", "code"),
    [
        (("charge", "stripe", ""), "asked"),
        (("charge", "desk", ""), ""),
        (("credit", "stripe", ""), ""),
        (("authorisation", "stripe", "card"), "authorisation"),
        (("capture", "stripe", "card"), "capture"),
        (("refund", "stripe", "card"), "refund"),
        (("refund", "desk", "cash"), "handed-back"),
        (("refund", "payer", "payer"), "payer-took-back"),
        (("refund-failed", "stripe", "card"), "refund-failed"),
        (("desk", "desk", "terminal"), "desk"),
        (("payer", "payer", "payer"), "payer"),
        (("fee", "desk", "noshow"), "fee-noshow"),
        (("fee", "stripe", "cancelled"), "fee-cancelled"),
        (("fee", "stripe", "booked"), "fee-moved"),
    ],
)
def test_every_movement_has_its_sentence(movement: tuple[str, str, str], code: str) -> None:
    kind, gateway, method = movement
    assert movement_code(kind, gateway=gateway, method=method) == code


def test_a_day_is_summed_by_the_way_money_came() -> None:
    ways = [("desk", "cash"), ("stripe", "card"), ("desk", "cash"), ("payer", "payer")]
    named = [way_of(gateway=gateway, method=method) for gateway, method in ways]
    assert named == ["cash", "online", "cash", "payer"]
    assert sums_by_way(zip(named, [5000, 4000, -1500, 9000], strict=True)) == [
        ("cash", 5000, 1500),
        ("online", 4000, 0),
        ("payer", 9000, 0),
    ]

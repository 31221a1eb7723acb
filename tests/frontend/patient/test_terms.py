"""What is agreed to on the pages: exact sums and times, and nothing that was not shown."""

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.http import HttpResponse
from django.utils.html import strip_tags

from booking.models import Agreement, Appointment, Location
from tests.factories.booking import NOW, Clinic, at, make_terms
from tests.factories.receipts import pay
from tests.frontend.patient.person import DETAILS, Person, text_of


@pytest.fixture
def priced(clinic: Clinic) -> Clinic:
    """The phone call, which asks no questions, costs 50.00."""
    clinic.call.price_amount = 5000
    clinic.call.save()
    return clinic


def words_of(answer: HttpResponse) -> str:
    """The page without its marks, a space where one was."""
    return " ".join(strip_tags(text_of(answer).replace("<", " <")).split())


def agree_page(person: Person, **terms: Any) -> str:
    """The page on which it is agreed to, for Wednesday at nine."""
    make_terms(person.clinic.call, **{"deposit_amount": None, "late_fee_amount": 2000, **terms})
    person.pick(at(9, days=2), service=person.clinic.call.slug, request_key=str(uuid4()))
    person.post("/book/details/", **{**DETAILS, "phone": "780-555-0134"})
    return words_of(person.get("/book/agree/"))


def agree(person: Person, **said: str) -> Any:
    stamp = re.search(r'name="terms" value="(\w+)"', text_of(person.get("/book/agree/")))
    assert stamp is not None
    return person.post("/book/agree/", **{"agree": "on", "terms": stamp[1], **said})


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        ({"way": "full"}, ["Visit $50.00", "Pay now by card: $50.00", "Pay at the clinic: $50.00",
                           "By card: Your bank may show $50.00 as pending until your visit is certain."]),
        ({"way": "full", "or_at_desk": False}, ["To pay when you book $50.00"]),
        ({"way": "deposit", "deposit_percent": 30},
         ["Visit $50.00", "Pay at the clinic: $50.00",
          "Pay the deposit now by card: $15.00. Then $35.00 at the clinic."]),
        ({"way": "deposit", "deposit_percent": 30, "or_at_desk": False},
         ["Deposit $15.00", "after the deposit $35.00"]),
        ({"way": "keep-card", "or_at_desk": False}, ["You leave a card with us. Nothing is taken now.",
                                                     "We keep your card for the fees named here and nothing else."]),
        ({"way": "desk"}, ["You pay $50.00 at the clinic."]),
        ({"way": "nothing"}, ["There is nothing to pay now. You pay $50.00 at the clinic."]),
    ],
)  # fmt: skip
def test_each_way_says_its_sums(
    person: Person, priced: Clinic, settings: Any, terms: dict[str, Any], words: list[str]
) -> None:
    settings.STRIPE_SECRET_KEY = "sk_test_x"
    page = agree_page(person, **terms, no_show_fee_amount=5000, forgives_first_miss=True)
    fees = [
        "Free to cancel or move until Tuesday 24 November, 9:00 (Mountain time). After that it costs $20.00.",
        "If you don't come, it costs $50.00.",
        "The first time you cancel late, move late or don't come, it costs nothing.",
    ]
    assert [one for one in [*words, *fees] if one not in page] == []
    if "Pay at the clinic: $50.00" in page:  # what is paid now is still to be chosen
        assert "To pay when you book" not in page
        assert "Left to pay" not in page


def test_what_was_shown_is_kept_and_shown_again(person: Person, priced: Clinic) -> None:
    agree_page(person, way="desk")
    assert agree(person)["Location"] == "/visit/"
    kept = Agreement.objects.get()
    assert kept.text.splitlines()[0] == "You pay $50.00 at the clinic."
    page = text_of(person.get("/visit/"))
    assert [line for line in kept.text.splitlines() if line not in page] == []


def test_terms_that_changed_meanwhile_are_shown_before_anything_is_booked(person: Person, priced: Clinic) -> None:
    agree_page(person, way="desk")
    old = re.search(r'name="terms" value="(\w+)"', text_of(person.get("/book/agree/")))
    make_terms(priced.call, way="desk", deposit_amount=None, late_fee_amount=4500)
    answer = person.post("/book/agree/", agree="on", terms=old[1] if old else "")
    assert (answer.status_code, "What it costs has changed" in text_of(answer), "$45.00" in text_of(answer)) == (
        409,
        True,
        True,
    )
    assert Appointment.objects.get().status == "proposed"
    assert agree(person)["Location"] == "/visit/"
    assert Appointment.objects.get().late_fee_amount == 4500


def test_where_it_is_forbidden_the_page_asks_for_nothing_first(person: Person, priced: Clinic, settings: Any) -> None:
    settings.STRIPE_SECRET_KEY = "sk_test_x"
    Location.objects.update(forbids_prepayment=True)
    page = agree_page(person, way="full", deposit_amount=None)
    assert ("You pay $50.00 at the clinic." in page, "by card" in page, "Stripe" in page) == (True, False, False)
    assert person.post("/book/agree/", agree="on", payment="online")["Location"] == "/visit/"
    assert Appointment.objects.get().payment_choice == "none"


def test_a_first_time_that_is_forgiven_is_said_when_it_is_late(person: Person, priced: Clinic) -> None:
    agree_page(person, way="desk", forgives_first_miss=True)
    agree(person)
    Appointment.objects.update(free_cancel_until=NOW - timedelta(hours=1))
    page = words_of(person.get("/visit/"))
    assert "usually it costs $20.00 now. The first time costs you nothing." in page
    assert "Free of charge until" not in page
    asked = words_of(person.get("/visit/cancel/"))
    assert "Cancelling is free of charge" in asked
    assert "usually that costs $20.00. The first time costs you nothing; the next time it does." in asked
    assert "The first time costs you nothing; the next time it does." in words_of(person.get("/visit/move/"))


def test_a_first_time_that_is_forgiven_is_said_while_it_is_early(person: Person, priced: Clinic) -> None:
    agree_page(person, way="desk", forgives_first_miss=True)
    agree(person)
    page = words_of(person.get("/visit/"))
    assert "After that it usually costs $20.00, but the first time costs you nothing." in page
    assert "the next time it does" not in words_of(person.get("/visit/cancel/"))


def test_what_was_paid_counts_towards_the_fee(person: Person, priced: Clinic) -> None:
    agree_page(person, way="desk")
    agree(person)
    Appointment.objects.update(free_cancel_until=NOW - timedelta(hours=1))
    pay(person.visit, 1500)
    page = words_of(person.get("/visit/cancel/"))
    assert "Cancelling now costs $20.00" in page
    assert "The $15.00 you have paid counts towards it. $5.00 is left to pay." in page
    pay(person.visit, 2500)
    assert "It is kept from what you have paid. $20.00 goes back to you." in words_of(person.get("/visit/cancel/"))

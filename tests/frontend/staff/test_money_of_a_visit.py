"""Taking and giving back on the page of a visit, the link to pay, and the sheet of the day."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.urls import reverse
from pytest_django import Settings

from booking.models import FeeCase, PayLink, TillCount
from booking.payments.ledger import balance_of
from booking.selectors.pay_links import token_of
from booking.services.cancellations import cancel_appointment, settle_cancellations
from booking.services.fee_cases import waive_fee
from tests.factories import booking as made
from tests.factories import intake as people
from tests.factories.accounts import prove_again
from tests.frontend.staff.conftest import NOW, Desk


def _address(desk: Desk, name: str) -> str:
    return reverse(f"staff:{name}", args=[desk.visit.pk])


def _text(answer: object) -> str:
    return answer.content.decode().replace("&#x27;", "'").replace("\xa0", " ")  # type: ignore[attr-defined]


def _paid(desk: Desk, amount: str = "120", **more: str) -> object:
    said = {"amount": amount, "method": "cash", "request_key": str(uuid4())} | more
    return desk.browsers["reception"].post(_address(desk, "paid"), said)


def test_the_sum_that_is_due_stands_there_and_enter_is_enough(desk: Desk) -> None:
    text = _text(desk.browsers["reception"].get(_address(desk, "visit")))
    assert re.search(r'name="amount" value="120.00"[^>]*id="pay_amount"', text)
    assert re.search(r'name="method" value="terminal"[^>]*checked', text)


def test_one_form_takes_several_ways(desk: Desk) -> None:
    more = {"amount_2": "30.50", "way_2": "gift-card", "amount_3": "9.50", "way_3": "terminal"}
    assert _paid(desk, "80.00", **more).status_code == 303  # type: ignore[attr-defined]
    entries = desk.visit.payments.filter(entries__kind="desk").values_list("entries__amount", "entries__method")
    rows = sorted(row for row in entries if row[0] in (8000, 3050, 950))
    assert rows == [(950, "terminal"), (3050, "gift-card"), (8000, "cash")]
    assert balance_of(desk.visit).due == 0
    said = "Paid at the desk: $80.00 cash, $30.50 gift card, $9.50 card terminal"
    pages = (_address(desk, "visit"), reverse("staff:money-day"), reverse("staff:account", args=[desk.patient.pk]))
    shown = [_text(desk.browsers["reception"].get(page)) for page in pages]
    assert [(text.count(said), text.count("+$120.00")) for text in shown] == [(1, 1)] * 3
    assert "$120.00 taken: $80.00 cash, $30.50 gift card, $9.50 card terminal." in shown[0]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "This field is required."),
        ("0", "Please type a sum above zero."),
        ("-5", "Please type a sum above zero."),
        ("1,50", "no comma"),
        ("1,234.50", "no comma"),
        ("NaN", "Please type the sum in digits"),
        ("1e9", "Please type the sum in digits"),
        ("50 USD", "without a currency"),
        ("9" * 200, "too large"),
        ("12.345", "at most two digits"),
        ("120.01", "Only $120.00 is due."),
    ],
)
def test_a_sum_that_can_t_be_taken_is_refused_in_words(desk: Desk, typed: str, words: str) -> None:
    answer = _paid(desk, typed)
    assert answer.status_code == 422  # type: ignore[attr-defined]
    assert "Please look at this again" in _text(answer)
    assert words in _text(answer)
    assert balance_of(desk.visit).paid == 0


def test_half_of_a_row_is_refused_and_nothing_of_the_form_is_taken(desk: Desk) -> None:
    for more, words in (
        ({"amount_2": "20"}, "Please say how this sum was paid."),
        ({"way_2": "cash"}, "Please type the sum that was paid this way."),
        ({"amount_2": "1,50", "way_2": "cash"}, "no comma"),
        ({"amount_2": "100", "way_2": "cash"}, "Only $120.00 is due."),
    ):
        answer = _paid(desk, "80", **more)
        assert (answer.status_code, words in _text(answer)) == (422, True), more  # type: ignore[attr-defined]
        assert re.search(r'<details class="fold" open>\s*<summary>Paid in more than one way', _text(answer))
    assert balance_of(desk.visit).paid == 0


def test_giving_back_asks_who_one_is_once_more_and_then_happens_once(desk: Desk) -> None:
    _paid(desk)
    browser = desk.browsers["reception"]
    browser.post(_address(desk, "cancel"), {"reason": "clinic"})
    said = {"amount": "120", "method": "cash", "had": "12000", "reason": ""}
    desk.clinic.location.refund_limit_amount = 12000
    desk.clinic.location.save()
    asked = browser.post(_address(desk, "given-back"), said)
    assert (asked.status_code, "reauthenticate" in asked["Location"]) == (302, True)
    assert balance_of(desk.visit).refunded == 0
    prove_again(browser)
    answers = [browser.post(_address(desk, "given-back"), said).status_code for _again in range(2)]
    desk.visit.refresh_from_db()
    assert (answers, balance_of(desk.visit).due) == ([303, 422], 0)


def test_giving_back_says_what_is_wrong(desk: Desk) -> None:
    _paid(desk)
    browser = prove_again(desk.browsers["reception"])
    for over, words in (
        ({"amount": "110"}, "Reception gives back up to $100.00 for one visit."),
        ({"amount": "50", "reason": ""}, "Please say why this is given back."),
        ({"amount": "1,50"}, "no comma"),
        ({"had": "500"}, "has changed in the meantime"),
        ({"method": "online"}, "Select a valid choice"),
    ):
        said = {"amount": "20", "method": "cash", "had": "12000", "reason": "goodwill"} | over
        assert words in _text(browser.post(_address(desk, "given-back"), said)), over
    assert balance_of(desk.visit).refunded == 0


def test_a_therapist_takes_money_and_gives_none_back(desk: Desk) -> None:
    _paid(desk)
    therapist = desk.browsers["therapist"]
    assert "Give money back" not in _text(therapist.get(_address(desk, "visit")))
    assert therapist.post(_address(desk, "given-back"), {}).status_code == 403


def test_a_link_is_mailed_shows_the_sum_and_can_be_ended(desk: Desk, settings: Settings) -> None:
    settings.STRIPE_SECRET_KEY = "sk_test_1"
    browser, patient = desk.browsers["reception"], desk.browsers["nobody"]
    assert "Send a link to pay" in _text(browser.get(_address(desk, "visit")))
    assert browser.post(_address(desk, "pay-link"), {"stood": "visit"}).status_code == 303
    assert "Send the link again" in _text(browser.get(_address(desk, "visit")))
    token = token_of(PayLink.objects.get())
    opened = patient.get(f"/pay/{token}/")
    assert (opened["Location"], opened["Referrer-Policy"]) == ("/pay/", "same-origin")
    page = _text(patient.get("/pay/"))
    assert "Pay $120.00 by card" in page
    assert desk.clinic.needling.name not in page
    assert "Ada" not in page
    browser.post(_address(desk, "pay-link-end"), {"stood": "visit"})
    assert "This link does not work any more" in _text(patient.get("/pay/"))
    assert patient.post("/pay/").status_code == 409


def test_without_a_link_there_is_nothing_to_pay(desk: Desk) -> None:
    patient = desk.browsers["nobody"]
    for address in ("/pay/", "/pay/paid/", "/pay/nothing/", f"/pay/{uuid4().hex}:x/"):
        answer = patient.get(address)
        assert (answer.status_code, "We can't show a payment here" in _text(answer)) == (404, True), address


def test_the_sheet_of_the_day_is_counted_signed_and_printed(desk: Desk) -> None:
    _paid(desk, "80.00", amount_2="40", way_2="terminal")
    browser, address = desk.browsers["reception"], reverse("staff:till")
    page = _text(browser.get(address))
    for words in ("Gift card", "$80.00", "$40.00", "Cash in the drawer this morning"):
        assert words in page
    said = {"lines": "2", "opening": "100", "counted": "175.00", "banked": "", "note": ""}
    refused = browser.post(address, said)
    assert (refused.status_code, "$5.00 is missing. Count again, or say why." in _text(refused)) == (422, True)
    assert browser.post(address, said | {"counted": "1,80"}).status_code == 422
    assert browser.post(address, said | {"banked": "500"} | {"note": "x"}).status_code == 422
    signed = browser.post(address, said | {"note": "Five short, counted twice", "banked": "75"})
    assert (signed.status_code, signed["Location"]) == (303, f"{address}?date=2026-11-23")
    sheet = _text(browser.get(signed["Location"]))
    for words in ("Five short, counted twice", "Signed by Robin", "$175.00", "Left for the next day", "$100.00"):
        assert words in sheet
    assert browser.post(address, said).status_code == 409
    assert TillCount.objects.count() == 1
    assert browser.get(f"{address}?date=2026-11-20").status_code == 404


@pytest.mark.parametrize("count", [1, 3])
def test_the_sheet_takes_as_many_queries_for_three_as_for_one(
    desk: Desk, count: int, django_assert_max_num_queries: object
) -> None:
    for number in range(count):
        desk.visit = desk.make_visit(made.at(9 + number, days=1), patient=people.make_patient(now=NOW))
        _paid(desk)
    with django_assert_max_num_queries(22):  # type: ignore[operator]
        desk.browsers["reception"].get(reverse("staff:till"))


def test_a_late_cancelled_visit_stays_on_the_list_of_its_day_until_its_fee_is_paid_or_waived(desk: Desk) -> None:
    browser, board = desk.browsers["reception"], reverse("staff:desk") + "?date=2026-11-23"
    late = []
    for hour in (13, 15):
        visit = desk.make_visit(made.at(hour, days=0), free_cancel_until=NOW - timedelta(hours=1), late_fee_amount=3000)
        cancel_appointment(appointment=visit, by=desk.users["reception"], reason="patient", now=NOW)
        late.append(visit)
    settle_cancellations(now=NOW + timedelta(minutes=4))
    page = _text(browser.get(board))
    assert [f'id="visit-{visit.pk}"' in page for visit in late] == [True, True]
    assert page.count("The fee is not paid yet.") == 2
    desk.visit = late[0]
    _paid(desk, "30")
    waive_fee(case=FeeCase.objects.get(appointment=late[1]), reason="courtesy", by=desk.users["reception"], now=NOW)
    page = _text(browser.get(board))
    assert [f'id="visit-{visit.pk}"' in page for visit in late] == [False, False]

"""Deposits over HTTP, against the simulated Stripe."""

from urllib.parse import parse_qs

import pytest

from booking.models import Appointment
from booking.services.checkout import settle
from tests.booking.api.calls import refused
from tests.factories.booking import at
from tests.factories.intake import review_line
from tests.factories.payments import Payment
from tests.simulators.stripe import pay


@pytest.fixture(autouse=True)
def _one_database(transactional_db: None) -> None:
    """Stripe is asked outside transactions only."""


def settled(till):
    settle(payment=Payment.objects.get(), now=till.now)


def test_a_deposit_is_paid_on_stripes_page_and_the_visit_is_booked(api, till):
    booking = api.book(till.clinic, payment="online")
    assert (booking["status"], booking["awaiting"]) == ("pending", "payment")
    shown = pay(booking["checkout_url"])
    assert shown.location == f"http://127.0.0.1:8000/book/paid/{booking['id']}/"
    settled(till)
    status, now = api.get(f"appointments/{booking['id']}/", token=booking["manage_token"])
    assert (status, now["status"], now["awaiting"]) == (200, "booked", None)


def test_what_stripe_is_told_holds_no_token(api, till):
    booking = api.book(till.clinic, payment="online")
    session = till.stripe.store.find("checkout.session")[0]
    assert session["success_url"] == f"http://127.0.0.1:8000/book/paid/{booking['id']}/"
    assert session["cancel_url"] == f"http://127.0.0.1:8000/book/unpaid/{booking['id']}/"
    assert parse_qs(session["success_url"]) == {}


def test_a_request_is_paid_first_and_then_read(api, till):
    booking = api.book(till.clinic, review_line(), payment="online", start=at(10, days=3).isoformat())
    assert (booking["status"], booking["awaiting"]) == ("pending", "payment")
    pay(booking["checkout_url"])
    settled(till)
    now = api.get(f"appointments/{booking['id']}/", token=booking["manage_token"])[1]
    assert (now["status"], now["awaiting"]) == ("pending", "review")


def test_asking_again_gives_the_same_page(api, till):
    _, hold = api.hold(till.clinic)
    first, second = (api.confirm(hold, payment="online")[1] for _ in range(2))
    again = api.post(f"appointments/{hold['id']}/checkout/", token=first["manage_token"])
    assert (first, (200, {"checkout_url": first["checkout_url"]})) == (second, again)
    assert Payment.objects.count() == 1


def test_while_stripe_is_down_the_time_is_kept_and_the_page_comes_later(api, till):
    _, hold = api.hold(till.clinic)
    till.stripe.hang_up()
    status, booking = api.confirm(hold, payment="online")
    assert (status, booking["status"], booking["awaiting"], booking["checkout_url"]) == (
        201,
        "pending",
        "payment",
        None,
    )
    path, token = f"appointments/{booking['id']}/checkout/", booking["manage_token"]
    down = api.client.post(
        f"/api/v1/{path}", "", content_type="application/json", headers={"Authorization": f"Bearer {token}"}
    )
    assert (down.status_code, down.json()["code"]) == (503, "payment-unavailable")
    till.stripe.listen()
    till.wait(minutes=2)
    status, found = api.post(path, token=token)
    assert status == 200
    pay(found["checkout_url"])
    settled(till)
    assert Appointment.objects.get().status == "booked"


def test_an_unavailable_page_is_not_remembered_under_the_key(api, till):
    booking = api.book(till.clinic, payment="online")
    path, token = f"appointments/{booking['id']}/checkout/", booking["manage_token"]
    answers = [api.post(path, token=token, key="k") for _ in range(2)]
    assert answers == [(200, {"checkout_url": booking["checkout_url"]})] * 2


def test_nothing_is_to_be_paid_for_a_visit_that_is_booked(api, till):
    booking = api.book(till.clinic)
    answer = api.post(f"appointments/{booking['id']}/checkout/", token=booking["manage_token"])
    assert refused(answer) == (409, "not-possible-now")


def test_a_page_that_was_left_open_too_long_is_over(api, till):
    booking = api.book(till.clinic, payment="online")
    till.wait(minutes=16)
    answer = api.post(f"appointments/{booking['id']}/checkout/", token=booking["manage_token"])
    assert refused(answer) == (409, "hold-expired")


def test_the_ways_back_from_stripe_lead_to_pages_that_give_nothing_away(api, till):
    booking = api.book(till.clinic, payment="online")
    for way in ("paid", "unpaid"):
        page = api.client.get(f"/book/{way}/{booking['id']}/")
        assert page.status_code == 200
        assert booking["manage_token"] not in page.content.decode()
        assert "Ada" not in page.content.decode()

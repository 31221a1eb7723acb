"""A reloaded or shared address that only takes what a form sends leads to the page that the form stands on."""

import re
from uuid import UUID

import pytest
from django.test import Client
from django.urls import resolve

from frontend.ways_back import page_of
from tests.security.permissions import PAGES, READ

ONE = UUID(int=1)
KINDS = {"uuid": str(ONE), "int": "1", "slug": "arrived", "str": "token"}
POSTED = sorted(pattern for pattern, door in PAGES.items() if door.methods == "POST")


def an_address(pattern: str) -> str:
    return "/" + re.sub(r"<(\w+):\w+>", lambda found: KINDS[found[1]], pattern)


@pytest.mark.parametrize("pattern", POSTED)
def test_every_button_has_a_page_that_opens(pattern: str) -> None:
    page = resolve(page_of(an_address(pattern))).route
    assert set(READ.split()) <= set(PAGES[page].methods.split())


@pytest.mark.parametrize(
    ("address", "above"),
    [
        ("/book/release/", "/book/"),
        ("/book/more-time/", "/book/details/"),
        ("/visit/form/", "/visit/"),
        ("/visit/course/", "/visit/"),
        (f"/wait/place/{ONE}/", "/wait/"),
        (f"/visits/{ONE}/open/", "/visits/"),
        (f"/visits/{ONE}/steps/arrived/", f"/visits/{ONE}/"),
        (f"/visits/{ONE}/treatment/plan/", f"/visits/{ONE}/treatment/"),
        (f"/reviews/stand-in/{ONE}/end/", "/reviews/stand-in/"),
        (f"/calendar/time-off/{ONE}/remove/", f"/calendar/time-off/{ONE}/"),
        ("/settings/holidays/province/", "/settings/holidays/"),
        ("/webhooks/stripe/", ""),
    ],
)
def test_it_is_the_nearest_page_above_or_the_one_with_the_button(address: str, above: str) -> None:
    assert page_of(address) == above


@pytest.mark.django_db
def test_the_link_leads_there_and_other_methods_are_refused_as_before() -> None:
    browser = Client()
    led = browser.get("/book/release/")
    assert (led.status_code, led["Location"]) == (302, "/book/")
    assert browser.put("/book/release/").status_code == 405
    assert browser.get("/webhooks/stripe/").status_code == 405

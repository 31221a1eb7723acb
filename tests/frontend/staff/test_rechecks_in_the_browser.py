"""The questions before a visit in a browser: they fit a phone, anybody can use them, nothing is complained about."""

from collections.abc import Iterator

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, BrowserContext, Page

from booking.services.visits import mark_arrived
from intake.models import Screening
from tests.axe import troubles_of
from tests.factories import booking as made
from tests.factories.rechecks import answer_again
from tests.frontend.patient.conftest import MODULES
from tests.frontend.staff.conftest import NOW, Desk

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _windows_are_closed(browser: Browser) -> Iterator[None]:
    """A board that stays open asks for news all through the tests that follow."""
    yield
    for context in browser.contexts:
        context.close()


def looks_right(page: Page, name: str) -> None:
    assert (name, troubles_of(page, looks=[(1440, "light"), (360, "light")])) == (name, [])


def window(browser: Browser, desk: Desk, address: str, role: str) -> BrowserContext:
    context = browser.new_context(viewport={"width": 360, "height": 900})
    context.add_cookies(
        [{"name": "sessionid", "value": desk.browsers[role].cookies["sessionid"].value, "url": address}]
    )
    return context


def test_the_questions_from_the_desk_to_the_talk(
    browser: Browser, desk: Desk, live_server: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in MODULES:
        monkeypatch.setattr(f"frontend.patient.{name}.now", lambda: NOW)
    address = str(live_server.url)  # type: ignore[attr-defined]
    visit = reverse("staff:visit", args=[desk.visit.pk])
    Screening.objects.update(evaluated_at=NOW - made.timedelta(days=9))
    here = mark_arrived(appointment=desk.visit, by=desk.users["reception"], now=NOW)

    therapist = window(browser, desk, address, "therapist").new_page()
    therapist.goto(address + visit)
    looks_right(therapist, "due")
    therapist.get_by_role("button", name="Ask in the room").click()
    looks_right(therapist, "in-the-room")

    tablet = window(browser, desk, address, "reception").new_page()
    tablet.goto(address + visit)
    tablet.get_by_role("button", name="Give this device to the patient").click()
    looks_right(tablet, "begin")
    tablet.get_by_role("button", name="Start").click()
    for number in range(1, 8):
        looks_right(tablet, f"page-{number}")
        tablet.locator("main form button[data-rest]").click()
        tablet.wait_for_load_state()
        if tablet.url.endswith("/done/"):
            break
    looks_right(tablet, "handed-back")

    answer_again(here, NOW, {"pregnancy": "unsure"}, by=desk.users["therapist"])
    for path, name in ((visit, "talk"), (reverse("staff:looks", args=[desk.patient.pk]), "looks")):
        therapist.goto(address + path)
        looks_right(therapist, name)
    therapist.goto(address + reverse("staff:patient", args=[desk.patient.pk]))
    looks_right(therapist, "patient")

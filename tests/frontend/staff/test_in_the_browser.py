"""What only a browser can tell: axe and overflow on every page, the board that refreshes itself, the caller's page."""

from collections.abc import Iterator

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, BrowserContext, Page, expect

from booking.models import Appointment
from tests.axe import troubles_of
from tests.factories import booking as made
from tests.factories import intake as people
from tests.factories.rechecks import answer_again
from tests.factories.stories import make_story
from tests.frontend.staff.conftest import Desk, screening_of

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _windows_are_closed(browser: Browser) -> Iterator[None]:
    """A board that stays open asks for news all through the tests that follow."""
    yield
    for context in browser.contexts:
        context.close()


class Screen:
    """A browser window of somebody who is signed in, that notes what the browser complains about."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.page: Page = context.new_page()
        self.address = address
        self.complaints: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))

    def opens(self, path: str) -> Page:
        self.page.goto(self.address + path)
        return self.page


@pytest.fixture
def screen(browser: Browser, desk: Desk, live_server: object) -> Iterator[Screen]:
    one = _screen(browser, desk, live_server, "reception")
    yield one
    assert one.complaints == []


def _screen(browser: Browser, desk: Desk, live_server: object, role: str) -> Screen:
    address = str(live_server.url)  # type: ignore[attr-defined]
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.add_cookies(
        [{"name": "sessionid", "value": desk.browsers[role].cookies["sessionid"].value, "url": address}]
    )
    return Screen(context, address)


def test_every_staff_page_is_accessible_and_fits(browser: Browser, desk: Desk, live_server: object) -> None:
    asks = desk.make_visit(
        made.at(14, days=1),
        screening=screening_of(desk.patient, people.review_line()),
        status="pending",
        awaiting="review",
        decide_by=made.at(12, days=0),
    )
    about = {name: reverse(f"staff:{name}", args=[desk.visit.pk]) for name in ("visit", "move", "cancel", "booked")}
    patient, answers, review = (
        reverse("staff:patient", args=[desk.patient.pk]),
        reverse("staff:answers", args=[asks.pk]),
        reverse("staff:review", args=[asks.pk]),
    )
    story = reverse("staff:story", args=[make_story(now=made.NOW).pk])
    lists = ["/desk/", "/desk/?date=2026-12-24", "/calendar/", "/calendar/?view=day", "/reviews/", "/patients/?q=berg"]
    pages = {
        "reception": [*lists, "/desk/book/", "/waitlist/add/", "/calendar/time-off/", patient, f"{patient}reach/",
                      *about.values()],
        "therapist": ["/desk/?mine", about["visit"], answers, review],
        "owner": ["/desk/", "/settings/terms/", f"/settings/terms/{desk.visit.service_id}/any/", "/settings/messages/",
                  "/settings/messages/reminder/email/en/", "/settings/after-care/", "/settings/feeds/",
                  "/messages/stories/", story],
    }  # fmt: skip
    for role, paths in pages.items():
        screen = _screen(browser, desk, live_server, role)
        for path in paths:
            page = screen.opens(path)
            page.evaluate("document.querySelectorAll('details.fold').forEach((fold) => { fold.open = true; })")
            assert (path, troubles_of(page, looks=[(1440, "light"), (320, "dark")])) == (path, [])
        assert screen.complaints == []


def test_a_new_visit_appears_by_itself_and_nothing_is_lost(screen: Screen, desk: Desk) -> None:
    page = screen.opens("/desk/")
    more = page.locator(f"#more-{desk.visit.pk}")
    more.locator("summary").click()
    desk.make_visit(made.at(15, days=0), patient=people.make_patient(given_name="Nils"), practitioner=desk.clinic.ben)
    expect(page.get_by_role("link", name="Nils Berg", exact=True)).to_be_visible(timeout=20_000)
    assert more.evaluate("menu => menu.open")
    assert page.evaluate("document.activeElement.closest('details')?.id") == f"more-{desk.visit.pk}"
    page.keyboard.press("Escape")
    assert not more.evaluate("menu => menu.open")


def test_the_keyboard_alone_takes_a_visit_from_arriving_to_checked_in(screen: Screen, desk: Desk) -> None:
    answer_again(desk.visit, made.NOW)
    page = screen.opens("/desk/")
    for name in ("Arrived", "Check in"):
        page.get_by_role("button", name=f"{name} Ada Berg").focus()
        page.keyboard.press("Enter")
        page.wait_for_load_state()
    expect(page.get_by_role("button", name="Done Ada Berg")).to_be_visible()
    desk.visit.refresh_from_db()
    assert desk.visit.status == "checked-in"


def test_a_caller_is_booked_without_the_page_loading_again(screen: Screen, desk: Desk) -> None:
    page = screen.opens("/desk/book/")
    page.evaluate("window.same = true")
    page.get_by_label("Name, phone or e-mail").press_sequentially("berg")
    page.get_by_label("Ada Berg").check()
    expect(page.get_by_label("Answered on Monday 23 November: complete")).to_be_visible()
    page.get_by_label("What", exact=True).select_option(label="Phone call")
    expect(page.get_by_text("This visit needs no health form.")).to_be_visible()
    page.get_by_label("What", exact=True).select_option(label="Follow-up")
    page.get_by_label("Answered on Monday 23 November: complete").check()
    page.get_by_role("button", name="Later times").click()
    expect(page.get_by_role("group", name="Friday 27 November")).to_be_visible()
    page.get_by_role("group", name="Friday 27 November").get_by_text("9:00").click()
    assert page.evaluate("window.same")
    page.get_by_role("button", name="Book", exact=True).click()
    expect(page.get_by_role("heading", name="Booked")).to_be_visible()
    assert Appointment.objects.filter(patient=desk.patient, wall_start="2026-11-27T09:00", status="booked").exists()


def test_without_scripts_the_same_is_possible(browser: Browser, desk: Desk, live_server: object) -> None:
    address = str(live_server.url)  # type: ignore[attr-defined]
    context = browser.new_context(java_script_enabled=False)
    context.add_cookies(
        [{"name": "sessionid", "value": desk.browsers["reception"].cookies["sessionid"].value, "url": address}]
    )
    page = context.new_page()
    page.goto(address + "/desk/book/")
    page.get_by_label("Name, phone or e-mail").fill("berg")
    page.get_by_role("button", name="Search").click()
    page.get_by_label("Ada Berg").check()
    page.get_by_role("button", name="Show times").click()
    page.locator("#times fieldset label").first.click()
    page.get_by_role("button", name="Book", exact=True).click()
    assert page.get_by_role("heading", level=1).inner_text() == "The time is kept"

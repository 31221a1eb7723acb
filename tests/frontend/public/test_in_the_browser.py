"""What only a browser can tell: axe, overflow, the content policy, and the small scripts."""

import pytest
from playwright.sync_api import Browser, Page

from booking.models import HealthcareService, Location
from tests.axe import troubles_of

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]

PAGES = ["/", "/dry-needling/", "/privacy/", "/accessibility/", "/stories/", "/accounts/login/", "/nowhere/"]


@pytest.fixture
def address(live_server: object) -> str:
    Location.objects.create(
        name="Needle & Motion Clinic",
        slug="needle-motion",
        address="120 Whyte Avenue NW",
        phone="+17805550134",
        email="hello@clinic.example",
        opening_hours="Monday to Friday 8:00 to 19:00",
        privacy_officer="Noor Haddad",
    )
    HealthcareService.objects.create(
        slug="first", name="First visit", minutes=60, price_amount=12000, modality="manual", screening="full"
    )
    return str(live_server.url)  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", PAGES)
def test_a_public_page_is_accessible_and_fits(browser: Browser, address: str, path: str) -> None:
    page = browser.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if "404" not in message.text else None)
    page.goto(address + path)
    page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true; })")
    assert troubles_of(page, looks=[(320, "light"), (320, "dark"), (1440, "dark"), (1440, "light")]) == []
    assert complaints == []
    page.close()


def test_the_skip_link_is_the_first_stop_of_the_keyboard(browser: Browser, address: str) -> None:
    page = browser.new_page()
    page.goto(address)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.close()


def test_an_error_summary_takes_the_focus_and_leads_to_its_field(browser: Browser, address: str) -> None:
    page = browser.new_page()
    page.goto(address + "/accounts/login/")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_selector(".error-summary")
    assert page.evaluate("document.activeElement.className") == "error-summary"
    page.locator(".error-summary a").first.click()
    assert page.evaluate("document.activeElement.id") == "id_login"
    page.close()


def _show(page: Page, address: str, body: str, script: str) -> None:
    """Puts a piece of a page where the text of the accessibility page was, and runs one of our modules over it."""
    page.goto(address + "/accessibility/")
    page.evaluate("(body) => { document.querySelector('main').innerHTML = body; }", body)
    page.add_script_tag(url=f"{address}/static/frontend/js/{script}?again", type="module")
    page.wait_for_load_state("networkidle")


def test_a_tap_on_the_body_ticks_the_box_of_the_region(browser: Browser, address: str) -> None:
    page = browser.new_page()
    shape = '<svg viewBox="0 0 9 9" width="90"><path class="region" data-region="neck" d="M0 0H9V9H0Z"/></svg>'
    box = '<label class="choice" for="n"><input type="checkbox" id="n" value="neck">Neck</label>'
    _show(page, address, f'<div class="body-picker"><div class="body-picture">{shape}</div>{box}</div>', "body.js")
    page.locator("path.region").click()
    assert page.is_checked("#n")
    page.locator("path.region").click()
    assert not page.is_checked("#n")
    page.close()


def test_a_second_tap_sends_a_form_once(browser: Browser, address: str) -> None:
    page = browser.new_page()
    page.goto(address + "/accessibility/")
    page.evaluate(
        """() => {
          document.querySelector('main').innerHTML = '<form method="post" id="f"><button>Pay</button></form>';
          window.sent = 0;
          document.addEventListener('submit', (event) => {
            if (!event.defaultPrevented) window.sent += 1;
            event.preventDefault();
          });
        }"""
    )
    page.locator("#f button").click()
    page.locator("#f button").click()
    assert page.evaluate("window.sent") == 1
    page.close()


def test_a_held_time_counts_down_and_says_when_it_is_over(browser: Browser, address: str) -> None:
    page = browser.new_page()
    page.clock.install()
    text = (
        '<p data-countdown="121" data-one="one more" data-many="%(minutes)s more" data-over-text="over">'
        "<span data-countdown-text>3 more</span></p>"
    )
    _show(page, address, text, "enhance.js")
    said = []
    for milliseconds in (1_000, 20_000, 60_000, 60_000):
        page.clock.run_for(milliseconds)
        said.append(page.locator("[data-countdown-text]").text_content())
    assert said == ["2 more", "2 more", "one more", "over"]
    page.close()

"""Signing in as people do it, on a phone; axe looks at every stop as it is there and on a desk."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from booking.reminders.models import Communication
from intake.models import Role
from tests.axe import troubles_of
from tests.factories.accounts import code_of
from tests.factories.booking import make_location
from tests.factories.intake import make_patient, make_user

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
PASSWORD = "a quiet river at dawn"


class Visitor:
    """Somebody with a browser, who looks at each page as it comes."""

    def __init__(self, page: Page, address: str) -> None:
        self.page, self.address = page, address
        self.complaints: list[str] = []
        page.on("console", lambda message: self.complaints.append(message.text))

    def opens(self, path: str) -> None:
        self.page.goto(self.address + path)

    def types(self, label: str, text: str) -> None:
        self.page.get_by_label(label, exact=True).fill(text)

    def clicks(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()
        self.page.wait_for_load_state()

    def sees(self, heading: str) -> None:
        assert self.page.get_by_role("heading", level=1).inner_text() == heading
        assert (heading, troubles_of(self.page, looks=[(1440, "dark"), (360, "light")])) == (heading, [])


@pytest.fixture
def visitor(browser: Browser, live_server: Any) -> Iterator[Visitor]:
    make_location(name="Riverside Clinic")
    page = browser.new_page(viewport={"width": 360, "height": 900})
    person = Visitor(page, str(live_server.url))
    yield person
    page.close()
    assert [text for text in person.complaints if "Failed to load resource" not in text] == []  # a 422 is an answer


def test_a_member_of_staff_sets_up_the_second_factor_and_comes_back_with_it(visitor: Visitor) -> None:
    user = make_user(Role.MANAGER, password=PASSWORD)
    visitor.opens("/accounts/login/")
    visitor.sees("Sign in")
    visitor.types("E-mail", user.email)
    visitor.types("Password", "wrong")
    visitor.clicks("Sign in")
    visitor.sees("Sign in")
    visitor.types("Password", PASSWORD)
    visitor.clicks("Sign in")
    visitor.sees("Set up your second factor")
    secret = visitor.page.locator("form code").inner_text()
    visitor.types("Code", "12")
    visitor.clicks("Continue")
    visitor.sees("Set up your second factor")
    assert visitor.page.locator("form code").inner_text() == secret
    visitor.types("Code", code_of(secret))
    visitor.clicks("Continue")
    visitor.sees("Recovery codes")
    spare = visitor.page.locator(".card code").first.inner_text()
    for path, heading in [
        ("/accounts/2fa/", "Your sign-in"),
        ("/accounts/2fa/recovery-codes/generate/", "Make new recovery codes"),
        ("/accounts/2fa/totp/deactivate/", "Move to another phone"),
        ("/accounts/password/change/", "Change your password"),
        ("/accounts/logout/", "Sign out"),
    ]:
        visitor.opens(path)
        visitor.sees(heading)
    visitor.clicks("Sign out")
    visitor.opens("/accounts/login/")
    visitor.types("E-mail", user.email)
    visitor.types("Password", PASSWORD)
    visitor.clicks("Sign in")
    visitor.sees("Enter the code from your app")
    visitor.types("Code", spare)
    visitor.clicks("Sign in")
    visitor.opens("/accounts/2fa/")
    visitor.sees("Your sign-in")


def test_a_patient_signs_in_with_a_code(visitor: Visitor) -> None:
    patient = make_patient(email="berg@example.test")
    visitor.opens("/accounts/login/code/")
    visitor.sees("Sign in")
    visitor.types("E-mail", patient.email)
    visitor.clicks("Send me a code")
    visitor.sees("Enter the code")
    visitor.types("Code", "WRONG")
    visitor.clicks("Sign in")
    visitor.sees("Enter the code")
    visitor.types("Code", Communication.objects.get(kind="sign-in-code").content["code"])
    visitor.clicks("Sign in")
    visitor.sees("Find your visits")
    visitor.clicks("Show the visits")
    visitor.sees("Find your visits")
    visitor.types("Day", "3")
    visitor.page.get_by_label("Month").select_option("4")
    visitor.types("Year", "1986")
    visitor.clicks("Show the visits")
    visitor.sees("Your visits")


def test_a_forgotten_password(visitor: Visitor) -> None:
    user = make_user(Role.THERAPIST, password=PASSWORD)
    visitor.opens("/accounts/password/reset/")
    visitor.sees("Choose a new password")
    visitor.types("E-mail", user.email)
    visitor.clicks("Send me the link")
    visitor.sees("Look into your mailbox")
    url = Communication.objects.get(kind="password-reset").content["url"]
    visitor.opens(url.removeprefix("http://127.0.0.1:8000"))
    visitor.sees("Choose a new password")
    for label in ("New Password", "New Password (again)"):
        visitor.types(label, "another river, later that day")
    visitor.clicks("Save the password")
    visitor.sees("Your new password works")
    visitor.opens(url.removeprefix("http://127.0.0.1:8000"))
    visitor.sees("Choose a new password")
    for path, heading in [
        ("/accounts/signup/", "You need no account"),
        ("/accounts/inactive/", "This account is closed"),
    ]:
        visitor.opens(path)
        visitor.sees(heading)

"""Links, codes, passwords and sessions: what is guessed is limited, what is stolen is of no use."""

import re
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from http.cookies import SimpleCookie

import pytest
from django.conf import settings as configured
from django.db import connection
from django.test import Client

from booking.reminders.models import Communication
from intake import clock
from intake.errors import TooManyAttempts
from intake.models import Role, User
from intake.services.limits import count_attempt
from tests.factories.accounts import code_of, give_second_factor
from tests.factories.booking import NOW
from tests.factories.intake import make_user
from tests.security.house import NAME, House, born
from tests.security.pages import forms_of
from tests.security.permissions import TABLE
from tests.security.test_permissions import address

PASSWORD = "a quiet river at dawn"
ELSEWHERE = (
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example/",
    "https:evil.example",
    "javascript:alert(1)",
)


# --- the link in the mail ---------------------------------------------------------------------------------------------


def test_the_link_leads_on_at_once_so_that_no_page_tells_its_token(house: House) -> None:
    browser = Client()
    answer = browser.get(f"/visit/{house.token}/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/visit/")
    assert (answer.headers["Referrer-Policy"], "no-store" in answer.headers["Cache-Control"]) == ("same-origin", True)
    browser.post("/visit/who/", born(house.patient))
    page = browser.get("/visit/")
    assert (page.status_code, house.token in page.content.decode()) == (200, False)


def test_guessing_links_ends_after_thirty_in_an_hour_whoever_is_right(house: House) -> None:
    wrong = [Client().get(f"/visit/{'x' * 43}/").status_code for _ in range(31)]
    assert wrong == [404] * 30 + [429]
    assert Client().get(f"/visit/{house.token}/").status_code == 429
    assert Client(REMOTE_ADDR="192.0.2.9").get(f"/visit/{house.token}/").status_code == 302


def test_guessing_birth_dates_ends_after_six_in_an_hour_from_wherever(house: House) -> None:
    right = born(house.patient)
    wrong = right | {"birth_date_year": 1987}
    answers = []
    for number in range(7):
        browser = Client(REMOTE_ADDR=f"192.0.2.{number}")
        browser.get(f"/visit/{house.token}/")
        answers.append(browser.post("/visit/who/", wrong).status_code)
    assert answers == [422] * 6 + [429]
    last = house.browser("link")
    assert last.post("/visit/who/", right).status_code == 429
    assert NAME not in last.get("/visit/", follow=True).content.decode()


def test_opening_a_link_gives_a_new_session(house: House) -> None:
    browser = Client()
    browser.post("/check/", {"kind": "manual"})
    before = browser.cookies["sessionid"].value
    browser.get(f"/visit/{house.token}/")
    assert browser.cookies["sessionid"].value != before


# --- signing in -------------------------------------------------------------------------------------------------------


def ask_code(browser: Client, email: str) -> str:
    browser.post("/accounts/login/code/", {"email": email})
    letter = Communication.objects.filter(kind="sign-in-code").order_by("-created_at").first()
    assert letter is not None
    return str(letter.content["code"])


@pytest.mark.django_db
def test_signing_in_gives_a_new_session_and_a_code_serves_once() -> None:
    browser, other = Client(), Client()
    browser.post("/check/", {"kind": "manual"})
    code = ask_code(browser, make_user(Role.PATIENT).email)
    before = browser.cookies["sessionid"].value
    other.cookies["sessionid"] = before  # somebody who set, or saw, the session of before
    browser.post("/accounts/login/code/confirm/", {"code": code})
    assert "_auth_user_id" in browser.session
    assert browser.cookies["sessionid"].value != before
    assert "_auth_user_id" not in other.session
    again = Client()
    again.post("/accounts/login/code/confirm/", {"code": code})
    assert "_auth_user_id" not in again.session


@pytest.mark.django_db
def test_a_code_asked_in_one_browser_opens_no_other() -> None:
    user = make_user(Role.PATIENT)
    code = ask_code(Client(), user.email)
    thief = Client()
    ask_code(thief, user.email)
    thief.post("/accounts/login/code/confirm/", {"code": code})
    assert "_auth_user_id" not in thief.session


@pytest.mark.django_db
def test_passwords_are_guessed_a_few_times_only_and_then_the_right_one_is_refused_too() -> None:
    user = make_user(Role.RECEPTION, password=PASSWORD)
    for _ in range(12):
        Client().post("/accounts/login/", {"login": user.email, "password": "a loud river at dusk"})
    browser = Client()
    answer = browser.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    assert (answer.status_code, "account_login" in browser.session) == (200, False)


def half_way(desk: tuple[User, str]) -> Client:
    user, _secret = desk
    browser = Client()
    answer = browser.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    assert answer.headers["Location"].startswith("/accounts/2fa/authenticate/")
    return browser


@pytest.fixture
def desk(transactional_db: None) -> tuple[User, str]:
    user = make_user(Role.RECEPTION, password=PASSWORD)
    return user, give_second_factor(user)


def test_a_code_of_the_app_serves_once(desk: tuple[User, str]) -> None:
    first, second, code = half_way(desk), half_way(desk), code_of(desk[1])
    assert first.post("/accounts/2fa/authenticate/", {"code": code}).status_code == 302
    assert "_auth_user_id" in first.session
    assert second.post("/accounts/2fa/authenticate/", {"code": code}).status_code == 200
    assert "_auth_user_id" not in second.session


def test_codes_of_the_app_are_guessed_a_few_times_only(desk: tuple[User, str]) -> None:
    browser = half_way(desk)
    for _ in range(12):
        browser.post("/accounts/2fa/authenticate/", {"code": "000000"})
    browser.post("/accounts/2fa/authenticate/", {"code": code_of(desk[1])})
    assert "_auth_user_id" not in browser.session


@pytest.mark.django_db(transaction=True)
def test_many_tries_at_once_are_counted_one_by_one() -> None:
    through, stopped = [], []

    def try_once() -> None:
        try:
            through.append(count_attempt(key="burst", limit=5, window=timedelta(hours=1), now=NOW))
        except TooManyAttempts:
            stopped.append(1)
        finally:
            connection.close()

    threads = [threading.Thread(target=try_once) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (sorted(through), len(stopped)) == ([1, 2, 3, 4, 5], 15)


# --- where one is led -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", ELSEWHERE)
def test_nobody_is_led_to_another_site(target: str, house: House) -> None:
    user = make_user(Role.PATIENT)
    browser = Client()
    browser.get("/accounts/login/code/", {"next": target})
    browser.post("/accounts/login/code/", {"email": user.email, "next": target})
    code = str(Communication.objects.filter(kind="sign-in-code", recipient=user.email).get().content["code"])
    answers = [
        browser.post("/accounts/login/code/confirm/", {"code": code, "next": target}),
        browser.post("/i18n/setlang/", {"language": "fr", "next": target}),
        browser.post("/accounts/logout/", {"next": target}),
        house.browser("reception").get("/accounts/login/", {"next": target}),
        house.browser("no-factor").get("/accounts/2fa/reauthenticate/", {"next": target}),
        house.browser("manager").get("/admin/login/", {"next": target}),
        Client().get("/accounts/login/", {"next": target}),
    ]
    for answer in answers:
        assert answer.status_code in (200, 302, 303)
        assert "evil" not in answer.headers.get("Location", "").partition("?")[0]
        assert not answer.headers.get("Location", "").startswith("javascript")
        hrefs = re.findall(r'(?:href|action)="([^"]*)"', answer.content.decode())
        assert [one for one in hrefs if one.startswith(target[:8]) and "evil" in one] == []


@pytest.mark.django_db
def test_the_mail_for_a_forgotten_password_leads_to_our_own_address() -> None:
    user = make_user(Role.RECEPTION, password=PASSWORD)
    Client(headers={"host": "evil.example"}).post("/accounts/password/reset/", {"email": user.email})
    letter = Communication.objects.get(kind="password-reset")
    assert letter.content["url"].startswith(f"{configured.SITE_URL}/accounts/password/reset/key/")


# --- forms of other sites ---------------------------------------------------------------------------------------------

# Signed instead; and the one click of a mail program, for which the reader's key in the address counts.
NO_COOKIE_COUNTS = {"webhooks/stripe/", "webhooks/sms/", "webhooks/mail/", "stories/leave/<str:token>/"}


def test_no_form_of_another_site_is_taken(house: House) -> None:
    checked = 0
    for role in ("proven", "reception", "therapist", "owner"):
        for pattern, door in TABLE.items():
            takes_posts = (door.methods == "*" or "POST" in door.methods) and role in door.who
            if not takes_posts or pattern in NO_COOKIE_COUNTS or pattern.startswith("admin/booking"):
                continue
            if pattern.startswith("api/") and role == "proven":
                continue  # nobody is signed in: the API reads no cookie of theirs
            browser = Client(enforce_csrf_checks=True)
            browser.cookies = cookies_of(house, role)
            answer = browser.post(address(pattern, house), "{}", content_type="application/json")
            assert answer.status_code in (403, 405), (role, pattern)
            checked += 1
    assert checked > 60


def cookies_of(house: House, role: str) -> SimpleCookie:
    if role not in house.browsers:
        house.browsers[role] = house.browser(role)
    return house.browsers[role].cookies.copy()


def test_every_form_that_posts_carries_its_token(house: House) -> None:
    visit = house.visit.pk
    pages = {
        "anonymous": ("/check/", "/accounts/login/", "/accounts/login/code/", "/accounts/password/reset/"),
        "link": ("/visit/who/",),
        "proven": ("/visit/move/", "/visit/cancel/"),
        "therapist": ("/desk/?date=2026-11-24", f"/visits/{visit}/", f"/reviews/{house.request.pk}/", "/desk/book/"),
    }
    for role, paths in pages.items():
        browser = house.browser(role)
        for path in paths:
            posts = [one for one in forms_of(browser.get(path).content.decode(), path) if one.method == "POST"]
            assert posts, path
            assert [one.action for one in posts if "csrfmiddlewaretoken" not in one.fields] == []


def test_a_session_ends_after_a_day(house: House, set_clock: Callable[[datetime], None]) -> None:
    browser = house.browser("reception")
    assert browser.get("/desk/").status_code == 200
    assert configured.SESSION_COOKIE_AGE == 24 * 60 * 60
    assert browser.session.get_expiry_age() <= 24 * 60 * 60
    assert clock.now().date() == NOW.date()

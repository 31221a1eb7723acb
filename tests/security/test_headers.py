"""What every answer says to the browser, whoever gave it."""

import pytest
from django.conf import settings as configured
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from tests.security.house import House
from tests.security.pages import inline_code_of

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "form-action": f"'self' {configured.STRIPE_CHECKOUT_ORIGIN}",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
    "object-src": "'none'",
}
# One address for each way in which an answer comes about.
ANSWERS = {
    "/": 200,
    "/dry-needling/": 200,
    "/check/": 200,
    "/visit/": 404,
    "/visits/": 302,
    "/nothing/": 404,
    "/nothing": 404,
    "/desk": 301,
    "/desk/": 302,
    "/%00": 400,
    "/?x=%ff": 400,
    "/accounts/login/": 200,
    "/admin/": 302,
    "/api/v1/services/": 200,
    "/api/v1/nothing/": 404,
    "/api/v1/docs/": 200,
    "/api/v1/schema/": 200,
    "/webhooks/stripe/": 405,
    "/webhooks/sms/": 405,
    "/webhooks/mail/": 405,
    "/healthz": 200,
    "/readyz": 200,
    "/static/nothing.css": 404,
}


def policy_of(answer: HttpResponse) -> dict[str, str]:
    parts = (part.strip().partition(" ") for part in answer.headers["Content-Security-Policy"].split(";"))
    return {name: value for name, _, value in parts if name}


@pytest.mark.parametrize("path", ANSWERS)
def test_every_answer_carries_the_policy(path: str, house: House) -> None:
    answer = Client().get(path)
    assert (answer.status_code, policy_of(answer)) == (ANSWERS[path], POLICY)
    headers = answer.headers
    assert (headers["X-Frame-Options"], headers["X-Content-Type-Options"]) == ("DENY", "nosniff")
    assert (headers["Referrer-Policy"], headers["Cross-Origin-Opener-Policy"]) == ("same-origin", "same-origin")
    assert "camera=()" in headers["Permissions-Policy"]


def test_so_does_the_answer_when_something_breaks(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down(*_: object, **__: object) -> None:
        raise RuntimeError("broken on purpose, canary-answer-XYZZY")

    monkeypatch.setattr("frontend.context.the_clinic", break_down)
    answer = Client(raise_request_exception=False).get("/check/")
    assert (answer.status_code, policy_of(answer)) == (500, POLICY)
    assert b"canary" not in answer.content
    assert answer.headers["X-Frame-Options"] == "DENY"


def test_and_a_request_from_elsewhere_that_is_refused(house: House) -> None:
    answer = Client(enforce_csrf_checks=True).post("/check/", {"kind": "manual"})
    assert (answer.status_code, policy_of(answer)) == (403, POLICY)


OPEN_PAGES = ("/", "/dry-needling/", "/privacy/", "/accessibility/", "/check/", "/accounts/login/")


def test_no_page_has_what_the_policy_would_refuse(house: House) -> None:
    desk = house.browser("therapist")
    mine = house.browser("proven")
    pages = [(Client(), path) for path in OPEN_PAGES]
    pages += [(mine, path) for path in ("/visit/", "/visit/move/", "/visit/cancel/")]
    visit, request = house.visit.pk, house.request.pk
    of_staff = ("/desk/?date=2026-11-24", "/calendar/", "/reviews/", f"/visits/{visit}/", f"/visits/{visit}/move/")
    of_staff += (f"/reviews/{request}/", f"/visits/{visit}/answers/", "/desk/book/", "/patients/?q=Canary")
    pages += [(desk, path) for path in of_staff]
    for browser, path in pages:
        answer = browser.get(path)
        assert (answer.status_code, inline_code_of(answer.content.decode())) == (200, []), path


@pytest.mark.parametrize("role", ["proven", "patient", "reception", "therapist"])
def test_pages_about_somebody_are_kept_by_no_browser(role: str, house: House) -> None:
    visit = house.visit.pk
    paths = {
        "proven": ("/visit/", "/visit/move/", "/visit/cancel/", "/visit/calendar.ics", "/check/", "/book/"),
        "patient": ("/visits/",),
        "reception": ("/desk/", "/calendar/", "/patients/", f"/visits/{visit}/", f"/api/v1/appointments/{visit}/"),
        "therapist": (f"/visits/{visit}/answers/", f"/reviews/{house.request.pk}/"),
    }
    browser = house.browser(role)
    for path in paths[role]:
        answer = browser.get(path)
        assert (answer.status_code, "no-store" in answer.headers["Cache-Control"]) == (200, True), path


def test_cookies_are_for_this_site_and_not_for_scripts(house: House, settings: Settings) -> None:
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    browser = Client()
    browser.get("/check/")
    browser.post("/check/", {"kind": "manual"})
    session = browser.cookies["sessionid"]
    assert (bool(session["httponly"]), session["samesite"], bool(session["secure"])) == (True, "Lax", True)
    csrf = browser.cookies["csrftoken"]
    assert (csrf["samesite"], bool(csrf["secure"])) == ("Lax", True)


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "127.0.0.1:80@evil.example", ""])
def test_another_host_name_is_refused(host: str, house: House, settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["127.0.0.1"]
    for path in ("/", "/accounts/password/reset/", "/api/v1/services/"):
        answer = Client(headers={"host": host}).get(path)
        assert (answer.status_code, "evil" in answer.content.decode()) == (400, False)
    answer = Client(headers={"host": "127.0.0.1", "x-forwarded-host": "evil.example"}).get("/accounts/login/")
    assert "evil" not in answer.content.decode()

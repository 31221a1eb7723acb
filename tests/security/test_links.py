"""Addresses that are keys: their forms can be sent by a real browser, and no other site and no log learns them."""

import logging
from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace
from urllib.parse import urlencode, urlsplit

import pytest
from django.test import Client
from gunicorn.config import Config
from gunicorn.glogging import Logger

from config.logs import Keyless, KeylessLogger, without_keys
from config.settings import LOGGING
from tests.security.house import House
from tests.security.pages import FoundForm, forms_of
from tests.security.permissions import TABLE
from tests.security.test_permissions import address

KEYED = sorted(pattern for pattern in TABLE if "<str:token>" in pattern)
HERE = "https://testserver"
NO_KEY = "x" * 43
# As they are made: by chance, of an id with a signature, of one with its end, and for a new password.
KEYS = (
    "vR3o_Zp1q-8sT5uW7xY9zA2bC4dE6fG8hI0jK1lM3n",
    "6c8ac3c46c1c4a3f9d3c0a1b2c3d4e5f:T0kEn_of-a-signature",
    "6c8ac3c46c1c4a3f9d3c0a1b2c3d4e5f.1764000000:T0kEn_of-a-signature",
    "1-d3kx9w-5f1f0a3e2d1c4b5a69788796a5b4c3d2",
)


def origin(policy: str) -> str:
    """What Chromium says of the page that a form was sent from."""
    return "null" if policy == "no-referrer" else HERE


def send(browser: Client, form: FoundForm, policy: str) -> int:
    """Send a form of a page with this policy, as a browser without scripts would, over HTTPS."""
    headers = {"origin": origin(policy)} | ({} if policy == "no-referrer" else {"referer": f"{HERE}/"})
    body, kind = urlencode(form.fields, doseq=True), "application/x-www-form-urlencoded"
    return browser.post(urlsplit(form.action).path, body, content_type=kind, headers=headers, secure=True).status_code


def tries(pattern: str, house: House) -> list[str]:
    """The right address, and one that nobody has."""
    right = address(pattern, house)
    return [right, address(pattern.replace("<str:token>", NO_KEY), house)]


@pytest.mark.parametrize("pattern", KEYED)
def test_every_form_behind_a_link_can_be_sent_and_tells_other_sites_nothing(pattern: str, house: House) -> None:
    for path in tries(pattern, house):
        # Whatever comes of it: Stripe, for one, is asked outside of the test's transaction only.
        browser = Client(enforce_csrf_checks=True, raise_request_exception=False)
        page = browser.get(path, follow=True, secure=True)
        here = page.redirect_chain[-1][0] if page.redirect_chain else path
        policies = {page.headers["Referrer-Policy"], browser.get(path, secure=True).headers["Referrer-Policy"]}
        assert policies == {"same-origin"}, path
        for form in forms_of(page.content.decode(), f"{HERE}{here}"):
            if form.method == "POST":
                assert send(browser, form, "same-origin") != 403, (path, form.action)


def test_under_no_referrer_such_a_form_would_be_refused(house: House) -> None:
    """The negative control."""
    browser = Client(enforce_csrf_checks=True)
    path = address("after/<str:token>/", house)
    page = browser.get(path, secure=True)
    form = next(one for one in forms_of(page.content.decode(), f"{HERE}{path}") if one.method == "POST")
    assert send(browser, form, "no-referrer") == 403
    assert send(browser, form, "same-origin") == 200


@pytest.fixture
def access_log() -> Iterator[Logger]:
    """Gunicorn's, as the web process writes it."""
    config = Config()
    config.set("accesslog", "-")
    yield KeylessLogger(config)
    for name in ("gunicorn.access", "gunicorn.error"):
        logging.getLogger(name).handlers.clear()


@pytest.mark.parametrize("pattern", [*KEYED, "accounts/password/reset/key/<str:token>/"])
def test_no_line_of_the_access_log_names_a_key(
    pattern: str, access_log: Logger, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "gunicorn.access")
    for key in KEYS:
        path = f"/{pattern.replace('<str:token>', key)}"
        environ = {"REQUEST_METHOD": "GET", "RAW_URI": path, "PATH_INFO": path, "SERVER_PROTOCOL": "HTTP/1.1"}
        answer = SimpleNamespace(status="200 OK", sent=7, headers=[])
        access_log.access(answer, [], environ | {"HTTP_REFERER": f"{HERE}{path}"}, timedelta(seconds=1))
        line, start = caplog.messages[-1], pattern.partition("<")[0]
        assert key not in line
        assert (f'"GET /{start}...' in line, f'"{HERE}/{start}...' in line) == (True, True), line


def test_what_names_something_and_opens_nothing_stays_in_the_log() -> None:
    lines = [
        '"GET /visits/6c8ac3c4-6c1c-4a3f-9d3c-0a1b2c3d4e5f/answers/ HTTP/1.1" 200',
        "https://www.riverside-physiotherapy1.example/accounts/password/reset/done/",
        "/static/frontend/css/components.3f2a1b4c5d6e.css",
        "/settings/questionnaire/problems-since-the-last-needling/",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/120.0.0.0",
    ]
    assert [without_keys(line) for line in lines] == lines


def test_no_line_of_ours_about_a_refused_answer_names_the_key(house: House) -> None:
    lines: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
    handler.addFilter(Keyless())
    log = logging.getLogger("django.request")
    log.addHandler(handler)
    Client().post(f"/after/{house.after_token}/", {})
    Client().get(f"/visit/{NO_KEY}7/")
    log.removeHandler(handler)
    assert lines == ["Unprocessable Entity: /after/.../", "Not Found: /visit/.../"]
    assert LOGGING["handlers"]["console"]["filters"] == ["keyless"]  # type: ignore[index]

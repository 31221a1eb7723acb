"""A patient with a browser, for tests: pays on the simulator's page over plain HTTP, without following the way back."""

from __future__ import annotations

import http.client
from typing import NamedTuple
from urllib.parse import urlencode, urljoin, urlsplit

GOOD_CARD = "4242 4242 4242 4242"
SECURE_CARD = "4000 0025 0000 3155"
DECLINED_CARD = "4000 0000 0000 0002"
POOR_CARD = "4000 0000 0000 9995"
EXPIRED_CARD = "4000 0000 0000 0069"
SECURE_THEN_DECLINED_CARD = "4000 0084 0000 1629"


class Shown(NamedTuple):
    """What the patient's browser got: a page, or where it is sent."""

    status: int
    location: str
    text: str


def fetch(url: str, form: dict[str, str] | None = None) -> Shown:
    """GET, or POST when there is a form."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    try:
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        headers = {"Content-Type": "application/x-www-form-urlencoded"} if form is not None else {}
        body = urlencode(form) if form is not None else None
        connection.request("GET" if form is None else "POST", path, body, headers)
        response = connection.getresponse()
        location = response.getheader("Location") or ""
        return Shown(response.status, urljoin(url, location) if location else "", response.read().decode())
    finally:
        connection.close()


def pay(session_url: str, *, card: str = GOOD_CARD, approve: bool | None = True, email: str = "") -> Shown:
    """Pay on a session's page; a card that needs the bank is approved there, refused, or left there (None).

    The answer is a 303 to the clinic's success page, or the page that says why not.
    """
    form = {"card_number": card, "expiry": "12/34", "cvc": "123", "name": "Test Patient", "email": email}
    shown = fetch(session_url, form)
    if shown.status == 303 and "/c/authenticate/" in shown.location and approve is not None:
        return fetch(shown.location, {"outcome": "succeed" if approve else "decline"})
    return shown

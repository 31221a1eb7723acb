"""Mail scanners, previews and browsers that read ahead open every link of every message: nothing may come of that."""

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from booking.reminders.letters import letter_of
from booking.reminders.models import Communication
from booking.reminders.samples import sample_of
from booking.reminders.wording import MessageForm
from booking.rules.kinds import KINDS
from tests.security.house import NOW, House
from tests.security.test_bad_input import UNCOUNTED

WAYS: Final[dict[str, dict[str, str]]] = {
    "a scanner": {"HTTP_USER_AGENT": "Mozilla/5.0 (compatible; LinkCheck)", "HTTP_ACCEPT": "*/*"},
    "reading ahead": {"HTTP_SEC_PURPOSE": "prefetch;prerender", "HTTP_PURPOSE": "prefetch"},
}
_LINK: Final = re.compile(r"https?://[^\s\"'<>)]+")
_CHANGES_NOTHING: Final = re.compile(
    rf'SELECT|SAVEPOINT|RELEASE|(INSERT INTO|UPDATE|DELETE FROM) "?({"|".join(UNCOUNTED)})\b'
)
_ON_A_PAGE: Final = re.compile(r'(?:href|src|action|formaction)="(/[^"#]*)')


class Heard:
    """Hears every statement, and keeps those that may have changed something: not counts of tries, events of having
    read, and the session itself.
    """

    def __init__(self) -> None:
        self.written: list[str] = []

    def __call__(self, execute: Callable[..., Any], statement: str, *rest: Any) -> Any:
        if not _CHANGES_NOTHING.match(statement.strip()):
            self.written.append(statement)
        return execute(statement, *rest)


def path_in(kind: str, house: House) -> str:
    """What the link of such a message really opens."""
    opened = {
        "waitlist-joined": "/wait/place/",
        "waitlist-offer": f"/wait/offer/{house.offer_token}/",
        "aftercare": f"/after/{house.after_token}/",
        "next-day-check": f"/after/{house.after_token}/",
        "pay-link": f"/pay/{house.pay_token}/",
        "resume-link": f"/check/go-on/{house.form_token}/",
        "story-confirm": "/stories/yes/yes/",
        "story": "/stories/mine/reader/",
    }
    return opened.get(kind, f"/visit/{house.token}/")


def links_of_all_messages(house: House) -> Iterator[str]:
    """Every link of every kind of message by each channel, as paths of this house."""
    yield "/stories/leave/reader/"  # stands in the head of a story's mail
    for kind, known in KINDS.items():
        for channel in Communication.Channel.values if known.sms else [Communication.Channel.EMAIL]:
            row = sample_of(MessageForm(house.clinic.location, kind, channel, "en"), now=NOW)
            row.content |= {"token": house.token, "path": path_in(kind, house), "url": f"{settings.SITE_URL}/"}
            letter = letter_of(row, now=NOW)
            for link in _LINK.findall(f"{letter.text} {letter.html}"):
                if link.startswith(settings.SITE_URL):
                    yield link.removeprefix(settings.SITE_URL).rstrip(".,") or "/"


def test_opening_every_link_of_every_message_changes_nothing(house: House) -> None:
    paths = sorted(set(links_of_all_messages(house)))
    assert {path_in(kind, house) for kind in KINDS} <= set(paths)
    for path in paths:
        for name, head in WAYS.items():
            heard, browser = Heard(), Client()
            with connection.execute_wrapper(heard):
                browser.head(path, **head)
                browser.options(path, **head)
                page = browser.get(path, follow=True, **head)
                for further in set(_ON_A_PAGE.findall(page.content.decode(errors="replace"))):
                    if not further.startswith(settings.STATIC_URL):
                        browser.get(further, **head)  # and whatever the page leads to, as far as it can be fetched
            assert heard.written == [], (path, name)
            assert page.status_code == 200, (path, name, page.status_code)


@pytest.mark.parametrize("path", ["/visit/coming/", "/visit/cancel/"])
def test_the_guard_of_this_test_hears_what_a_button_does(house: House, path: str) -> None:
    heard, browser = Heard(), house.browser("proven")
    with connection.execute_wrapper(heard):
        browser.post(path, {"visit": house.visit.pk, "fee": "0"})
    assert heard.written != []

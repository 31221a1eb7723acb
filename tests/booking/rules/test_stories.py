from datetime import UTC, datetime, time, timedelta
from itertools import islice

import pytest

from booking.rules.reminders import QuietHours
from booking.rules.stories import due_times, faults_of_story, mailbox_of

TITLE, TEXT = "New hours in spring", "We open at eight.\n\nBook: https://example.org/book/ or call {phone}."


@pytest.mark.parametrize(
    ("title", "text", "codes"),
    [
        (TITLE, TEXT, []),
        ("", TEXT, ["no-title"]),
        (TITLE, " \n ", ["no-text"]),
        ("News\nBcc: all@example.org", TEXT, ["two-lines"]),
        ("News\rBcc: all@example.org", TEXT, ["two-lines", "hidden"]),
        ("News\u2028more", TEXT, ["two-lines"]),
        ("News \u202egnp.exe", TEXT, ["hidden"]),
        (TITLE, "a\x00b", ["hidden"]),
        ("x" * 121, TEXT, ["too-long"]),
        (TITLE, "x" * 10_000_000, ["too-long"]),
        (TITLE, "Dear {given_name}", ["unknown"]),
        (TITLE, "a } b", ["brace"]),
        ("After your treatment", TEXT, ["clinical"]),
        (TITLE, "Some stiffness and pain pass by themselves.", []),  # it speaks of nobody
        (TITLE, "See http://example.org/", ["link"]),
        (TITLE, "See javascript:alert(1)", ["link"]),
        (TITLE, "See ftp://example.org/ and https://example.org/", ["link"]),
        (TITLE, "Two hours: 10:00 to 12:00", []),
    ],
)
def test_what_a_story_may_say(title: str, text: str, codes: list[str]) -> None:
    assert [fault.code for fault in faults_of_story(title=title, text=text)] == codes


def test_stories_keep_a_pace_and_the_night() -> None:
    night = QuietHours(time(21), time(8), "UTC")
    first, morning, step = (
        datetime(2026, 11, 24, 20, 59, 20, tzinfo=UTC),
        datetime(2026, 11, 25, 8, tzinfo=UTC),
        timedelta(seconds=20),
    )
    due = list(islice(due_times(first=first, per_minute=3, quiet=night), 4))
    assert due == [first, first + step, morning, morning + step]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Ana@Example.ORG", "ana@example.org"),
        (" ana@bücher.example ", "ana@xn--bcher-kva.example"),
        ("ana@XN--BCHER-KVA.example", "ana@xn--bcher-kva.example"),
    ],
)
def test_a_mailbox_is_one_however_it_is_typed(typed: str, kept: str) -> None:
    assert mailbox_of(typed) == kept


@pytest.mark.parametrize(
    "typed",
    ["", "ana", "@example.org", "ana@", "ana@localhost", "ana@a..b", "a\nb@example.org", "a,b@example.org",
     "ana@example.org\nBcc: x@example.org", "ana@" + "x" * 64 + ".org", "<ana@example.org>"],
)  # fmt: skip
def test_what_is_no_mailbox(typed: str) -> None:
    with pytest.raises(ValueError, match=r"(?s).*"):
        mailbox_of(typed)

"""Calendar files of others: what they say, and what they must not do to us."""

import time as stopwatch
from datetime import UTC, date, datetime, timedelta

import pytest
import recurring_ical_events
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from booking.errors import CalendarRefused
from booking.feeds.busy_reader import read
from booking.feeds.busy_upload import AHEAD, read_calendar

NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
ZONE = "America/Toronto"  # its clocks still change


def calendar(*events: str) -> bytes:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//EN"]
    for number, event in enumerate(events):
        uid = [] if "UID:" in event else [f"UID:{number}"]
        lines += ["BEGIN:VEVENT", *uid, "DTSTAMP:20261101T000000Z", *event.split(" "), "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).replace("~", " ").encode()


def busy(*events: str) -> list[tuple[str, str]]:
    """From when until when, in UTC, without the year."""
    answer = read(calendar(*events), zone=ZONE, first=NOW, last=NOW + AHEAD)
    return [(start[5:16], end[5:16]) for start, end, *_wall in answer["times"]]


@pytest.mark.parametrize(
    ("event", "times"),
    [
        ("DTSTART:20261201T150000Z DTEND:20261201T160000Z", [("12-01T15:00", "12-01T16:00")]),
        ("DTSTART;TZID=Europe/London:20261201T150000 DURATION:PT45M", [("12-01T15:00", "12-01T15:45")]),
        ("DTSTART:20261201T090000 DTEND:20261201T100000", [("12-01T14:00", "12-01T15:00")]),  # floating
        ("DTSTART;VALUE=DATE:20261201", [("12-01T05:00", "12-02T05:00")]),
        ("DTSTART;VALUE=DATE:20270314 DTEND;VALUE=DATE:20270315", [("03-14T05:00", "03-15T04:00")]),  # 23 hours
        (
            "DTSTART;TZID=Eastern~Standard~Time:20261201T090000 DURATION:PT1H",
            [("12-01T14:00", "12-01T15:00")],
        ),
        ("DTSTART;TZID=/x.org/2026/America/Toronto:20261201T090000 DURATION:PT1H", [("12-01T14:00", "12-01T15:00")]),
        (
            "DTSTART;TZID=America/Toronto:20270307T090000 DURATION:PT1H RRULE:FREQ=WEEKLY;COUNT=2",
            [("03-07T14:00", "03-07T15:00"), ("03-14T13:00", "03-14T14:00")],
        ),
        (
            "DTSTART:20261201T150000Z DURATION:PT1H RRULE:FREQ=DAILY;UNTIL=20261203T150000Z EXDATE:20261202T150000Z",
            [("12-01T15:00", "12-01T16:00"), ("12-03T15:00", "12-03T16:00")],
        ),
        (
            "DTSTART:20261201T150000Z DURATION:PT1H RDATE:20261205T150000Z,20261206T150000Z",
            [("12-01T15:00", "12-01T16:00"), ("12-05T15:00", "12-05T16:00"), ("12-06T15:00", "12-06T16:00")],
        ),
        (
            "DTSTART:20261201T150000Z DURATION:PT1H RDATE;VALUE=PERIOD:20261205T150000Z/PT3H",
            [("12-01T15:00", "12-01T16:00"), ("12-05T15:00", "12-05T18:00")],
        ),
        ("DTSTART:20261123T133000Z DURATION:PT1H", [("11-23T13:30", "11-23T14:30")]),  # it is on
    ],
)
def test_what_an_event_says(event: str, times: list[tuple[str, str]]) -> None:
    assert busy(event) == times


def test_a_changed_occurrence_stands_in_for_the_one_of_its_series() -> None:
    series = "UID:a DTSTART:20261201T150000Z DURATION:PT1H RRULE:FREQ=DAILY;COUNT=4"
    moved = "UID:a RECURRENCE-ID:20261202T150000Z DTSTART:20261202T180000Z DURATION:PT1H"
    cancelled = "UID:a RECURRENCE-ID:20261203T150000Z DTSTART:20261203T150000Z DURATION:PT1H STATUS:CANCELLED"
    free = "UID:a RECURRENCE-ID:20261204T150000Z DTSTART:20261204T150000Z DURATION:PT1H TRANSP:TRANSPARENT"
    assert busy(series, moved, cancelled, free) == [("12-01T15:00", "12-01T16:00"), ("12-02T18:00", "12-02T19:00")]


def test_what_is_left_out_is_counted() -> None:
    found = read_calendar(
        calendar(
            "DTSTART:20261201T150000Z DURATION:PT1H",
            "DTSTART:20261201T150000Z DURATION:PT1H STATUS:CANCELLED",
            "DTSTART:20261201T150000Z DURATION:PT1H TRANSP:TRANSPARENT",
            "DTSTART:20251201T150000Z DURATION:PT1H",
            "DTSTART:20301201T150000Z DURATION:PT1H",
            "DTSTART:20261201T150000Z",
            "DTSTART:sometime",
            "DTSTART:20261201T150000Z DURATION:PT1H RRULE:FREQ=NEVER",
        ),
        zone=ZONE,
        now=NOW,
    )
    (only,) = found.times
    assert (only.start, only.end, only.zone) == (
        datetime(2026, 12, 1, 15, tzinfo=UTC),
        datetime(2026, 12, 1, 16, tzinfo=UTC),
        "",
    )
    assert found.left_out == {"cancelled": 1, "free": 1, "past": 1, "later": 1, "no-length": 1, "broken": 2}


_RULES = st.builds(
    lambda freq, interval, end, by: f"RRULE:FREQ={freq};INTERVAL={interval}{end}{by if freq == 'WEEKLY' else ''}",
    st.sampled_from(["DAILY", "WEEKLY", "MONTHLY"]),
    st.integers(1, 4),
    st.sampled_from([";COUNT=5", ";COUNT=20", ";UNTIL=20270601T000000Z", ""]),
    st.sampled_from(["", ";BYDAY=TU", ";BYDAY=TU,TH"]),
)
_EVENTS = st.builds(
    lambda day, hour, minutes, zone, rule, gone: " ".join(
        [
            f"DTSTART;TZID={zone}:2026{day}T{hour:02}0000",
            f"DURATION:PT{minutes}M",
            *([rule] if rule else []),
            *([f"EXDATE;TZID={zone}:20261215T{hour:02}0000"] if gone else []),
        ]
    ),
    st.sampled_from(["1006", "1027", "1124", "1201"]),  # Tuesdays, as the rules say
    st.integers(0, 23),
    st.sampled_from([15, 60, 600]),
    st.sampled_from(["America/Toronto", "America/Edmonton", "Australia/Lord_Howe", "Europe/London"]),
    st.none() | _RULES,
    st.booleans(),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(_EVENTS, min_size=1, max_size=3))
def test_another_library_reads_the_same_times(events: list[str]) -> None:
    data, last = calendar(*events), NOW + timedelta(days=250)
    ours = {(one[0], one[1]) for one in read(data, zone=ZONE, first=NOW, last=last)["times"]}
    theirs = {
        (one.start.astimezone(UTC).isoformat(), one.end.astimezone(UTC).isoformat())
        for one in recurring_ical_events.of(Calendar.from_ical(data)).between(NOW, last)
        if one.start.astimezone(UTC) < one.end.astimezone(UTC)  # not in the hour that a clock skips in spring
    }
    assert ours == theirs


_DAYS = [date(2027, 1, 1) + timedelta(days=number) for number in range(350)]
_MANY = ",".join(f"{day:%Y%m%d}T{hour:02}{minute}00Z" for day in _DAYS for hour in range(24) for minute in (10, 20, 30))
_HOUR = "DTSTART:20261201T150000Z DURATION:PT1H"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (calendar(f"{_HOUR} RRULE:FREQ=SECONDLY"), "too-many-times"),
        (calendar(f"{_HOUR} RRULE:FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30"), "took-too-long"),
        (calendar(f"{_HOUR} RDATE:{_MANY}"), "too-many-times"),
        (calendar(*[_HOUR] * 2001), "too-many-events"),
        (calendar("DTSTART;TZID=Nowhere/There:20261201T090000 DURATION:PT1H"), "unknown-zone"),
        (calendar(f"UID:a RECURRENCE-ID;RANGE=THISANDFUTURE:20261201T150000Z {_HOUR}"), "this-and-following"),
        (calendar("DTSTART;VALUE=DATE:99991231"), "unreadable"),
        (b"BEGIN:X-A\r\n" * 50_000, "unreadable"),
        (b"BEGIN:VCALENDAR\r\n" + b"X" * 900_000, "unreadable"),
        (b"BEGIN:VCALENDAR\r\nX-A:\xff\xfe\r\nEND:VCALENDAR\r\n", "not-text"),
        (calendar(f"{_HOUR} SUMMARY:\0"), "not-text"),
        (b"", "unreadable"),
        (b"<html></html>", "unreadable"),
        (b"X" * 1_000_001, "too-large"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bombs_end_in_a_clear_refusal_within_seconds(data: bytes, why: str) -> None:
    began = stopwatch.monotonic()
    with pytest.raises(CalendarRefused) as refused:
        read_calendar(data, zone=ZONE, now=NOW)
    assert refused.value.details == {"why": why}
    assert stopwatch.monotonic() - began < 11


def test_memory_is_bounded_too() -> None:
    """What is allowed at most is not enough to hold what this asks for; the process ends, and not ours."""
    nested = b"BEGIN:VCALENDAR\r\n" * 58_000
    with pytest.raises(CalendarRefused):
        read_calendar(nested, zone=ZONE, now=NOW)

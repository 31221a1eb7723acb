from datetime import UTC, datetime, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from booking.rules.kinds import still_true
from booking.rules.reminders import (
    AFTER_BOOKING,
    Planned,
    QuietHours,
    after_visit,
    at_once,
    morning_after,
    no_show,
    recheck,
    reminders,
)

START = datetime(2026, 12, 1, 15, tzinfo=UTC)  # Tuesday, 9:00 in Alberta
NIGHT = QuietHours(time(21), time(7), "America/Edmonton")
HOUR = timedelta(hours=1)


def test_a_visit_next_week_gets_both_reminders() -> None:
    assert reminders(start=START, hours=[48, 2], now=START - timedelta(days=7)) == (
        Planned(START - 48 * HOUR, "reminder-1", START - 24 * HOUR),
        Planned(START - 2 * HOUR, "reminder-2", START - HOUR),
    )


def test_a_visit_tomorrow_gets_only_the_second_one_under_its_own_number() -> None:
    assert [one.kind for one in reminders(start=START, hours=[48, 2], now=START - timedelta(days=1))] == ["reminder-2"]


def test_a_visit_in_two_hours_gets_none() -> None:
    assert reminders(start=START, hours=[48, 2], now=START - 2 * HOUR) == ()


def test_a_visit_in_49_hours_gets_both_and_in_48_and_a_half_only_one() -> None:
    assert len(reminders(start=START, hours=[48, 2], now=START - 49 * HOUR)) == 2
    assert len(reminders(start=START, hours=[48, 2], now=START - 48.5 * HOUR)) == 1


def test_hours_in_any_order_doubled_or_zero_give_one_reminder_each() -> None:
    planned = reminders(start=START, hours=[2, 48, 48, 0], now=START - timedelta(days=9))
    assert [one.kind for one in planned] == ["reminder-1", "reminder-2"]


def test_a_reminder_at_night_waits_for_the_morning_if_that_is_soon_enough() -> None:
    early = datetime(2026, 12, 1, 11, tzinfo=UTC)  # 5:00 in Alberta
    first, second = reminders(start=early, hours=[48, 2], quiet=NIGHT, now=early - timedelta(days=7))
    assert first.due_at == datetime(2026, 11, 29, 13, tzinfo=UTC)  # Sunday 7:00
    assert second.due_at == datetime(2026, 12, 1, 2, 59, tzinfo=UTC)  # the evening before, 20:59


def test_the_night_follows_the_clock_when_it_changes() -> None:
    toronto = QuietHours(time(21), time(7), "America/Toronto")
    before_the_change = datetime(2026, 11, 1, 4, tzinfo=UTC)  # midnight; the clocks go back at 2:00
    assert toronto.around(before_the_change) == (
        datetime(2026, 11, 1, 1, tzinfo=UTC),
        datetime(2026, 11, 1, 12, tzinfo=UTC),
    )
    assert toronto.around(datetime(2026, 11, 1, 12, tzinfo=UTC)) is None


def test_a_night_within_one_day() -> None:
    siesta = QuietHours(time(12), time(14), "UTC")
    assert siesta.around(datetime(2026, 12, 1, 13, tzinfo=UTC)) == (
        datetime(2026, 12, 1, 12, tzinfo=UTC),
        datetime(2026, 12, 1, 14, tzinfo=UTC),
    )
    assert siesta.around(datetime(2026, 12, 1, 14, tzinfo=UTC)) is None


def test_news_of_a_visit_keep_until_it_begins_and_of_an_end_at_least_a_day() -> None:
    now = START - HOUR
    assert at_once("confirmation", start=START, now=now) == Planned(now, "confirmation", START)
    assert at_once("cancellation", start=START, now=now) == Planned(now, "cancellation", now + 24 * HOUR)
    assert at_once(
        "form-needed", start=START, deadline=now + timedelta(minutes=5), now=now
    ).not_after == now + timedelta(minutes=5)


def test_what_is_still_true_depends_on_the_visit() -> None:
    assert still_true("reminder-1", status="booked", awaiting="")
    assert still_true("reminder-2", status="pending", awaiting="form")
    assert not still_true("reminder-1", status="arrived", awaiting="")
    assert not still_true("request-received", status="booked", awaiting="")
    assert not still_true("confirmation", status="cancelled", awaiting="")
    assert still_true("cancellation", status="cancelled", awaiting="")
    assert not still_true("cancellation", status="booked", awaiting="")


moments = st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))
clocks = st.times().map(lambda at: at.replace(second=0, microsecond=0))
nights = st.none() | st.builds(
    QuietHours, clocks, clocks, st.sampled_from(["America/Edmonton", "America/Toronto", "Europe/Paris"])
).filter(lambda night: night.start != night.end)


@given(
    start=moments,
    ahead=st.timedeltas(timedelta(0), timedelta(days=90)),
    hours=st.lists(st.integers(0, 400), max_size=5),
    quiet=nights,
)
def test_every_plan_keeps_its_promises(
    start: datetime, ahead: timedelta, hours: list[int], quiet: QuietHours | None
) -> None:
    now = start - ahead
    planned = reminders(start=start, hours=hours, quiet=quiet, now=now)
    assert planned == reminders(start=start, hours=reversed(hours), quiet=quiet, now=now)
    assert len({one.kind for one in planned}) == len(planned) <= len(set(hours))
    for one in planned:
        assert now + AFTER_BOOKING <= one.due_at < one.not_after < start
        assert quiet is None or quiet.around(one.due_at) is None or _never_awake(quiet)
    assert list(planned) == sorted(planned, key=lambda one: one.not_after)


def _never_awake(quiet: QuietHours) -> bool:
    """A night of all but a minute leaves no evening to move to."""
    minutes = (quiet.start.hour - quiet.end.hour) * 60 + quiet.start.minute - quiet.end.minute
    return minutes % 1440 <= 1


def test_the_questions_before_a_visit_are_asked_for_a_day_ahead_and_not_by_night() -> None:
    start = datetime(2026, 12, 1, 15, 0, tzinfo=UTC)
    now = start - timedelta(days=5)
    assert recheck(start=start, now=now) == (Planned(start - timedelta(hours=24), "recheck", start),)
    assert recheck(start=start, now=start - timedelta(hours=20)) == ()  # its form has just been filled in
    night = QuietHours(time(20), time(9), "UTC")
    early = datetime(2026, 12, 1, 7, 0, tzinfo=UTC)
    assert recheck(start=early, quiet=night, now=now)[0].due_at == datetime(2026, 11, 30, 9, tzinfo=UTC)
    assert still_true("recheck", status="booked", awaiting="")
    assert not still_true("recheck", status="checked-in", awaiting="")


def test_after_a_visit_the_evening_the_next_day_and_the_week_have_their_messages() -> None:
    end = datetime(2026, 12, 1, 20, tzinfo=UTC)  # 14:00 in Alberta
    said = {"end": end, "lungs": True, "first_or_caution": True, "outcome": True, "last_of_course": True}
    assert after_visit(**said) == (
        Planned(end + 4 * HOUR, "aftercare", end + 16 * HOUR),
        Planned(end + 24 * HOUR, "next-day-check", end + 48 * HOUR),
        Planned(end + 60 * HOUR, "next-day-check-2", end + 84 * HOUR),
        Planned(end + 168 * HOUR, "outcome-questions", end + 240 * HOUR),
        Planned(end + 840 * HOUR, "outcome-questions-2", end + 912 * HOUR),
    )
    nothing = dict.fromkeys(("lungs", "first_or_caution", "outcome", "last_of_course"), False)
    assert [one.kind for one in after_visit(end=end, **nothing)] == ["next-day-check"]
    assert [one.kind for one in after_visit(end=end, **nothing | {"last_of_course": True})] == ["next-day-check"]


def test_a_clinic_sets_its_own_hours_after_a_visit() -> None:
    end = datetime(2026, 12, 1, 20, tzinfo=UTC)
    own = {"aftercare": [3], "next-day-check": [20, 48]}
    planned = after_visit(end=end, lungs=True, first_or_caution=True, outcome=False, last_of_course=False, hours=own)
    assert [(one.due_at - end) // HOUR for one in planned] == [3, 20, 48]


def test_the_notes_of_the_evening_do_not_wait_for_the_morning_and_the_next_day_does() -> None:
    end = datetime(2026, 12, 2, 1, tzinfo=UTC)  # 19:00 in Alberta: four hours on it is 23:00
    first, second = after_visit(
        end=end,
        lungs=True,
        first_or_caution=False,
        outcome=False,
        last_of_course=False,
        quiet=NIGHT,
        hours={"next-day-check": [28, 60]},
    )
    assert first.due_at == end + 4 * HOUR
    assert second.due_at == datetime(2026, 12, 3, 13, tzinfo=UTC)  # 7:00, not 23:00


def test_who_did_not_come_is_written_to_when_a_slip_could_have_been_mended() -> None:
    noted = datetime(2026, 12, 1, 20, tzinfo=UTC)
    assert no_show(noted_at=noted) == Planned(noted + HOUR / 2, "no-show", noted + 24.5 * HOUR)
    late = datetime(2026, 12, 2, 3, 45, tzinfo=UTC)  # 21:45
    assert no_show(noted_at=late, quiet=NIGHT).due_at == datetime(2026, 12, 2, 13, tzinfo=UTC)


def test_a_text_about_a_near_visit_does_not_wait_and_one_about_a_later_visit_does() -> None:
    night = datetime(2026, 12, 1, 11, tzinfo=UTC)  # 5:00 in Alberta
    morning = datetime(2026, 12, 1, 13, tzinfo=UTC)

    def wait(kind: str, channel: str, start: datetime) -> datetime | None:
        return morning_after(kind, channel=channel, start=start, quiet=NIGHT, now=night)

    assert wait("cancellation", "sms", night + 4 * HOUR) is None
    assert wait("cancellation", "sms", night + 30 * HOUR) == morning
    assert wait("cancellation", "email", night + 30 * HOUR) is None
    assert wait("reminder-2", "email", night + 4 * HOUR) == morning
    assert wait("aftercare", "sms", night - HOUR) is None
    assert morning_after("reminder-1", channel="sms", start=START, quiet=None, now=night) is None

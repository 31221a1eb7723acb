"""The clinic's terms."""

from datetime import UTC, datetime, timedelta

import pytest

from booking.rules import policy
from booking.rules.walltime import to_utc, wall_text

VISIT = datetime(2026, 11, 26, 16, tzinfo=UTC)
FREE_UNTIL = VISIT - timedelta(hours=24)


def fee(reason: str, now: datetime, **over: object) -> int:
    said = {"reason": reason, "free_until": FREE_UNTIL, "late_fee": 3000, "confirmed": True, "now": now}
    return policy.fee_for_cancelling(**{**said, **over})


def test_until_the_last_minute_of_the_free_time_it_is_free() -> None:
    assert [fee("patient", FREE_UNTIL), fee("patient", FREE_UNTIL + timedelta(seconds=1))] == [0, 3000]


@pytest.mark.parametrize(
    "reason", ["clinic", "not-cleared", "screening-declined", "review-lapsed", "payment-lapsed", "hold-expired"]
)
def test_whoever_is_honest_or_turned_away_never_pays(reason: str) -> None:
    assert fee(reason, VISIT) == 0


def test_what_was_never_confirmed_costs_nothing() -> None:
    assert fee("patient", VISIT, confirmed=False) == 0


def test_the_clinic_moves_for_free() -> None:
    said = {"free_until": FREE_UNTIL, "late_fee": 3000, "confirmed": True, "now": VISIT}
    assert [policy.fee_for_moving(by_clinic=by_clinic, **said) for by_clinic in (True, False)] == [0, 3000]


def test_twenty_four_hours_are_hours_that_pass_also_over_a_change_of_clocks() -> None:
    monday_nine = to_utc(datetime(2026, 3, 9, 9), "America/Toronto")
    just_after = to_utc(datetime(2026, 3, 8, 9), "America/Toronto")
    until = policy.free_cancel_until(start=just_after, hours=24)
    assert wall_text(until, "America/Toronto") == "2026-03-07T08:00"
    assert wall_text(policy.free_cancel_until(start=monday_nine, hours=24), "America/Toronto") == "2026-03-08T09:00"


def test_a_hold_lasts_ten_minutes_from_its_last_use_and_thirty_in_all() -> None:
    ends = [
        policy.hold_until(created_at=VISIT, now=VISIT + timedelta(minutes=minutes)) - VISIT for minutes in (0, 8, 25)
    ]
    assert ends == [timedelta(minutes=minutes) for minutes in (10, 18, 30)]


def test_a_therapist_answers_within_a_day_and_two_hours_before_the_visit() -> None:
    """24 opening hours of a clinic that is open ten hours a day, at most four days."""
    every_day = {day: [["08:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
    only_sundays = {"sun": [["10:00", "12:00"]]}
    said = [(192, every_day), (192, only_sundays), (192, {}), (20, every_day), (1, every_day)]
    due = [
        VISIT - policy.decide_by(start=VISIT, response_hours=24, weekly=weekly, zone="UTC", since=now, now=now)
        for now, weekly in ((VISIT - timedelta(hours=hours), weekly) for hours, weekly in said)
    ]
    assert due == [timedelta(hours=hours) for hours in (192 - _opening_hours_later(), 96, 168, 2, 0)]


def _opening_hours_later() -> int:
    """24 opening hours from the visit's hour of the day, in hours by the clock."""
    hours, left, now = 0, 24, VISIT
    while left:
        left -= 8 <= now.hour < 18
        hours, now = hours + 1, now + timedelta(hours=1)
    return hours


def test_a_request_that_is_moved_gets_no_more_time() -> None:
    asked, moved = VISIT - timedelta(hours=50), VISIT - timedelta(hours=30)
    due = [
        policy.decide_by(start=start, response_hours=24, weekly={}, zone="UTC", since=asked, now=moved)
        for start in (VISIT, VISIT + timedelta(days=7), VISIT - timedelta(hours=29))
    ]
    assert due == [asked + timedelta(hours=24), asked + timedelta(hours=24), VISIT - timedelta(hours=29)]


def test_half_of_the_time_is_gone_in_the_middle() -> None:
    assert policy.half_gone(since=VISIT, until=VISIT + timedelta(hours=6)) == VISIT + timedelta(hours=3)


def test_the_form_is_due_a_day_before_or_after_half_of_the_time_left() -> None:
    called = [VISIT - timedelta(hours=hours) for hours in (72, 24, 4)]
    due = [policy.form_due_at(start=VISIT, hours=24, now=now) for now in called]
    assert due == [VISIT - timedelta(hours=hours) for hours in (24, 12, 2)]


def test_a_share_is_rounded_half_up_to_the_cent() -> None:
    assert [policy.share_of(3333, 50), policy.share_of(3000, 100), policy.share_of(0, 100)] == [1667, 3000, 0]


def test_a_request_needs_the_longer_notice_whoever_books_it_and_staff_need_none_else() -> None:
    said = {"minimum": 120, "for_request": 240}
    assert [
        policy.notice_minutes(**said, is_request=is_request, by_staff=by_staff)
        for is_request, by_staff in ((False, False), (True, False), (True, True), (False, True))
    ] == [120, 240, 240, 0]


def test_answers_are_open_to_the_therapist_for_two_years() -> None:
    leap_day = datetime(2028, 2, 29, 10, tzinfo=UTC)
    assert [policy.care_until(VISIT), policy.care_until(leap_day)] == [
        datetime(2028, 11, 26, 16, tzinfo=UTC),
        datetime(2030, 3, 1, 10, tzinfo=UTC),
    ]


def test_a_patient_moves_a_visit_early_enough_and_not_too_often() -> None:
    start = datetime(2026, 11, 24, 17, tzinfo=UTC)

    def may(hours_before: float, *, notice: int = 0, made: int = 0, allowed: int | None = None) -> bool:
        now = start - timedelta(hours=hours_before)
        return policy.may_still_move(start=start, notice_hours=notice, moves_made=made, moves_allowed=allowed, now=now)

    assert (may(0.1), may(0), may(3, notice=2), may(2, notice=2)) == (True, False, True, False)
    assert (may(9, made=9), may(9, made=1, allowed=2), may(9, made=2, allowed=2)) == (True, True, False)


def test_somebody_who_walks_in_begins_on_the_next_five_minutes() -> None:
    now = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
    begins = [policy.walk_in_start(now + timedelta(seconds=second)) - now for second in (0, 1, 299, 300, 3599)]
    assert begins == [timedelta(minutes=minutes) for minutes in (0, 5, 5, 5, 60)]

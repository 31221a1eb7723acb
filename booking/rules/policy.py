"""The clinic's terms as numbers: how long a time is held, until when cancelling is free, what it costs after that.

Money in minor units. Hours are counted as hours that pass, which is what the offset of the visit's own date gives: a
visit at 09:00 on the day after the clocks change is free to cancel until 24 hours before, not until 09:00 of the day
before.
"""

from datetime import datetime, timedelta
from typing import Final

from booking.rules.opening_hours import Week, add_opening_hours

HOLD: Final = timedelta(minutes=10)
HOLD_AT_MOST: Final = timedelta(minutes=30)
CHECKOUT: Final = timedelta(minutes=15)
DECIDE_BEFORE_VISIT: Final = timedelta(hours=2)
DECIDE_WITHIN: Final = timedelta(days=4)  # money that is only authorised is settled in four days
UNDO_FOR: Final = timedelta(minutes=3)
WALK_IN_STEP: Final = timedelta(minutes=5)

_CHARGED: Final = frozenset({"patient"})  # never for what the clinic decides, an illness or an honest answer


def hold_until(*, created_at: datetime, now: datetime) -> datetime:
    """When a hold ends that is used now: in 10 minutes, and never more than 30 after it was made."""
    return min(now + HOLD, created_at + HOLD_AT_MOST)


def notice_minutes(*, minimum: int, for_request: int, is_request: bool, by_staff: bool) -> int:
    """How many minutes ahead a time must lie: more when a therapist looks first, whoever books it; else none when staff
    do.
    """
    least = 0 if by_staff else minimum
    return max(least, for_request) if is_request else least


def free_cancel_until(*, start: datetime, hours: int) -> datetime:
    """Until when the visit can be cancelled or moved without a fee."""
    return start - timedelta(hours=hours)


def share_of(amount: int, percent: int) -> int:
    """So many per cent of an amount, rounded half up to the minor unit."""
    return (amount * percent + 50) // 100


def fee_for_cancelling(
    *, reason: str, free_until: datetime | None, late_fee: int, confirmed: bool, now: datetime
) -> int:
    """What a cancellation costs: only the patient's own, of a confirmed visit, after the free time."""
    if reason not in _CHARGED or not confirmed or free_until is None or now <= free_until:
        return 0
    return late_fee


def fee_for_moving(
    *, by_clinic: bool, free_until: datetime | None, late_fee: int, confirmed: bool, now: datetime
) -> int:
    """What a move costs: the same as a cancellation at that moment; nothing when the clinic moves it."""
    if by_clinic:
        return 0
    return fee_for_cancelling(reason="patient", free_until=free_until, late_fee=late_fee, confirmed=confirmed, now=now)


def may_still_move(
    *, start: datetime, notice_hours: int, moves_made: int, moves_allowed: int | None, now: datetime
) -> bool:
    """Whether the terms let a patient move this visit: early enough, and not too often."""
    in_time = now < start - timedelta(hours=notice_hours)
    return in_time and (moves_allowed is None or moves_made < moves_allowed)


def walk_in_start(now: datetime) -> datetime:
    """When somebody who came without an appointment begins: now, on the next five minutes of the clock."""
    since_hour = now - now.replace(minute=0, second=0, microsecond=0)
    return now + (-since_hour % WALK_IN_STEP)


def decide_by(
    *, start: datetime, response_hours: int, weekly: Week, zone: str, since: datetime, now: datetime
) -> datetime:
    """Until when a therapist who was asked at `since` must have answered: so many opening hours, four days at most, and
    two hours before the visit; a visit nearer than that leaves until it begins.
    """
    latest = start - DECIDE_BEFORE_VISIT
    asked_for = min(add_opening_hours(since, response_hours, weekly=weekly, zone=zone), since + DECIDE_WITHIN)
    return min(asked_for, latest if latest > now else start)


def half_gone(*, since: datetime, until: datetime) -> datetime:
    """When half of the time to answer is gone."""
    return since + (until - since) / 2


def form_due_at(*, start: datetime, hours: int, now: datetime) -> datetime:
    """Until when a caller must have filled in the form; a visit that is nearer than that leaves half the time to it."""
    due = start - timedelta(hours=hours)
    return due if due > now + timedelta(hours=1) else now + (start - now) / 2


def care_until(end: datetime) -> datetime:
    """How long a therapist may see the answers after a visit: 24 months."""
    try:
        return end.replace(year=end.year + 2)
    except ValueError:  # 29 February
        return end.replace(year=end.year + 2, month=3, day=1)

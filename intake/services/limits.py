"""How often something may be tried, counted in one SQL statement so that a burst can't slip through."""

from datetime import UTC, datetime, timedelta

from django.db import connection

from intake.errors import TooManyAttempts
from intake.models import AttemptCount
from intake.tokens import hash_token

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MAX_KEY = 128


def count_attempt(*, key: str, limit: int, window: timedelta, now: datetime) -> int:
    """Count one try in the present window and return how many there were.

    Call it outside a transaction: a rollback would forget the try.

    :raises TooManyAttempts: more than `limit` in this window; details hold `retry_after` in seconds
    """
    start = _EPOCH + (now - _EPOCH) // window * window
    count = _add_one(key if len(key) <= _MAX_KEY else hash_token(key), start)
    if count > limit:
        raise TooManyAttempts(retry_after=max(1, int((start + window - now).total_seconds())))
    return count


def forget_attempts(*, older_than: timedelta, now: datetime) -> int:
    """Delete counters of windows that began longer ago; returns how many."""
    return AttemptCount.objects.filter(window_start__lt=now - older_than).delete()[0]


def _add_one(key: str, window_start: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO intake_attemptcount (key, window_start, count) VALUES (%s, %s, 1) "
            "ON CONFLICT (key, window_start) DO UPDATE SET count = intake_attemptcount.count + 1 RETURNING count",
            [key, window_start],
        )
        return int(cursor.fetchone()[0])

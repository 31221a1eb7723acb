"""The only clock: every view, task and command asks here once and passes the answer down."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings


def now() -> datetime:
    """The present moment in UTC.

    In tests a file holding seconds moves web, worker, beat and simulators together; a system check refuses it beside a
    live Stripe key.
    """
    return datetime.now(UTC) + _offset()


def _offset() -> timedelta:
    if not settings.CLOCK_FILE:
        return timedelta()
    try:
        return timedelta(seconds=float(Path(settings.CLOCK_FILE).read_text().strip() or 0))
    except FileNotFoundError:
        return timedelta()

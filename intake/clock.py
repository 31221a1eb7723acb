"""The only clock: every view, task and command asks here once and passes the answer down."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from django.conf import settings


def now() -> datetime:
    """The present moment in UTC.

    In tests a file holding seconds moves web, worker, beat and simulators together; a system check refuses it beside a
    live Stripe key.
    """
    return datetime.now(UTC) + _offset()


def clinic_date(moment: datetime) -> date:
    """The date on the clinic's wall at that moment."""
    return moment.astimezone(ZoneInfo(settings.CLINIC_TIME_ZONE)).date()


def _offset() -> timedelta:
    if not settings.CLOCK_FILE:
        return timedelta()
    try:
        return timedelta(seconds=float(Path(settings.CLOCK_FILE).read_text().strip() or 0))
    except FileNotFoundError:
        return timedelta()

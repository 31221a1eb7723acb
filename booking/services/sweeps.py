"""Sweeping: one appointment that somebody else is busy with must not hold up the rest."""

import logging
from collections.abc import Callable
from datetime import datetime

from booking.errors import NotPossibleNow, SlotTaken, TryAgain
from booking.models import Appointment

log = logging.getLogger(__name__)


def sweep_one(work: Callable[[Appointment, datetime], bool], appointment: Appointment, now: datetime) -> bool:
    """Whether the work was done; what changes at this moment is left to the next sweep."""
    try:
        return work(appointment, now)
    except (NotPossibleNow, SlotTaken, TryAgain) as error:
        log.info("Appointment %s is left to the next sweep: %s", appointment.pk, error.code)
        return False

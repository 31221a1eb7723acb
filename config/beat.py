"""Celery's clock, which shows every few seconds that it is alive."""

import logging
import time
from typing import Any

from celery.beat import PersistentScheduler
from django.db import Error, connection

from booking.models import Pulse
from booking.services.standstills import note_pulse
from intake.clock import now

logger = logging.getLogger(__name__)
EVERY = 10.0  # seconds


class SeenScheduler(PersistentScheduler):
    """Asks for the sweeps as ever; that it could, it notes in the database."""

    noted = float("-inf")

    def tick(self, *args: Any, **more: Any) -> float:
        wait = super().tick(*args, **more)
        if time.monotonic() - self.noted >= EVERY:
            self.noted = time.monotonic()
            self._note()
        return min(wait, EVERY)

    def _note(self) -> None:
        try:
            note_pulse(part=Pulse.Part.BEAT, now=now())
        except Error as error:  # the sweeps are asked for all the same
            logger.warning("The database can't be told that beat is alive: %s", error)
            connection.close()

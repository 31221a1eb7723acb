import logging
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import Error, connection

from booking.services.standstills import look_after_work
from intake.clock import now

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "See whether messages and other work go on, and mail the owner if they stand still. Needs no broker."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="look once and say what is wrong (exit 1)")
        parser.add_argument("--every", type=float, default=30, help="seconds between two looks")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["once"]:
            problems = look_after_work(now=now())
            self.stdout.write(", ".join(problems) or "All work goes on.")
            raise SystemExit(1 if problems else 0)
        while True:
            time.sleep(options["every"])  # first: what was started with it may still be waking up
            self._look()

    def _look(self) -> None:
        try:
            look_after_work(now=now())
        except Error as error:  # the database is away: the next look may find it again
            logger.error("Nobody can see whether work goes on: %s", error)
            connection.close()

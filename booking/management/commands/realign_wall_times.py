import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from booking.errors import BookingError
from booking.services.realignment import Realigned, realign_wall_times
from intake.clock import now


class Command(BaseCommand):
    help = (
        "After new time-zone data: move the moments of coming visits and absences so that their clock times stay. "
        "Exit 1 and a line for each visit that could not follow."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="try it and take it back; bookings wait meanwhile")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            done = realign_wall_times(dry_run=options["dry_run"], now=now())
        except BookingError as error:
            raise CommandError(f"{error.message} Run it again: it goes on where it stopped.") from error
        if options["json"]:
            self.stdout.write(json.dumps(_as_data(done)))
        else:
            self._say(done, dry_run=options["dry_run"])
        if done.conflicts:
            sys.exit(1)

    def _say(self, done: Realigned, *, dry_run: bool) -> None:
        for one in done.conflicts:
            self.stdout.write(
                f"visit {one.appointment} at {one.wall_start} stays at {one.before:%H:%M} UTC: {one.problem}"
            )
        moved = len(done.shifts) - len(done.conflicts)
        would = "would be " if dry_run else ""
        self.stdout.write(
            f"{moved} visits and {done.absences} absences {would}moved, {len(done.conflicts)} visits could not follow."
        )


def _as_data(done: Realigned) -> dict[str, Any]:
    return {
        "moved": [
            {"appointment": str(one.appointment), "wall_start": one.wall_start, "before": one.before.isoformat(),
             "after": one.after.isoformat()}
            for one in done.shifts if one.after is not None
        ],
        "conflicts": [
            {"appointment": str(one.appointment), "wall_start": one.wall_start, "start": one.before.isoformat(),
             "problem": one.problem}
            for one in done.conflicts
        ],
        "absences": done.absences,
    }  # fmt: skip

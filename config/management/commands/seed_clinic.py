from datetime import date, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.seed.run import ClinicExists, seed
from intake.clock import now


class Command(BaseCommand):
    help = "Make a reproducible clinic; without arguments the demonstration clinic."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--practitioners", type=int, help="therapists (demonstration: 3)")
        parser.add_argument("--appointments", type=int, help="visits in all (demonstration: 520)")
        parser.add_argument("--days", type=int, default=28, help="from today on, six tenths booked")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--today", type=date.fromisoformat, help="default: today in the clinic")
        parser.add_argument("--flush", action="store_true", help="delete the clinic that is there, and all in it")

    def handle(self, *args: Any, **options: Any) -> None:
        wanted = {key: options[key] for key in ("practitioners", "appointments", "days")}
        if any(value is not None and value < 0 for value in wanted.values()) or wanted["practitioners"] == 0:
            raise CommandError("Numbers must not be negative, and a clinic needs a therapist.")
        try:
            made = seed(**wanted, number=options["seed"], today=options["today"], flush=options["flush"], now=now())
        except ClinicExists as error:
            raise CommandError("There is a clinic already. Add --flush to replace it and everything in it.") from error
        last = made.today + timedelta(days=options["days"] - 1)
        self.stdout.write(
            f"{made.location.name}: {made.practitioners} therapists, {made.patients} patients, "
            f"{made.appointments} visits, {made.coming} of them from {made.today} to {last}."
        )

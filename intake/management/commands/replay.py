"""`manage.py replay`: every stored screening once more, to prove that its result follows from its answers."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from intake.clock import now
from intake.rules.answers import AnswerError
from intake.selectors.replay import differences, screenings_to_replay


class Command(BaseCommand):
    help = "Evaluate stored screenings again by the versions they were made with; exit 1 if any comes out differently."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--days", type=int, metavar="N", help="only those of the last N days")

    def handle(self, *, days: int | None, **_: Any) -> None:
        seen = different = 0
        for screening in screenings_to_replay(days=days, now=now()):
            seen += 1
            try:
                parts = differences(screening)
            except AnswerError:
                parts = ["the answers don't fit their questions"]
            if parts:
                different += 1
                self.stdout.write(f"{screening.pk}: {', '.join(parts)}")
        if different:
            raise CommandError(f"{different} of {seen} screenings come out differently.")
        self.stdout.write(f"Replayed {seen} screenings; each came to the same result.")

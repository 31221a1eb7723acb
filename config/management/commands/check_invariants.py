import json
import sys
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from config.invariants import INVARIANTS, broken_promises
from intake.clock import now

_SHOWN = 5


class Command(BaseCommand):
    help = "Check every promise that the database can show. Exit 1 and a line for each one that is broken."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        broken = broken_promises(now=now())
        if options["json"]:
            self.stdout.write(json.dumps({"checked": len(INVARIANTS), "broken": [asdict(one) for one in broken]}))
        else:
            for one in broken:
                more = f" and {len(one.rows) - _SHOWN} more" if len(one.rows) > _SHOWN else ""
                self.stdout.write(f"{one.name}: not kept: {one.promise}: {', '.join(one.rows[:_SHOWN])}{more}")
            if not broken:
                self.stdout.write(f"All {len(INVARIANTS)} promises kept.")
        if broken:
            sys.exit(1)

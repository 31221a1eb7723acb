from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from booking.reminders.switch import hold_senders
from intake.clock import now


class Command(BaseCommand):
    help = "Hold everything that leaves this installation: messages wait as rows, money is not moved."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--reason", default="by hand")

    def handle(self, *args: Any, **options: Any) -> None:
        hold_senders(reason=options["reason"], now=now())
        self.stdout.write("Nothing is sent and no money is moved until `manage.py release_senders`.")

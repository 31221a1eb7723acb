from typing import Any

from django.core.management.base import BaseCommand

from booking.reminders.switch import release_senders
from intake.clock import now


class Command(BaseCommand):
    help = "Let this installation send messages and move money again (a restored copy starts without)."

    def handle(self, *args: Any, **options: Any) -> None:
        release_senders(reason="by hand", now=now())
        self.stdout.write("Messages are sent and money is moved from now on.")

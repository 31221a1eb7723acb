"""A worker in a process of its own, which can be told to stop at the worst moment: `python -m ... PORT MOMENT HOW`.

HOW: "run" delivers what is due. "before", "during", "after" hang between claim and handing over, just before the server
gets the message, and just after it took it; then somebody kills us. "unguarded" claims without lock and lease.
"""

import sys
import time
from datetime import datetime

import django

django.setup()

from django.conf import settings  # noqa: E402

from booking.reminders import delivery  # noqa: E402
from booking.reminders.channels.base import Letter  # noqa: E402
from booking.reminders.channels.email import EmailChannel  # noqa: E402
from booking.reminders.models import Communication  # noqa: E402


def hang(*_: object, **__: object) -> None:
    print("here", flush=True)
    time.sleep(60)


class Killed(EmailChannel):
    how = ""

    def send(self, letter: Letter) -> str:
        if self.how == "during":
            hang()
        name = super().send(letter)
        if self.how == "after":
            hang()
        return name


def claim_without_guard(*, now: datetime, by: str) -> Communication | None:
    row = delivery._due(now, by).order_by("not_after", "due_at").first()
    time.sleep(0.05)
    if row is not None:
        Communication.objects.filter(pk=row.pk).update(status="in-progress")
    return row


def main(port: str, moment: str, how: str) -> None:
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", int(port)
    Killed.how = how
    if how == "before":
        delivery.letter_of = hang
    if how == "unguarded":
        delivery.claim = claim_without_guard
    delivery.deliver_due(now=datetime.fromisoformat(moment), channel=Killed)


if __name__ == "__main__":
    main(*sys.argv[1:])

"""What staff chose not to tell: the message stands in the log as one that was stopped, with who chose so."""

from datetime import datetime

from django.utils.translation import gettext_noop

from booking.models import Appointment
from booking.reminders.models import Communication
from booking.reminders.rows import write_messages
from booking.rules.kinds import KINDS
from booking.rules.reminders import at_once
from intake.models import User

UNTOLD = gettext_noop("Staff chose not to tell the patient")  # who chose it follows after a colon
_ENDS = [kind.code for kind in KINDS.values() if kind.tells_end]


def keep_untold(*, appointment: Appointment, kind: str, by: User, now: datetime) -> None:
    """Write the message of this kind as stopped, in the transaction of the fact and before it is announced: what is
    written under the same key after that stays out.
    """
    planned = [at_once(kind, start=appointment.start, now=now)]
    write_messages(appointment=appointment, planned=planned, now=now)
    written = Communication.objects.filter(
        appointment=appointment,
        kind=kind,
        schedule_version=appointment.schedule_version,
        created_at=now,
        status__in=[Communication.Status.PREPARATION, Communication.Status.NOT_DONE],  # nor is anybody called about it
    )
    written.update(status=Communication.Status.STOPPED, status_reason=f"{UNTOLD}: {by}"[:255])


def forget_untold_end(*, appointment: Appointment) -> None:
    """Take the end out of the log that was undone before it was told, so that another end can be told."""
    Communication.objects.filter(
        appointment=appointment,
        kind__in=_ENDS,
        schedule_version=appointment.schedule_version,
        status=Communication.Status.STOPPED,
        status_reason__startswith=UNTOLD,
    ).delete()

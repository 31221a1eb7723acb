"""A message about a visit, sent once more by hand: a row of its own, beside the one that was sent before."""

from datetime import datetime

from django.db.models import Q

from booking.errors import NotPossibleNow
from booking.reminders.models import Communication
from booking.reminders.rows import message_row
from booking.reminders.ways import Way, WhyNot, reach_of
from booking.rules.kinds import KINDS, family_of, kind_of, still_true
from booking.rules.reminders import at_once


def may_be_sent_again(communication: Communication, *, now: datetime) -> bool:
    """Whether a message would still be true, if it went out once more: it is about a visit, as that stands now. Of a
    kind that is sent no more, none is.
    """
    visit = communication.appointment
    return (
        visit is not None
        and family_of(communication.kind) in KINDS
        and visit.schedule_version == communication.schedule_version
        and still_true(communication.kind, status=visit.status, awaiting=visit.awaiting)
        and (now < visit.start or kind_of(communication.kind).outlives)
    )


def resend(*, communication: Communication, now: datetime) -> Communication:
    """Send a message about a visit once more, by hand: a new row with `:rN` after the old one's key.

    :raises NotPossibleNow: it would not be true any more, or it was not about a visit
    """
    visit = communication.appointment
    if visit is None or not may_be_sent_again(communication, now=now):
        raise NotPossibleNow
    first = communication.dedupe_key.rpartition(":r")[0] if _is_resent(communication) else communication.dedupe_key
    times = Communication.objects.filter(Q(dedupe_key=first) | Q(dedupe_key__startswith=f"{first}:r")).count()
    row = message_row(
        subject="",
        planned=at_once(communication.kind, start=visit.start, now=now),
        appointment=visit,
        way=_way_of(communication),
        language=communication.language,
        content=communication.content,
        now=now,
    )
    row.patient_id = communication.patient_id
    row.dedupe_key = f"{first}:r{times}"
    row.save(force_insert=True)
    return row


def _is_resent(communication: Communication) -> bool:
    return communication.dedupe_key.rpartition(":")[2].startswith("r")


def _way_of(communication: Communication) -> Way | WhyNot:
    """By the channel that it went by, if that still works; else by one that does."""
    if communication.patient is None:
        return Way(communication.channel, communication.recipient)
    return reach_of(communication.patient).ways_of(communication.kind, channels=[communication.channel])[0]

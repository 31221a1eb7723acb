"""A message sent once more by hand: a row of its own, beside the one that was sent before."""

from datetime import datetime

from django.db.models import Q

from booking.errors import NotPossibleNow
from booking.models import WaitlistEntry
from booking.reminders.models import Communication
from booking.reminders.rows import message_row
from booking.reminders.ways import Way, WhyNot, reach_of
from booking.rules.kinds import KINDS, family_of, kind_of, still_true
from booking.rules.reminders import Planned, at_once


def may_be_sent_again(communication: Communication, *, now: datetime) -> bool:
    """Whether a message would still be true, if it went out once more: about a visit, as that stands now, or about what
    a patient still has. Of a kind that is sent no more, none is.
    """
    visit = communication.appointment
    if visit is None:
        return _until(communication, now=now) is not None
    return (
        family_of(communication.kind) in KINDS
        and kind_of(communication.kind).of != "text"
        and visit.schedule_version == communication.schedule_version
        and still_true(communication.kind, status=visit.status, awaiting=visit.awaiting)
        and (now < visit.start or kind_of(communication.kind).outlives)
    )


def resend(*, communication: Communication, now: datetime) -> Communication:
    """Send a message once more, by hand: a new row with `:rN` after the old one's key.

    :raises NotPossibleNow: it would not be true any more, or it was of one moment (a code, an answer)
    """
    visit = communication.appointment
    if not may_be_sent_again(communication, now=now):
        raise NotPossibleNow
    first = communication.dedupe_key.rpartition(":r")[0] if _is_resent(communication) else communication.dedupe_key
    times = Communication.objects.filter(Q(dedupe_key=first) | Q(dedupe_key__startswith=f"{first}:r")).count()
    row = message_row(
        subject="",
        planned=at_once(communication.kind, start=visit.start, now=now)
        if visit
        else _again_without(communication, now),
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


def _until(communication: Communication, *, now: datetime) -> datetime | None:
    """Until when something about no visit is true: that a package ends, that somebody waits; None: it isn't."""
    content = communication.content or {}
    if communication.kind == "package-expiring" and "ends_at" in content:
        ends_at = datetime.fromisoformat(content["ends_at"])
        return ends_at if now < ends_at else None
    if communication.kind == "waitlist-joined" and _still_waits(communication):
        return now + kind_of(communication.kind).keeps
    return None


def _still_waits(communication: Communication) -> bool:
    entry = communication.dedupe_key.partition(":")[0].rpartition("/")[2]
    return WaitlistEntry.objects.filter(pk=entry, status=WaitlistEntry.Status.WAITING).exists()


def _again_without(communication: Communication, now: datetime) -> Planned:
    until = _until(communication, now=now)
    assert until is not None
    return Planned(now, communication.kind, min(until, now + kind_of(communication.kind).keeps))


def _is_resent(communication: Communication) -> bool:
    return communication.dedupe_key.rpartition(":")[2].startswith("r")


def _way_of(communication: Communication) -> Way | WhyNot:
    """By the channel that it went by, if that still works; else by one that does."""
    if communication.patient is None:
        return Way(communication.channel, communication.recipient)
    return reach_of(communication.patient).ways_of(communication.kind, channels=[communication.channel])[0]

"""Sends what is due: claim a row, look at the world again, hand over, record. Safe twice, late, and side by side.

A claim is a lease with a token. Whoever lost the lease can't write any more, so a worker that was killed, or slept
through its lease, never overwrites the one that took over. SMTP knows no idempotency key: `maybe_sent_at` is written
just before a mail is handed over, so after a crash the row itself says whether the mail may already be on its way.
Such a mail is sent once more, with the same Message-ID, and the row says so.
"""

import logging
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Case, Q, QuerySet, Value, When
from django.utils.translation import gettext_noop

from booking.reminders.channels.base import Channel, NotNow, Refused, Unclear, Unreachable
from booking.reminders.channels.email import EmailChannel
from booking.reminders.letters import letter_of, message_id_of
from booking.reminders.models import Communication
from booking.reminders.rows import NO_ADDRESS
from booking.reminders.services import CANCELLED, MOVED, quiet_hours_of
from booking.reminders.switch import senders_released
from booking.rules.reminders import AFTER_THE_FACT, FAREWELLS, keeps_quiet, still_true

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
MOST_ATTEMPTS = 8
# After the first try half a minute, then four times as long each time, never more than an hour.
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=1)
UNSETTLED_PAUSE = timedelta(seconds=5)
# No new message is begun after this many seconds: one sweep must end well before the task's time limit and the lease.
SWEEP_SECONDS = 25

TOO_LATE = gettext_noop("It could not be sent while it was useful.")
GAVE_UP = gettext_noop("Given up after 8 tries.")
SENT_AGAIN = gettext_noop("Sent a second time, because the first try ended without an answer.")
NEVER_CLEAR = gettext_noop("It may have arrived: it was handed to the mail server, which never answered.")
ERASED = gettext_noop("The record was erased.")
OUT_OF_DATE = gettext_noop("It was no longer true.")
SERVER_AWAY = gettext_noop("The mail server can't be reached; it will be sent when it is back.")

Status = Communication.Status


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do with a row now: "send", "later" (at `due_at`), "stop" or "skip", with the reason for people."""

    action: str
    reason: str = ""
    due_at: datetime | None = None


def deliver_due(*, now: datetime, limit: int = 200, channel: Callable[[], Channel] = EmailChannel) -> int:
    """Send what is due, what loses its use first going first; answers how many were sent.

    While the provider is away nothing is claimed and no attempt is used up: rows wait and go out with the first sweep
    after its return.
    """
    began, sent = time.monotonic(), 0
    _skip_what_is_too_late(now)
    if not senders_released() or not _due(now).exists():
        return 0
    provider = channel()
    try:
        for _ in range(limit):
            elapsed = time.monotonic() - began
            moment = now + timedelta(seconds=elapsed)
            if elapsed > SWEEP_SECONDS or not senders_released():
                break
            provider.open()
            claimed = claim(now=moment)
            if claimed is None:
                break
            sent += _deliver(claimed, provider, now=moment)
    except Unreachable as error:
        logger.warning("No mail can be sent: %s", error)
        _due(now).filter(status=Status.PREPARATION, status_reason="").update(status_reason=SERVER_AWAY)
    finally:
        provider.close()
    return sent


def still_due(communication: Communication, *, now: datetime) -> Verdict:
    """Look again at what has happened since the row was written."""
    visit = communication.appointment
    if communication.patient and communication.patient.erased_at:
        return Verdict("stop", ERASED)
    if not communication.recipient:
        return Verdict("skip", NO_ADDRESS)
    if now >= communication.not_after:
        return Verdict("skip", TOO_LATE)
    if communication.maybe_sent_at and communication.status_reason == SENT_AGAIN:
        return Verdict("skip", NEVER_CLEAR)
    if visit is None:
        return Verdict("send")
    if visit.cancel_settles_at is not None:  # it may be undone; if it isn't, that is when its messages are stopped
        return Verdict("later", due_at=max(visit.cancel_settles_at, now + UNSETTLED_PAUSE))
    if visit.schedule_version != communication.schedule_version:
        return Verdict("stop", MOVED)
    if not still_true(communication.kind, status=visit.status, awaiting=visit.awaiting):
        return Verdict("stop", CANCELLED if visit.status == "cancelled" else OUT_OF_DATE)
    if visit.start <= now and communication.kind not in FAREWELLS | AFTER_THE_FACT:
        return Verdict("skip", TOO_LATE)
    quiet = quiet_hours_of(visit) if keeps_quiet(communication.kind) else None
    night = quiet.around(now) if quiet else None
    return Verdict("later", due_at=night[1]) if night else Verdict("send")


def claim(*, now: datetime) -> Communication | None:
    """Take one due row that nobody holds, for a minute; the attempt counts from here, whatever becomes of it."""
    with transaction.atomic():
        row = _due(now).select_for_update(skip_locked=True, no_key=True).order_by("not_after", "due_at").first()
        if row is None:
            return None
        row.status, row.attempts = Status.IN_PROGRESS, row.attempts + 1
        row.lease_token, row.leased_until = uuid.uuid4(), now + LEASE
        row.message_id = row.message_id or message_id_of(row)
        row.save(update_fields=["status", "attempts", "lease_token", "leased_until", "message_id"])
    return row


def _due(now: datetime) -> QuerySet[Communication]:
    waiting = Q(status=Status.PREPARATION, due_at__lte=now)
    abandoned = Q(status=Status.IN_PROGRESS, leased_until__lte=now)
    return Communication.objects.filter(waiting | abandoned, channel=Communication.Channel.EMAIL)


def _deliver(row: Communication, provider: Channel, *, now: datetime) -> bool:
    """See one claimed row to its end, or to its next try; whether it was sent."""
    if row.patient:
        row.recipient = row.patient.email  # it may have been corrected, or taken away, since the row was written
    if row.attempts > MOST_ATTEMPTS:
        _end(row, Status.NOT_DONE, row.status_reason or GAVE_UP)
        return False
    verdict = still_due(row, now=now)
    if verdict.action == "later":
        _write(row, status=Status.PREPARATION, due_at=verdict.due_at, attempts=row.attempts - 1)
    elif verdict.action != "send":
        _end(row, Status.STOPPED if verdict.action == "stop" else Status.NOT_DONE, verdict.reason)
    else:
        return _hand_over(row, provider, now=now)
    return False


def _hand_over(row: Communication, provider: Channel, *, now: datetime) -> bool:
    reason = SENT_AGAIN if row.maybe_sent_at else ""
    letter = letter_of(row, now=now)
    if not _write(row, keep_lease=True, maybe_sent_at=now, status_reason=reason, recipient=row.recipient):
        return False  # slept through the lease: somebody else has it
    try:
        provider.send(letter)
    except Refused as refusal:
        _end(row, Status.NOT_DONE, str(refusal), maybe_sent_at=row.maybe_sent_at)
    except NotNow as refusal:
        _again_later(row, now=now, status_reason=str(refusal), maybe_sent_at=row.maybe_sent_at)
    except Unclear as silence:
        logger.warning("No clear answer for message %s: %s", row.pk, silence)
        _again_later(row, now=now)
    else:
        _end(row, Status.COMPLETED, reason, sent_at=now)
        return True
    return False


def _again_later(row: Communication, *, now: datetime, **fields: Any) -> None:
    if row.attempts >= MOST_ATTEMPTS:
        _end(row, Status.NOT_DONE, fields.get("status_reason") or GAVE_UP)
        return
    pause = min(FIRST_PAUSE * 4 ** (row.attempts - 1), LONGEST_PAUSE)
    _write(row, status=Status.PREPARATION, due_at=now + pause, **fields)


def _end(row: Communication, status: Communication.Status, reason: str, **fields: Any) -> None:
    """Close a row. Codes and links of the sign-in pages are forgotten with it."""
    if row.appointment_id is None:
        fields["content"] = None
    _write(row, status=status, status_reason=reason[:255], **fields)


def _write(row: Communication, *, keep_lease: bool = False, **fields: Any) -> bool:
    """Change a row whose lease is ours; whether it still was."""
    if not keep_lease:
        fields |= {"lease_token": None, "leased_until": None}
    return Communication.objects.filter(pk=row.pk, lease_token=row.lease_token).update(**fields) == 1


def _skip_what_is_too_late(now: datetime) -> None:
    """What nobody could send in time says so, also while nothing can be sent."""
    held = Q(status=Status.IN_PROGRESS, leased_until__gt=now)
    late = Communication.objects.filter(status__in=[Status.PREPARATION, Status.IN_PROGRESS], not_after__lte=now)
    late = late.exclude(held)
    late.filter(appointment=None).update(content=None)
    reason = Case(When(maybe_sent_at=None, then=Value(TOO_LATE)), default=Value(NEVER_CLEAR))
    late.update(status=Status.NOT_DONE, status_reason=reason, lease_token=None, leased_until=None)

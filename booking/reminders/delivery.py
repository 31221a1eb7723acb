"""Sends what is due: claim a row, look at the world again, hand over, record. Safe twice, late, and side by side.

A claim is a lease with a token. Whoever lost the lease can't write any more, so a worker that was killed, or slept
through its lease, never overwrites the one that took over. `maybe_sent_at` is written just before a message is handed
over, so after a crash the row itself says whether it may already be on its way. What happens then depends on the
provider. One that knows keys gets it again under the same key. One that can be asked is asked first. SMTP knows
neither: such a mail is sent once more, with the same Message-ID, and the row says so.
"""

import logging
import time
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import Case, Q, QuerySet, Value, When
from django.utils.translation import gettext_noop

from booking.models import Location
from booking.reminders.addresses import mark_address
from booking.reminders.channels.base import Channel, NotNow, Refused, Searchable, Unclear, Unreachable
from booking.reminders.channels.email import EmailChannel
from booking.reminders.channels.sms import SmsChannel
from booking.reminders.letters import letter_of, message_id_of
from booking.reminders.models import Communication
from booking.reminders.of_stories import pace_is_used
from booking.reminders.rerouting import send_another_way
from booking.reminders.switch import senders_released
from booking.reminders.verdicts import TOO_LATE, still_due
from booking.rules.kinds import MARKETING

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
MOST_ATTEMPTS = 8
# After the first try half a minute, then four times as long each time, never more than an hour.
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=1)
# No new message is begun after this many seconds: one sweep must end well before the task's time limit and the lease.
SWEEP_SECONDS = 25

GAVE_UP = gettext_noop("Given up after 8 tries.")
SENT_AGAIN = gettext_noop("Sent a second time, because the first try ended without an answer.")
NEVER_CAME = gettext_noop("The first try ended without an answer and never came, so it was sent again.")
HAD_COME = gettext_noop("Sent; the answer was lost on the way.")
NEVER_CLEAR = gettext_noop("It may have arrived: it was handed over, and no answer ever came.")

Status = Communication.Status
Port = Communication.Channel
CHANNELS: Final[dict[str, Callable[[], Channel]]] = {Port.EMAIL: EmailChannel, Port.SMS: SmsChannel}
# However many stories wait, a message about a visit goes before them.
_CARE_FIRST: Final = Case(When(kind__in=MARKETING, then=Value(1)), default=Value(0))
AWAY: Final = {
    Port.EMAIL: gettext_noop("The mail server can't be reached; it will be sent when it is back."),
    Port.SMS: gettext_noop("The text message service can't be reached; it will be sent when it is back."),
}


def deliver_due(
    *, now: datetime, limit: int = 200, by: str = Port.EMAIL, channel: Callable[[], Channel] | None = None
) -> int:
    """Send what is due by one channel, what loses its use first going first; answers how many were sent.

    While the provider is away nothing is claimed for long and no attempt is used up: rows wait and go out with the
    first sweep after its return.
    """
    began, sent = time.monotonic(), 0
    _skip_what_is_too_late(now)
    if not senders_released() or not _due(now, by).exists():
        return 0
    provider = (channel or CHANNELS[by])()
    try:
        for _ in range(limit):
            elapsed = time.monotonic() - began
            moment = now + timedelta(seconds=elapsed)
            if elapsed > SWEEP_SECONDS or not senders_released():
                break
            provider.open()
            claimed = claim(now=moment, by=by)
            if claimed is None:
                break
            sent += _deliver(claimed, provider, now=moment)
    except Unreachable as error:
        logger.warning("Nothing can be sent by %s: %s", by, error)
        _due(now, by).filter(status=Status.PREPARATION, status_reason="").update(status_reason=AWAY[Port(by)])
    finally:
        provider.close()
    return sent


def claim(*, now: datetime, by: str = Port.EMAIL) -> Communication | None:
    """Take one due row that nobody holds, for a minute; the attempt counts from here, whatever becomes of it."""
    with transaction.atomic():
        rows = _due(now, by).select_for_update(skip_locked=True, no_key=True, of=("self",))
        row = rows.order_by(_CARE_FIRST, "not_after", "due_at").first()
        if row is None or (row.kind in MARKETING and pace_is_used(Location.objects.order_by("name").first(), now)):
            return None
        row.status, row.attempts = Status.IN_PROGRESS, row.attempts + 1
        row.lease_token, row.leased_until = uuid.uuid4(), now + LEASE
        row.message_id = row.message_id or message_id_of(row)
        row.save(update_fields=["status", "attempts", "lease_token", "leased_until", "message_id"])
    return row


def _due(now: datetime, by: str) -> QuerySet[Communication]:
    waiting = Q(status=Status.PREPARATION, due_at__lte=now)
    abandoned = Q(status=Status.IN_PROGRESS, leased_until__lte=now)
    return Communication.objects.filter(waiting | abandoned, channel=by)


def _deliver(row: Communication, provider: Channel, *, now: datetime) -> bool:
    """See one claimed row to its end, or to its next try; whether it was sent."""
    if row.attempts > MOST_ATTEMPTS:
        _end(row, Status.NOT_DONE, row.status_reason or GAVE_UP)
        return False
    if row.maybe_sent_at and row.status_reason == SENT_AGAIN:
        _end(row, Status.NOT_DONE, NEVER_CLEAR)
        return False
    try:
        name = _name_of_first_try(row, provider)
        if name is None:
            return _decide(row, provider, now=now)
    except Unreachable:
        _write(row, status=Status.PREPARATION, attempts=row.attempts - 1, maybe_sent_at=row.maybe_sent_at)
        raise
    _end(row, Status.COMPLETED, HAD_COME, sent_at=row.maybe_sent_at, provider_id=name)
    return True


def _decide(row: Communication, provider: Channel, *, now: datetime) -> bool:
    verdict = still_due(row, now=now)
    if verdict.action == "later":
        _write(row, status=Status.PREPARATION, due_at=verdict.due_at, attempts=row.attempts - 1)
    elif verdict.action != "send" and row.maybe_sent_at and not isinstance(provider, Searchable):
        _end(row, Status.NOT_DONE, NEVER_CLEAR)
    elif verdict.action != "send":
        _end(row, Status.STOPPED if verdict.action == "stop" else Status.NOT_DONE, verdict.reason)
    else:
        row.recipient = verdict.address
        return _hand_over(row, provider, now=now)
    return False


def _hand_over(row: Communication, provider: Channel, *, now: datetime) -> bool:
    reason = _why_again(row, provider)
    letter = letter_of(row, now=now)
    if not _mark(row, maybe_sent_at=now, status_reason=reason, recipient=row.recipient):
        _write(row, status=Status.PREPARATION, attempts=row.attempts - 1)  # if it is still ours: look at it again
        return False
    try:
        name = provider.send(letter)
    except Refused as refusal:
        with transaction.atomic():  # a worker that dies here must not forget the other way
            _end(row, Status.NOT_DONE, str(refusal), maybe_sent_at=row.maybe_sent_at)
            if refusal.mark:
                mark_address(row.channel, row.recipient, what=refusal.mark, words=str(refusal), now=now)
            send_another_way(communication=row, now=now)
    except NotNow as refusal:
        _again_later(row, now=now, status_reason=str(refusal), maybe_sent_at=row.maybe_sent_at)
    except Unclear as silence:
        logger.warning("No clear answer for message %s: %s", row.pk, silence)
        _again_later(row, now=now, at_least=LEASE if isinstance(provider, Searchable) else FIRST_PAUSE)
    else:
        _end(row, Status.COMPLETED, reason, sent_at=now, provider_id=name)
        return True
    return False


def _name_of_first_try(row: Communication, provider: Channel) -> str | None:
    """What the provider calls an earlier try that ended without an answer, if it is known to have taken it: it has
    reported on it meanwhile, or says so when asked.
    """
    if row.maybe_sent_at is None or row.provider_id or not isinstance(provider, Searchable):
        return row.provider_id or None
    names = provider.find(letter_of(row, now=row.maybe_sent_at), since=row.maybe_sent_at)
    others = set(Communication.objects.filter(provider_id__in=names).values_list("provider_id", flat=True))
    return next((name for name in names if name not in others), None)


def _why_again(row: Communication, provider: Channel) -> str:
    if row.maybe_sent_at is None or provider.keyed:
        return ""
    return NEVER_CAME if isinstance(provider, Searchable) else SENT_AGAIN


def _again_later(row: Communication, *, now: datetime, at_least: timedelta = FIRST_PAUSE, **fields: Any) -> None:
    if row.attempts >= MOST_ATTEMPTS:
        _end(row, Status.NOT_DONE, fields.get("status_reason") or NEVER_CLEAR)
        return
    pause = min(FIRST_PAUSE * 4 ** (row.attempts - 1), LONGEST_PAUSE)
    _write(row, status=Status.PREPARATION, due_at=now + max(pause, at_least), **fields)


def _end(row: Communication, status: Communication.Status, reason: str, **fields: Any) -> None:
    """Close a row. Codes and links of the sign-in pages are forgotten with it."""
    if row.appointment_id is None:
        fields["content"] = None
    _write(row, status=status, status_reason=reason[:255], **fields)


def _mark(row: Communication, **fields: Any) -> bool:
    """Note that it is on its way, if the lease is ours and nothing has become of its visit since we looked at it: a
    visit that is cancelled or moved before this moment is not written about any more. So it is of a story and its
    reader.
    """
    return _ours(row).filter(**_visit_as_seen(row), **_story_as_seen(row)).update(**fields) == 1


def _visit_as_seen(row: Communication) -> dict[str, Any]:
    seen = ("status", "awaiting", "schedule_version", "cancel_settles_at") if row.appointment else ()
    return {f"appointment__{name}": getattr(row.appointment, name) for name in seen}


def _story_as_seen(row: Communication) -> dict[str, Any]:
    if row.story is None or row.subscriber is None:
        return {}
    return {"story__state": row.story.state, "subscriber__state": row.subscriber.state}


def _write(row: Communication, **fields: Any) -> bool:
    """Change a row whose lease is ours, and give the lease back; whether it still was."""
    return _ours(row).update(**fields, lease_token=None, leased_until=None) == 1


def _ours(row: Communication) -> QuerySet[Communication]:
    return Communication.objects.filter(pk=row.pk, lease_token=row.lease_token)


def _skip_what_is_too_late(now: datetime) -> None:
    """What nobody could send in time says so, also while nothing can be sent."""
    held = Q(status=Status.IN_PROGRESS, leased_until__gt=now)
    late = Communication.objects.filter(status__in=[Status.PREPARATION, Status.IN_PROGRESS], not_after__lte=now)
    late = late.exclude(held)
    late.filter(appointment=None).update(content=None)
    reason = Case(When(maybe_sent_at=None, then=Value(TOO_LATE)), default=Value(NEVER_CLEAR))
    late.update(status=Status.NOT_DONE, status_reason=reason, lease_token=None, leased_until=None)

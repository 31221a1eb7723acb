"""What providers report about our messages. An address that fails is noted, and the message takes another way."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from booking.errors_of_messages import UnknownMessage
from booking.reminders.addresses import mark_address
from booking.reminders.models import AddressMark, Communication, DeliveryReport, StoryConsent
from booking.reminders.rerouting import send_another_way
from booking.reminders.subscribers import end_subscription

What = DeliveryReport.What
_ARRIVED = (What.DELIVERED, What.COMPLAINED)


@dataclass(frozen=True, slots=True)
class Report:
    """`row` is our id if the provider kept it, `provider_id` its own; with `address_fails` nothing will ever arrive."""

    row: str
    provider_id: str
    what: DeliveryReport.What
    words: str = ""
    address_fails: bool = False


@transaction.atomic
def note_report(*, report: Report, now: datetime) -> Communication:
    """Keep a report once, and do what follows from it.

    :raises UnknownMessage: it is about no message of ours, or one whose name there we don't know yet
    """
    message = _message_of(report)
    kept = DeliveryReport(
        communication=message,
        what=report.what,
        words=report.words[:255],
        provider_id=report.provider_id[:200],
        reported_at=now,
    )
    if DeliveryReport.objects.filter(communication=message, what=kept.what, provider_id=kept.provider_id).exists():
        return message
    DeliveryReport.objects.bulk_create([kept], ignore_conflicts=True)
    Communication.objects.filter(pk=message.pk, provider_id="").update(provider_id=kept.provider_id)
    if report.what == What.COMPLAINED and message.subscriber:  # of a story: visits are another matter
        end_subscription(subscriber=message.subscriber, how=StoryConsent.How.COMPLAINT, now=now)
    elif report.what == What.COMPLAINED:
        _mark(message, AddressMark.What.COMPLAINED, report, now)
    elif report.address_fails:
        _mark(message, AddressMark.What.BOUNCED, report, now)
    if report.what not in _ARRIVED:
        send_another_way(communication=message, now=now)
    return message


def _mark(message: Communication, what: AddressMark.What, report: Report, now: datetime) -> None:
    mark_address(message.channel, message.recipient, what=what, words=report.words, now=now)


def _message_of(report: Report) -> Communication:
    rows = Communication.objects.select_related("appointment__location", "patient")
    with suppress(ValueError):  # a name that is not one of ours
        if row := rows.filter(pk=UUID(report.row)).first():
            return row
    found = rows.filter(provider_id=report.provider_id).first() if report.provider_id else None
    if found is None:
        raise UnknownMessage
    return found

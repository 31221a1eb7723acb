from celery import shared_task

from booking.reminders.channels.sms import texts_are_set_up
from booking.reminders.delivery import deliver_due
from booking.reminders.models import Communication
from intake.clock import now


@shared_task
def deliver_due_communications(**_later: object) -> int:
    """Send every mail that is due. Safe to run twice, late, or beside itself."""
    return deliver_due(now=now())


@shared_task
def deliver_due_texts(**_later: object) -> int:
    """Send every text message that is due, apart from mail, so that neither waits for the other's provider."""
    return deliver_due(now=now(), by=Communication.Channel.SMS) if texts_are_set_up() else 0

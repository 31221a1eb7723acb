from celery import shared_task

from booking.reminders.delivery import deliver_due
from intake.clock import now


@shared_task
def deliver_due_communications(**_later: object) -> int:
    """Send every message that is due. Safe to run twice, late, or beside itself."""
    return deliver_due(now=now())

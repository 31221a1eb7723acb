"""Sweeps that Celery beat asks for. Each is safe twice, late, or beside itself."""

from datetime import timedelta

from celery import shared_task

from intake.clock import now
from intake.services.limits import forget_attempts
from intake.services.retention import delete_abandoned_forms as delete_forms
from intake.services.retention import forget_stored_answers


@shared_task
def delete_abandoned_forms(**_later: object) -> None:
    """Delete forms nobody booked with, answers kept for repeated requests, and old counters of tries."""
    moment = now()
    delete_forms(now=moment)
    forget_stored_answers(now=moment)
    forget_attempts(older_than=timedelta(days=2), now=moment)

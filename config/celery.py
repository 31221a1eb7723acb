"""The Celery application and the whole beat schedule.

Work is rows in PostgreSQL; beat asks for sweeps every few seconds, a worker does them. A sweep that is lost, late,
doubled or run beside itself does no harm, so two beats are safe too.
"""

import os

from celery import Celery
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

# Longer than the longest task (hard limit 60 s); worker, broker and result side must agree on it.
VISIBILITY_TIMEOUT = 300

app = Celery("drypoint")
app.conf.update(
    broker_url=settings.REDIS_URL,
    broker_transport_options={
        "visibility_timeout": VISIBILITY_TIMEOUT,
        "unacked_restore_interval": 3,
        "unacked_restore_throttle": 1,
        "socket_timeout": 10,
        "socket_connect_timeout": 5,
    }
    if settings.REDIS_URL.startswith(("redis", "unix", "valkey"))
    else {},
    visibility_timeout=VISIBILITY_TIMEOUT,
    broker_connection_retry_on_startup=True,
    task_ignore_result=True,
    task_serializer="json",
    accept_content=["json"],
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    worker_soft_shutdown_timeout=30,
    task_soft_time_limit=45,
    task_time_limit=60,
    worker_hijack_root_logger=False,
    beat_scheduler="config.beat:SeenScheduler",
    timezone="UTC",
    enable_utc=True,
)
app.autodiscover_tasks(["intake", "booking", "booking.payments", "booking.reminders"])


def _every(seconds: float, task: str) -> dict[str, object]:
    """A sweep that is worthless once the next one is due."""
    return {"task": task, "schedule": seconds, "options": {"expires": seconds}}


app.conf.beat_schedule = {
    "note-worker-pulse": _every(10, "booking.tasks.note_worker_pulse"),
    "deliver-due-communications": _every(3, "booking.reminders.tasks.deliver_due_communications"),
    "deliver-due-texts": _every(3, "booking.reminders.tasks.deliver_due_texts"),
    "handle-webhook-events": _every(2, "booking.payments.tasks.handle_webhook_events"),
    "carry-out-wanted": _every(5, "booking.payments.tasks.carry_out_wanted"),
    "sweep-cancellations": _every(5, "booking.tasks.sweep_cancellations"),
    "sweep-holds": _every(15, "booking.tasks.sweep_holds"),
    "sweep-checkouts": _every(20, "booking.payments.tasks.sweep_checkouts"),
    "sweep-cards": _every(20, "booking.payments.tasks.sweep_cards"),
    "forget-needless-cards": _every(3600, "booking.payments.tasks.forget_needless_cards"),
    "take-due-fees": _every(60, "booking.payments.tasks.take_due_fees"),
    "sweep-requests": _every(60, "booking.tasks.sweep_requests"),
    "sweep-forms": _every(60, "booking.tasks.sweep_forms"),
    "sweep-freed-times": _every(10, "booking.tasks.sweep_freed_times"),
    "sweep-displacements": _every(10, "booking.tasks.sweep_displacements"),
    "escalate-calls": _every(20, "booking.tasks.escalate_calls"),
    "write-of-mornings": _every(300, "booking.tasks.write_of_mornings"),
    "write-stories": _every(20, "booking.tasks.write_stories"),
    "sweep-waitlist": _every(900, "booking.tasks.sweep_waitlist"),
    "forget-old-contacts": _every(900, "booking.tasks.forget_old_contacts"),
    "keep-tasks-of-findings": _every(30, "booking.payments.tasks.keep_tasks_of_findings"),
    "reconcile-payments": _every(600, "booking.payments.tasks.reconcile_payments"),
    "read-payouts": _every(3600, "booking.payments.tasks.read_payouts"),
    "reconcile-nightly": _every(86400, "booking.payments.tasks.reconcile_nightly"),
    "delete-abandoned-forms": _every(900, "intake.tasks.delete_abandoned_forms"),
}

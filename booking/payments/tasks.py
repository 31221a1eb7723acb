"""Sweeps over money. Each is safe to run twice, late, or beside itself."""

from celery import shared_task

from booking.services import checkout
from intake.clock import now


@shared_task
def handle_webhook_events(**_later: object) -> None:
    """Look into the events that Stripe sent."""
    checkout.handle_events(now=now())


@shared_task
def sweep_checkouts(**_later: object) -> None:
    """Let times go that were not paid for."""
    checkout.sweep_checkouts(now=now())


@shared_task
def carry_out_wanted(**_later: object) -> None:
    """Capture, release and refund what was decided."""
    checkout.carry_out_wanted(now=now())


@shared_task
def reconcile_payments(**_later: object) -> None:
    """Ask Stripe about every payment that isn't final."""
    checkout.reconcile(now=now())


@shared_task
def reconcile_nightly(**_later: object) -> None:
    """Compare three days both ways."""
    checkout.reconcile_nightly(now=now())

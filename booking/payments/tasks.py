"""Sweeps over money. Each is safe to run twice, late, or beside itself."""

from celery import shared_task

from booking.services import card_settlement, cards, checkout, fee_taking, money_tasks, payouts
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


@shared_task
def sweep_cards(**_later: object) -> None:
    """Let times go whose card was not left, and have cards forgotten that were taken back."""
    card_settlement.sweep_cards(now=now())


@shared_task
def forget_needless_cards(**_later: object) -> None:
    """Have cards forgotten that nothing needs any more."""
    cards.forget_needless_cards(now=now())


@shared_task
def take_due_fees(**_later: object) -> None:
    """Take the fees that a manager approved a day ago."""
    fee_taking.take_due_fees(now=now())


@shared_task
def read_payouts(**_later: object) -> int:
    """Write down what Stripe moved and paid out."""
    return payouts.read_payouts(now=now())


@shared_task
def keep_tasks_of_findings(**_later: object) -> None:
    """Tell managers what does not agree, and no longer what does."""
    money_tasks.keep_tasks_of_findings(now=now())

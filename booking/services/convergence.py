"""The one loop in which a row of ours (a payment, a kept card) and Stripe come to agree.

It takes turns between looking (no lock, no transaction), one short transaction under the locks of the common order, and
at most one command (no transaction again), until nothing is left to ask. Who finds that the row changed since they
looked, looks again: so it does no harm to be called twice, late, or side by side.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final, TypeVar

from django.db import connection, transaction

from booking.errors import StripeUnavailable
from booking.models import KeptCard
from booking.payments.commands import ask
from booking.payments.gateway import Gateway, Gone, Unknown
from booking.payments.models import GatewayCommand, Payment
from booking.payments.stripe_gateway import connect
from booking.services.constraints import named_constraints
from booking.services.locks import ChangedMeanwhile

ROUNDS: Final = 8
Row = TypeVar("Row", Payment, KeptCard)
Sight = TypeVar("Sight")


def until_agreed(
    row: Row,
    *,
    look: Callable[[Row, Gateway], Sight | None],
    agree: Callable[[Row, Sight], Row | GatewayCommand],
    now: datetime,
) -> Row:
    """The row as it stands when nothing is left to ask.

    :param look: what Stripe shows of it; None: it can't be decided from that, and the row stays as it is
    :param agree: in a transaction: locks, writes down what was seen, and decides; the command to ask next, or the row
    :raises StripeUnavailable: Stripe gives no clear answer; nothing is lost, the sweeps go on
    """
    assert not connection.in_atomic_block, "Stripe is never asked inside a transaction"
    gateway, failures = connect(), 0
    for _ in range(ROUNDS):
        before = type(row).objects.get(pk=row.pk)
        try:
            seen = look(before, gateway)
        except (Unknown, Gone) as failure:
            type(row).objects.filter(pk=row.pk).update(checked_at=now)
            raise StripeUnavailable from failure
        if seen is None:
            return before
        try:
            with named_constraints(), transaction.atomic(durable=True):
                found = agree(before, seen)
        except ChangedMeanwhile:
            continue
        if not isinstance(found, GatewayCommand):
            return found
        asked = ask(command=found, gateway=gateway, now=now)
        failures += asked.outcome == GatewayCommand.Outcome.UNKNOWN
        if asked.outcome == GatewayCommand.Outcome.UNKNOWN and (failures > 1 or not asked.kept_failure):
            raise StripeUnavailable
    raise StripeUnavailable


def as_it_was(before: Row) -> Row:
    """The row again, under the locks.

    :raises ChangedMeanwhile: it isn't as it was when Stripe was looked at
    """
    row = type(before).objects.get(pk=before.pk)
    if row.revision != before.revision:
        raise ChangedMeanwhile
    return row

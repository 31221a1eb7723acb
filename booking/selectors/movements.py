"""What has moved in the ledger, each movement with its words and with who or what stands behind it."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet

from booking.models import Appointment
from booking.payments.models import LedgerEntry
from booking.rules.money_words import movement_code, way_of
from booking.rules.months import cash

_STRIPES = ("pi_", "re_", "ch_", "du_", "dp_", "txn_")  # how Stripe's names begin


@dataclass(frozen=True, slots=True)
class Movement:
    """One movement. `code` names its sentence; `amount` is signed: what came in, went out, or 0 where nothing did."""

    entry: LedgerEntry
    code: str
    way: str
    amount: int

    @property
    def visit(self) -> Appointment | None:
        """What it was for, unless that was a package."""
        return self.entry.payment.appointment

    @property
    def stripe_id(self) -> str:
        """Stripe's name of what moved; empty for what did not happen there."""
        return self.entry.reference if self.entry.reference.startswith(_STRIPES) else ""


def with_what_moved(entries: QuerySet[LedgerEntry]) -> QuerySet[LedgerEntry]:
    """These entries with everything that a line about them shows, oldest first."""
    related = entries.select_related(
        "recorded_by",
        "payment__payer",
        "payment__package",
        "payment__appointment__cover__payer",
        "payment__appointment__service",
    )
    return related.order_by("recorded_at", "id")


def movements_of(entries: Iterable[LedgerEntry]) -> list[Movement]:
    """The entries that tell something, in their order."""
    found = [_movement(entry) for entry in entries]
    return [one for one in found if one.code]


def _movement(entry: LedgerEntry) -> Movement:
    gateway = entry.payment.gateway
    return Movement(
        entry=entry,
        code=movement_code(entry.kind, gateway=gateway, method=entry.method),
        way=way_of(gateway=gateway, method=entry.method),
        amount=cash(entry.kind) * entry.amount,
    )

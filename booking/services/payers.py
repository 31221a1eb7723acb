"""Who may pay for patients: insurers, workers' compensation, motor insurers."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from booking.models import Payer
from booking.services.constraints import named_constraints
from booking.services.schedules import require_settler
from intake.models import User
from intake.services.audit import record_event


@dataclass(frozen=True, slots=True, kw_only=True)
class PayerDetails:
    """What the clinic knows of a payer; it has agreed to pay within so many days."""

    name: str
    kind: Payer.Kind | str
    address: str = ""
    email: str = ""
    terms_days: int = 30
    needs_claim_number: bool = True
    active: bool = True


def save_payer(*, payer: Payer | None, details: PayerDetails, by: User, now: datetime) -> Payer:
    """Enter a payer (None: a new one). One that is not used any more stays with what it has been billed for.

    :raises NotAllowed: `by` is neither a manager nor the owner
    :raises PayerExists: another one has this name
    """
    require_settler(by)
    with named_constraints(), transaction.atomic(durable=True):
        row = payer or Payer()
        changed = [name for name in PayerDetails.__slots__ if getattr(row, name) != getattr(details, name)]
        for name in changed:
            setattr(row, name, getattr(details, name))
        row.save()
        action = "payer-changed" if payer else "payer-added"
        record_event(action=action, entity=row, by=by, details={"fields": changed}, now=now)
        return row

"""What is agreed with therapists about their pay."""

from datetime import date, datetime
from decimal import Decimal

from django.db import transaction

from booking.errors import SplitInvalid
from booking.models import Location, PaySplit, Practitioner
from booking.selectors.accounts import first_open_day
from booking.services.constraints import named_constraints
from booking.services.schedules import require_settler
from intake.models import User
from intake.services.audit import record_event


def agree_split(
    *,
    practitioner: Practitioner,
    location: Location,
    percent: Decimal,
    basis: PaySplit.Basis | str,
    on_fees: bool,
    valid_from: date,
    by: User,
    now: datetime,
) -> PaySplit:
    """A therapist's share for visits from a day on; what was entered for the same day before is replaced.

    :raises NotAllowed: `by` is neither a manager nor the owner
    :raises SplitInvalid: no share, or from a day in a closed month, whose pay is settled
    """
    require_settler(by)
    if not 0 <= percent <= 100 or basis not in PaySplit.Basis.values or valid_from < first_open_day(location):
        raise SplitInvalid
    with named_constraints(), transaction.atomic(durable=True):
        split, _new = PaySplit.objects.update_or_create(
            practitioner=practitioner,
            valid_from=valid_from,
            defaults={"percent": percent, "basis": basis, "on_fees": on_fees, "agreed_at": now, "agreed_by": by},
        )
        details = {"percent": str(percent), "basis": str(basis), "from": valid_from.isoformat(), "fees": on_fees}
        record_event(action="pay-split-agreed", entity=split, by=by, details=details, now=now)
        return split


def drop_split(*, split: PaySplit, location: Location, by: User, now: datetime) -> None:
    """Take a share back that no closed month has used.

    :raises NotAllowed: `by` is neither a manager nor the owner
    :raises SplitInvalid: it begins in a closed month
    """
    require_settler(by)
    if split.valid_from < first_open_day(location):
        raise SplitInvalid
    with transaction.atomic(durable=True):
        record_event(action="pay-split-dropped", entity=split, by=by, details={"percent": str(split.percent)}, now=now)
        split.delete()

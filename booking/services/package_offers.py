"""The packages that a clinic sells: how many visits, for how much, for how long."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from booking.errors import OfferInvalid
from booking.models import HealthcareService, Location, PackageOffer
from booking.services.constraints import named_constraints
from booking.services.schedules import require_settler
from intake.models import User
from intake.services.audit import record_event

MOST_SESSIONS, MOST_MONTHS, MOST_AMOUNT = 50, 60, 9_999_999


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferDetails:
    """What is sold. Minor units of `currency`; a package lasts so many months from the day it is paid."""

    name: str
    name_fr: str = ""
    services: Sequence[HealthcareService]
    sessions: int
    price_amount: int
    currency: str = "CAD"
    valid_months: int = 12
    online: bool = True
    active: bool = True


def save_offer(
    *, offer: PackageOffer | None, location: Location, details: OfferDetails, by: User, now: datetime
) -> PackageOffer:
    """Enter an offer (None: a new one). What was sold before keeps its own terms.

    :raises NotAllowed: `by` is neither a manager nor the owner
    :raises OfferInvalid: nothing is sold, for nothing, or for ever
    """
    require_settler(by)
    _check(details)
    with named_constraints(), transaction.atomic(durable=True):
        row = offer or PackageOffer(location=location)
        names = [name for name in OfferDetails.__slots__ if name != "services"]
        changed = [name for name in names if getattr(row, name) != getattr(details, name)]
        for name in changed:
            setattr(row, name, getattr(details, name))
        row.save()
        row.services.set(details.services)
        action = "package-offer-changed" if offer else "package-offer-added"
        record_event(action=action, entity=row, by=by, details={"fields": changed}, now=now)
        return row


def _check(details: OfferDetails) -> None:
    of_one_currency = {service.currency for service in details.services} == {details.currency}
    if not (
        details.name.strip()
        and of_one_currency
        and 2 <= details.sessions <= MOST_SESSIONS
        and details.sessions <= details.price_amount <= MOST_AMOUNT
        and 1 <= details.valid_months <= MOST_MONTHS
    ):
        raise OfferInvalid

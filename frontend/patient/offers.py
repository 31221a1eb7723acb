"""What can be booked with a result, and what is offered instead."""

from dataclasses import dataclass
from datetime import date, datetime

from booking.models import HealthcareService
from booking.selectors.approvals import visits_resting_on
from booking.selectors.locations import the_clinic
from booking.selectors.terms import deposit_of
from intake.models import Screening
from intake.selectors.clearance import get_clearance
from intake.selectors.screenings import evaluated_line


@dataclass(frozen=True, slots=True)
class Offer:
    """A service; `is_request`: a therapist looks at the answers before it is certain. `deposit` in minor units: what
    somebody new pays of it when they book.
    """

    service: HealthcareService
    is_request: bool
    deposit: int = 0

    @property
    def has_needles(self) -> bool:
        return self.service.modality != HealthcareService.Modality.NONE


def offers_for(screening: Screening | None, *, birth_date: date | None, now: datetime) -> list[Offer]:
    """What is booked online and these answers allow now, in the clinic's order; without answers, what needs none."""
    is_return = screening is not None and evaluated_line(screening)[0].visit == "return"
    offers, clinic = [], the_clinic()
    for service in HealthcareService.objects.filter(online=True).prefetch_related("payment_terms"):
        if service.for_returning and not is_return:
            continue
        clearance = get_clearance(
            screening=screening,
            service=service,
            start=now,
            birth_date=birth_date,
            visits_used=visits_resting_on(),
            now=now,
        )
        if clearance.decision != "no":
            deposit = deposit_of(service, location=clinic) if clinic else 0
            offers.append(Offer(service, clearance.decision == "request", deposit))
    if is_return:
        offers.sort(key=lambda offer: not offer.service.for_returning)
    return offers

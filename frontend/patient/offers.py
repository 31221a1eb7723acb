"""What can be booked with a result, and what is offered instead."""

from dataclasses import dataclass
from datetime import date, datetime

from booking.models import HealthcareService
from booking.selectors.approvals import visits_resting_on
from intake.models import Screening
from intake.selectors.clearance import get_clearance
from intake.selectors.screenings import evaluated_line


@dataclass(frozen=True, slots=True)
class Offer:
    """A service; `is_request`: a therapist looks at the answers before it is certain."""

    service: HealthcareService
    is_request: bool

    @property
    def has_needles(self) -> bool:
        return self.service.modality != HealthcareService.Modality.NONE


def offers_for(screening: Screening | None, *, birth_date: date | None, now: datetime) -> list[Offer]:
    """What is booked online and these answers allow now, in the clinic's order; without answers, what needs none."""
    is_return = screening is not None and evaluated_line(screening)[0].visit == "return"
    offers = []
    for service in HealthcareService.objects.filter(online=True):
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
            offers.append(Offer(service, clearance.decision == "request"))
    if is_return:
        offers.sort(key=lambda offer: not offer.service.for_returning)
    return offers

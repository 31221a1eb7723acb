"""What a therapist's yes covers, and what whoever treats has to keep to."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from booking.models import Appointment
from booking.selectors.appointments import has_been_needled
from booking.selectors.practitioners import needles
from intake.models import ScreeningDecision
from intake.selectors.clearance import get_clearance

_Status = Appointment.Status
SURE = (_Status.BOOKED, _Status.ARRIVED, _Status.CHECKED_IN, _Status.FULFILLED)


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a visit's treatment keeps to. `regions_excluded` must not be needled; `text` is what the therapist wrote."""

    regions_excluded: tuple[str, ...] = ()
    text: str = ""
    said_by: str = ""
    said_at: datetime | None = None
    valid_until: datetime | None = None
    visits: int | None = None
    visits_used: int = 0


def visits_resting_on(*, besides: Appointment | None = None) -> Callable[[ScreeningDecision], int]:
    """How many other visits with needles, certain or done, rest on a decision."""

    def count(decision: ScreeningDecision) -> int:
        resting = Appointment.objects.filter(approval=decision, status__in=SURE).exclude(service__modality="none")
        return resting.exclude(pk=besides.pk).count() if besides is not None else resting.count()

    return count


def conditions_for(appointment: Appointment, *, now: datetime) -> Conditions:
    """The excluded regions and conditions of this visit, worked out anew from its answers; nothing for one without
    needles or answers. Callers have asked whether they may be shown, and have written the read down.
    """
    if appointment.screening is None or not needles(appointment.service):
        return Conditions()
    patient, count = appointment.patient, visits_resting_on(besides=appointment)
    clearance = get_clearance(
        screening=appointment.screening,
        service=appointment.service,
        start=appointment.start,
        birth_date=patient.birth_date if patient else None,
        returning=patient is not None and has_been_needled(patient),
        by_staff=True,
        visits_used=count,
        now=now,
    )
    approval = clearance.approval
    if approval is None:
        return Conditions(regions_excluded=clearance.excluded_regions)
    return Conditions(
        regions_excluded=clearance.excluded_regions,
        text=approval.content["conditions"],
        said_by=str(approval.decided_by),
        said_at=approval.decided_at,
        valid_until=approval.valid_until,
        visits=approval.content.get("visits"),
        visits_used=count(approval),
    )

"""How a request stands, for the page of its visit."""

from dataclasses import dataclass
from datetime import date, datetime

from booking.models import Appointment
from booking.rules.walltime import wall_date
from booking.selectors.offers import needle_free_service_for
from booking.selectors.requests import offered_instead, other_times_for
from intake.selectors.decisions import open_question

Awaiting = Appointment.Awaiting


@dataclass(frozen=True, slots=True)
class OtherTime:
    """A free time, and the day to open the list of times at."""

    start: datetime
    day: date


@dataclass(frozen=True, slots=True)
class Asking:
    """What the visit's page says about a request: `offered` after a no, `other_times` if nobody answered."""

    has_question: bool = False
    can_go_without: bool = False
    offered: tuple[str, ...] = ()
    other_times: tuple[OtherTime, ...] = ()


def asking_of(visit: Appointment, *, now: datetime) -> Asking:
    """How a request stands; nothing for a visit that is none."""
    if visit.awaiting == Awaiting.REVIEW:
        return Asking(
            has_question=open_question(visit.screening) is not None,
            can_go_without=visit.accepts_assessment or needle_free_service_for(visit, now=now) is not None,
        )
    others = other_times_for(visit, now=now)
    return Asking(
        offered=offered_instead(visit),
        other_times=tuple(OtherTime(slot.start, wall_date(slot.start, visit.time_zone)) for slot in others),
    )

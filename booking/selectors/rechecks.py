"""Whether the questions before a visit are to be asked again. Opens no answer."""

from datetime import datetime

from booking.models import Appointment
from booking.rules.walltime import wall_date
from booking.selectors.practitioners import needles
from intake.models import Screening
from intake.rules.rechecks import CHECK_IN, OPENS_BEFORE, WITHIN_24H, Extent, what_is_due

Status = Appointment.Status
Awaiting = Appointment.Awaiting
MAY_ANSWER_AGAIN = (Status.PENDING, Status.BOOKED, Status.ARRIVED)


def recheck_due(visit: Appointment, *, now: datetime) -> Extent:
    """How much is to be asked before this visit: "nothing" also while its form isn't filled in at all, and for visits
    without needles.
    """
    screening = visit.screening
    if not may_be_asked_again(visit) or screening is None:
        return "nothing"
    due = what_is_due(
        stage=screening.stage,
        evaluated_at=screening.evaluated_at,
        valid_until=screening.valid_until,
        on_the_day=_on_the_day(visit, screening.evaluated_at),
        is_the_day=stage_now(visit, now=now) == CHECK_IN,
        start=visit.start,
        now=now,
    )
    return due if screening.complete or due == "full" else "nothing"


def asked_for(screening: Screening | None, *, start: datetime, session: int | None) -> datetime:
    """The moment for which the answers are looked at. A later session of a course may lie beyond their last day: then
    they count as on that day, and everything is asked again before the visit (`recheck_due` says "full").
    """
    later = session is not None and session > 1
    return min(start, screening.valid_until) if screening is not None and later else start


def may_be_asked_again(visit: Appointment) -> bool:
    """Whether this is a visit with needles that has not begun, and whose form was filled in once."""
    waits_for_others = visit.awaiting in (Awaiting.PAYMENT, Awaiting.FORM)
    is_open = visit.status in MAY_ANSWER_AGAIN and not waits_for_others
    return is_open and needles(visit.service) and visit.patient_id is not None and visit.screening_id is not None


def stage_now(visit: Appointment, *, now: datetime) -> str:
    """The stage of answers that are given now: on the visit's own day, or in the 24 hours before."""
    return CHECK_IN if _on_the_day(visit, now) or visit.status == Status.ARRIVED else WITHIN_24H


def opens_at(visit: Appointment) -> datetime:
    """From when on the questions can be answered."""
    return visit.start - OPENS_BEFORE


def was_asked_again(visit: Appointment) -> bool:
    """Whether the answers that the visit stands on were given for it, in the 24 hours before or on its day."""
    screening = visit.screening
    return screening is not None and screening.stage != "booking" and screening.evaluated_at >= opens_at(visit)


def _on_the_day(visit: Appointment, moment: datetime) -> bool:
    return wall_date(moment, visit.time_zone) == wall_date(visit.start, visit.time_zone)

"""Requests that wait for a therapist's answer."""

from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet

from booking.models import Appointment
from booking.rules.availability import Slot
from booking.selectors.appointments import appointments_visible_to, with_relations
from booking.selectors.openings import Notice
from booking.selectors.practitioners import authorised_to_needle
from booking.selectors.slots import nearest_slots
from booking.selectors.stand_ins import practitioners_on_duty, stands_in_for
from intake.clock import clinic_date
from intake.models import User
from intake.rules.decisions import REFUSING
from intake.selectors.decisions import standing_decision

Reason = Appointment.CancelReason


def waiting_requests(*, by: User, now: datetime) -> QuerySet[Appointment]:
    """The most urgent first: all of them for a therapist on duty, those of colleagues too for who stands in for them,
    for others those that they may see. The sessions of a course that wait on the same answers are one request.
    """
    asked = {"status": Appointment.Status.PENDING, "awaiting": Appointment.Awaiting.REVIEW}
    earlier = Appointment.objects.filter(
        **asked,
        course=OuterRef("course"),
        screening=OuterRef("screening"),
        session_number__lt=OuterRef("session_number"),
    )
    waiting = _reachable(by, now).filter(~Exists(earlier), **asked)
    return waiting.order_by("decide_by", "start")


def may_decide(user: User, *, now: datetime) -> bool:
    """Whether this is a therapist who is authorised to needle today: nobody else answers requests."""
    return authorised_to_needle(clinic_date(now)).filter(user=user).exists()


def other_times_for(appointment: Appointment, *, now: datetime) -> list[Slot]:
    """Three times of the same kind for somebody whose request nobody answered."""
    if appointment.cancel_reason != Reason.REVIEW_LAPSED or not appointment.service.online:
        return []
    return nearest_slots(service=appointment.service, around=appointment.start, notice=Notice(is_request=True), now=now)


def offered_instead(appointment: Appointment) -> tuple[str, ...]:
    """What the therapist offers who declined this visit; nothing for any other."""
    if appointment.cancel_reason != Reason.DECLINED or appointment.screening is None:
        return ()
    made = standing_decision(appointment.screening)
    return tuple(made.content.get("offered", ())) if made is not None and made.decision in REFUSING else ()


def _reachable(by: User, now: datetime) -> QuerySet[Appointment]:
    if practitioners_on_duty(now).filter(user=by).exists():
        return with_relations()
    named = stands_in_for(by, now=now)
    return appointments_visible_to(by, now=now) | with_relations().filter(practitioner__in=named)

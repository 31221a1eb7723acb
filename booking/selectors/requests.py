"""Requests that wait for a therapist's answer."""

from datetime import datetime

from django.db.models import QuerySet

from booking.models import Appointment
from booking.selectors.appointments import appointments_visible_to, with_relations
from booking.selectors.practitioners import practitioners_on_duty
from intake.clock import clinic_date
from intake.models import User


def waiting_requests(*, by: User, now: datetime) -> QuerySet[Appointment]:
    """The most urgent first: all of them for a therapist who is authorised to needle, for others those they may see."""
    on_duty = practitioners_on_duty(clinic_date(now)).filter(user=by).exists()
    visible = with_relations() if on_duty else appointments_visible_to(by, now=now)
    waiting = visible.filter(status=Appointment.Status.PENDING, awaiting=Appointment.Awaiting.REVIEW)
    return waiting.order_by("decide_by", "start")

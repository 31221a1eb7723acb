"""Visits that a patient did not come to, or cancelled too late: what the clinic's terms count."""

from django.db.models import F, Q, QuerySet

from booking.models import Appointment
from intake.models import Patient

Status = Appointment.Status
# What staff excused was none. An illness is another reason than the patient's own.
_MISSED = Q(excused=False) & (
    Q(status=Status.NOSHOW)
    | Q(
        status=Status.CANCELLED,
        cancel_reason=Appointment.CancelReason.PATIENT,
        status_before=Status.BOOKED,
        cancelled_at__gt=F("free_cancel_until"),
    )
)


def misses_of(patient: Patient, *, besides: Appointment | None = None) -> int:
    """How many visits this patient missed, without one of them."""
    return _visits(patient, besides).filter(_MISSED).count()


def has_strayed(patient: Patient, *, besides: Appointment | None = None) -> bool:
    """Whether this patient ever missed a visit, or moved one too late: then a first miss is not the first."""
    return _visits(patient, besides).filter(_MISSED | Q(late_moves__gt=0)).exists()


def _visits(patient: Patient, besides: Appointment | None) -> QuerySet[Appointment]:
    found = Appointment.objects.filter(patient=patient)
    return found.exclude(pk=besides.pk) if besides else found

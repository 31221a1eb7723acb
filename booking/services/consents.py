"""Signing and taking back, for those who come with a visit: the patient's link or account, and staff on their word."""

from datetime import datetime

from django.db import transaction

from booking.errors import NotPossibleNow
from booking.models import Appointment, Location, Task
from booking.rules.opening_hours import next_opening
from booking.selectors.practitioners import needles
from booking.services.constraints import named_constraints
from booking.services.errands import open_task
from booking.services.locks import lock_appointment
from booking.services.states import acts_for_clinic, record_change
from intake.errors import NotAllowed
from intake.models import Consent, Patient, User
from intake.services.consents import Signature, sign_information, withdraw_consent

Status = Appointment.Status
_OPEN = (Status.PENDING, Status.BOOKED, Status.ARRIVED, Status.CHECKED_IN)


def sign_for_visit(*, appointment: Appointment, signature: Signature, by: User | None = None, now: datetime) -> Consent:
    """Whoever comes signs to have read the information: by the link in their mail, or at the clinic's tablet.

    :raises NotAllowed: somebody else's account
    :raises NotPossibleNow: the visit is over or has no needles
    :raises SignatureNotAccepted, InformationChanged: nothing is kept
    """
    with named_constraints(), transaction.atomic(durable=True):
        visit = lock_appointment(appointment)
        patient = _own_patient(visit, by)
        if visit.status not in _OPEN or not needles(visit.service):
            raise NotPossibleNow
        return sign_information(patient=patient, signature=signature, by=by, now=now)


def withdraw_for_visit(*, appointment: Appointment, by: User | None = None, reason: str = "", now: datetime) -> Consent:
    """The patient takes back everything, from this moment; every coming visit with needles says so, and staff are asked
    to offer them other care. Nothing is charged for it.

    :raises NotAllowed: somebody else's account
    """
    with named_constraints(), transaction.atomic(durable=True):
        visit = lock_appointment(appointment)
        patient = _own_patient(visit, by)
        withdrawn = withdraw_consent(patient=patient, by=by, reason=reason, now=now)
        for coming in coming_needlings(patient, now=now):
            record_change(appointment=coming, action="consent-withdrawn", by=by, now=now)
            open_task(kind=Task.Kind.WITHDRAWN_CONSENT, appointment=coming, due_at=_due(coming.location, now), now=now)
        return withdrawn


def coming_needlings(patient: Patient, *, now: datetime) -> list[Appointment]:
    """The patient's visits with needles that are not over."""
    visits = Appointment.objects.filter(patient=patient, status__in=_OPEN, end__gt=now)
    return list(visits.exclude(service__modality="none").select_related("location", "patient").order_by("start", "pk"))


def _own_patient(visit: Appointment, by: User | None) -> Patient:
    if visit.patient is None:
        raise NotAllowed
    if by is not None and not acts_for_clinic(by) and visit.patient.user_id != by.pk:
        raise NotAllowed
    return visit.patient


def _due(location: Location, now: datetime) -> datetime:
    return next_opening(now, weekly=location.weekly_hours, zone=location.time_zone)

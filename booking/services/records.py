"""A patient's record: how it begins, and which therapist may see its answers, which follows from their visits."""

from datetime import datetime, timedelta

from django.db.models import Q

from booking.models import Appointment, Location, Practitioner
from booking.rules.policy import care_until
from booking.selectors.treatments import age_rule_of
from intake.clock import clinic_date
from intake.models import CareRelation, Patient, User
from intake.selectors.clearance import age_on
from intake.services.patients import PatientDetails, register_patient

_REASON = "appointment"
_Reason = Appointment.CancelReason
_NO_VISIT = Q(status__in=["proposed", "entered-in-error"]) | Q(
    cancel_reason__in=[_Reason.HOLD_EXPIRED, _Reason.HOLD_RELEASED, _Reason.PAYMENT_LAPSED, _Reason.NOT_CLEARED]
)


def register_for(
    said: PatientDetails, *, location: Location, start: datetime, by: User | None = None, now: datetime
) -> Patient:
    """A new record for whoever comes then: with the clinic's rule for parents where they are young."""
    young = age_rule_of(location).is_minor(age_on(clinic_date(start), said.birth_date) if said.birth_date else None)
    sees = location.guardian_sees if young else Patient.GuardianSees.ALL
    return register_patient(details=said, guardian_sees=sees, by=by, now=now)


def keep_care_relation(*, practitioner: Practitioner, patient: Patient | None, now: datetime) -> None:
    """Let the therapist see the answers until 24 months after their last visit; not at all if there is none (any
    more).
    """
    if patient is None:
        return
    visits = Appointment.objects.filter(practitioner=practitioner, patient=patient).exclude(_NO_VISIT)
    last = visits.order_by("-end").first()
    if last is None:
        CareRelation.objects.filter(practitioner=practitioner.user, patient=patient, reason=_REASON).delete()
        return
    until = max(care_until(last.end), now + timedelta(minutes=1))
    found, new = CareRelation.objects.get_or_create(
        practitioner=practitioner.user,
        patient=patient,
        reason=_REASON,
        defaults={"valid_from": now, "valid_until": until},
    )
    if not new and found.valid_until != until:
        CareRelation.objects.filter(pk=found.pk).update(valid_until=until)


def answer_on_call(*, user: User, patient: Patient, until: datetime, now: datetime) -> None:
    """Let a therapist who answers a patient that needs help see the record until then."""
    CareRelation.objects.update_or_create(
        practitioner=user, patient=patient, reason="on-call", defaults={"valid_from": now, "valid_until": until}
    )


def stand_in(*, practitioner: Practitioner, patient: Patient, until: datetime, now: datetime) -> None:
    """Let a therapist who answers for a colleague see the answers until then."""
    CareRelation.objects.update_or_create(
        practitioner=practitioner.user,
        patient=patient,
        reason="stand-in",
        defaults={"valid_from": now, "valid_until": until},
    )

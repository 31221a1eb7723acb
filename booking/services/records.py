"""What a booking leaves in the patient's record: whose answers these are, and which therapist may see them."""

from datetime import datetime

from booking.models import Appointment, Practitioner
from booking.rules.policy import care_until
from intake.models import CareRelation, Patient, QuestionnaireResponse, Screening

_REASON = "appointment"
_NO_VISIT = [Appointment.Status.PROPOSED, Appointment.Status.ENTERED_IN_ERROR]


def give_answers_to(patient: Patient, screening: Screening | None) -> None:
    """The answers become the patient's own and are kept. Answers that are somebody else's stay theirs."""
    if screening is None or (screening.patient_id and screening.patient_id != patient.pk):
        return
    Screening.objects.filter(pk=screening.pk).update(patient=patient)
    QuestionnaireResponse.objects.filter(pk=screening.response_id).update(patient=patient, delete_after=None)


def keep_care_relation(*, practitioner: Practitioner, patient: Patient | None, now: datetime) -> None:
    """Let the therapist see the answers until 24 months after their last visit; not at all if there is none (any more)."""
    if patient is None:
        return
    visits = Appointment.objects.filter(practitioner=practitioner, patient=patient).exclude(status__in=_NO_VISIT)
    last = visits.order_by("-end").first()
    relation = {"practitioner": practitioner.user, "patient": patient, "reason": _REASON}
    if last is None:
        CareRelation.objects.filter(**relation).delete()
        return
    until = max(care_until(last.end), now)
    found, new = CareRelation.objects.get_or_create(**relation, defaults={"valid_from": now, "valid_until": until})
    if not new and found.valid_until != until:
        CareRelation.objects.filter(pk=found.pk).update(valid_until=max(until, found.valid_from))


def belongs_to_another(screening: Screening | None, given_name: str, family_name: str, birth_date: object) -> bool:
    """Whether these answers were given for somebody with another name or birth date."""
    if screening is None or screening.patient is None:
        return False
    known = screening.patient
    said = (given_name.strip().casefold(), family_name.strip().casefold(), birth_date)
    return said != (known.given_name.casefold(), known.family_name.casefold(), known.birth_date)

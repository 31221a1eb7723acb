"""Tying a screening to the patient it was made for."""

from datetime import datetime

from django.db import transaction

from intake.errors import IncompleteAnswers, ScreeningOfAnother
from intake.models import Patient, QuestionnaireResponse, Screening
from intake.selectors.screenings import stricter_before
from intake.services.audit import record_event
from intake.signals import screening_decided
from intake.tokens import hash_token, new_token


@transaction.atomic
def attach_screening(*, screening: Screening, patient: Patient, now: datetime) -> Screening:
    """The screening as part of this patient's record, kept as long as that; call it before asking for the clearance.

    The same person booking once more as a new record gets a copy of their own, so use the screening that is returned.
    A milder result than an earlier one of the same verified patient counts as REVIEW from here on.

    :raises ScreeningOfAnother: the answers were given for somebody with another birth date
    :raises IncompleteAnswers: the form was deleted because nobody had booked with it for a day
    """
    locked = _locked(screening)
    if locked.patient_id == patient.pk:
        return locked
    if locked.patient_id is not None:
        locked = _copied(locked, patient)
    stricter = _stricter_of(locked, patient, now)
    if stricter is not None:
        locked.earlier_stricter = stricter
    locked.patient = patient
    locked.save(update_fields=["patient", "earlier_stricter"])
    QuestionnaireResponse.objects.filter(pk=locked.response_id).update(
        patient=patient, delete_after=None, resume_token_hash="", resume_person=None
    )
    record_event(action="attached", entity=locked, patient=patient, role="anonymous", now=now)
    screening_decided.send(sender=Screening, screening=locked, decision=None, now=now)
    return locked


def _locked(screening: Screening) -> Screening:
    """The screening as it is now; its form is locked first, in the order of the sweep that deletes abandoned forms."""
    form = QuestionnaireResponse.objects.select_for_update(no_key=True).filter(pk=screening.response_id).first()
    row = Screening.objects.select_for_update(no_key=True).filter(pk=screening.pk).first()
    if form is None or row is None:
        raise IncompleteAnswers
    row.response = form
    return row


def _stricter_of(screening: Screening, patient: Patient, now: datetime) -> Screening | None:
    if screening.earlier_stricter_id or patient.contact_verified_at is None:
        return None
    return stricter_before(screening.outcome, patient=patient, now=now)


def _copied(screening: Screening, patient: Patient) -> Screening:
    """The same answers for another record of the same person, not yet attached."""
    first = screening.patient
    assert first is not None
    if first.birth_date != patient.birth_date or patient.birth_date is None:
        raise ScreeningOfAnother
    response = QuestionnaireResponse(
        **_values(screening.response, "id", "patient", "content"), content=screening.response.content
    )
    response.save(force_insert=True)
    copy = Screening(
        **_values(screening, "id", "patient", "response", "result", "token_hash"),
        response=response,
        result=screening.result,
        token_hash=hash_token(new_token()),
    )
    copy.save(force_insert=True)
    return copy


def _values(row: QuestionnaireResponse | Screening, *left_out: str) -> dict[str, object]:
    return {
        field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields if field.name not in left_out
    }

"""Patients' records. A contact is not an identity: registering never reads, joins or changes another record."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from intake.access import cares_for
from intake.errors import NotAllowed
from intake.models import Patient, User
from intake.services.audit import record_event

MAX_REASON: Final = 2000


@dataclass(frozen=True, slots=True)
class PatientDetails:
    """Who somebody says they are. `phone` in any form that phonenumbers reads, or empty."""

    given_name: str
    family_name: str
    birth_date: date | None
    email: str
    phone: str
    language: str = "en"


@transaction.atomic
def register_patient(
    *, details: PatientDetails, guardian_sees: str = Patient.GuardianSees.ALL, by: User | None = None, now: datetime
) -> Patient:
    """A new, unverified record, always; likely matches are for staff to look at. `guardian_sees`: the clinic's rule for
    the account of a young person's parent.
    """
    patient = Patient.objects.create(
        given_name=details.given_name.strip(),
        family_name=details.family_name.strip(),
        birth_date=details.birth_date,
        email=details.email.strip(),
        phone=details.phone,
        language=details.language,
        guardian_sees=guardian_sees,
        created_at=now,
    )
    record_event(action="registered", entity=patient, patient=patient, by=by, role=_role(by), now=now)
    return patient


@transaction.atomic
def update_contact(
    *,
    patient: Patient,
    email: str | None = None,
    phone: str | None = None,
    language: str | None = None,
    by: User | None,
    now: datetime,
) -> Patient:
    """Change how this patient is reached; None leaves as it is. A new address is unproven until a code proves it."""
    locked = Patient.objects.select_for_update(no_key=True).get(pk=patient.pk)
    if email is not None and email.strip().lower() != locked.email.lower():
        locked.email, locked.contact_verified_at = email.strip(), None
    locked.phone = locked.phone if phone is None else phone
    locked.language = locked.language if language is None else language
    locked.save(update_fields=["email", "phone", "language", "contact_verified_at"])
    record_event(action="contact-changed", entity=locked, patient=locked, by=by, role=_role(by), now=now)
    return locked


@transaction.atomic
def verify_contact(*, patient: Patient, user: User, now: datetime) -> Patient:
    """Tie the record to the account whose mailbox was proven, and to no other record of that mailbox."""
    locked = Patient.objects.select_for_update(no_key=True).get(pk=patient.pk)
    locked.user, locked.contact_verified_at = user, now
    locked.save(update_fields=["user", "contact_verified_at"])
    record_event(action="contact-verified", entity=locked, patient=locked, by=user, now=now)
    return locked


@transaction.atomic
def set_guardian_sees(*, patient: Patient, sees: str, reason: str, by: User, now: datetime) -> Patient:
    """What the account that acts for this young person may see from now on; their therapist says why.

    :raises NotAllowed: not a therapist who cares for the patient, no reason, or no such choice
    """
    if not cares_for(by, patient, now) or sees not in Patient.GuardianSees.values:
        raise NotAllowed
    if not reason.strip():
        raise NotAllowed(_("Please say why."))
    locked = Patient.objects.select_for_update(no_key=True).get(pk=patient.pk)
    locked.guardian_sees, locked.guardian_sees_why = sees, reason.strip()[:MAX_REASON]
    locked.save(update_fields=["guardian_sees", "guardian_sees_why"])
    record_event(action="guardian-sees-set", entity=locked, patient=locked, by=by, details={"sees": sees}, now=now)
    return locked


def _role(by: User | None) -> str:
    return by.role if by else "anonymous"

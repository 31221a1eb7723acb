"""What somebody has signed and said yes to, and how much of it everybody else sees."""

from collections.abc import Collection
from typing import Any, Literal
from uuid import UUID

from django.db.models import QuerySet

from intake.information import information_version
from intake.models import Consent, Patient
from intake.rules.consents import Scope, may_be_reconfirmed

ConsentState = Literal["missing", "signed", "withdrawn"]
Status = Consent.Status


def consents_of(patient: Patient) -> QuerySet[Consent]:
    """Everything this patient signed, said and took back, the latest first."""
    return Consent.objects.filter(patient=patient).select_related("recorded_by").order_by("-created_at", "-pk")


def consent_states(patients: Collection[UUID]) -> dict[UUID, ConsentState]:
    """How each of them stands; opens nothing that is encrypted. Whoever took everything back has to sign anew."""
    found: dict[UUID, ConsentState] = dict.fromkeys(patients, "missing")
    rows = Consent.objects.filter(patient__in=patients).order_by("created_at", "pk")
    for patient, status, version, withdrawn in rows.values_list(
        "patient", "status", "information_version", "withdrawn_at"
    ):
        if withdrawn is not None:
            found[patient] = "withdrawn"
        elif status == Status.PROPOSED:
            found[patient] = "signed" if version == information_version() else "missing"
    return found


def consent_state(patient: Patient | None) -> ConsentState:
    """The same for one."""
    return consent_states([patient.pk])[patient.pk] if patient else "missing"


def signature_in_force(patient: Patient) -> Consent | None:
    """The signature under the information in force, if it was not taken back."""
    signed = consents_of(patient).filter(status=Status.PROPOSED, information_version=information_version())
    return signed.first()


def active_consent(patient: Patient) -> Consent | None:
    """The yes that holds now."""
    return consents_of(patient).filter(status=Status.ACTIVE).first()


def scope_of(consent: Consent) -> Scope:
    """What this yes is for."""
    said: dict[str, Any] = consent.content or {}
    return Scope(frozenset(said["regions"]), said["technique"], consent.information_version)


def reconfirmable(patient: Patient, *, regions: Collection[str], technique: str) -> Consent | None:
    """The yes in force, if "as last time" is the whole talk for these regions and this technique."""
    consent = active_consent(patient)
    if consent is None or signature_in_force(patient) is None:
        return None
    wanted = Scope(frozenset(regions), technique, information_version())
    return consent if may_be_reconfirmed(scope_of(consent), wanted) else None

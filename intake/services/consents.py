"""Consent in two steps: signed as read, then said in the room, which alone makes it active. And taken back, at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from intake.access import cares_for, works_here
from intake.errors import ConsentMissing, InformationChanged, NotAllowed, SignatureNotAccepted
from intake.information import current_information, information_version, risks_of
from intake.models import Consent, Patient, User
from intake.rules.consents import AgeRule, what_is_missing
from intake.selectors.consents import active_consent, consents_of, reconfirmable, signature_in_force
from intake.services.audit import record_event

MAX_NAME: Final = 200
MAX_TEXT: Final = 2000
Status = Consent.Status
_LIVE: Final = (Status.PROPOSED, Status.ACTIVE)
_ENDING: Final = ["status", "ended_at", "withdrawn_at", "withdrawn_by", "withdrawal"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """Who signs, and exactly what they were shown. `relation` says as what somebody signs for another person."""

    name: str
    signer: str = Consent.Signer.SELF
    relation: str = ""
    version: str
    hash: str
    language: str = "en"
    shown_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """What was said in the room. `why_mature`: why the therapist finds a young person able to decide alone."""

    regions: Sequence[str]
    technique: str
    says_yes: bool
    young_person_agrees: bool = False
    why_mature: str = ""
    note: str = ""


def check_signature(signature: Signature) -> None:
    """:raises SignatureNotAccepted: a blank, no letter, or no word of who signs for another person
    :raises InformationChanged: another text was shown than the one in force
    """
    name, relation = signature.name.strip(), signature.relation.strip()
    if len(name) < 2 or not any(map(str.isalpha, name)) or max(len(name), len(relation)) > MAX_NAME:
        raise SignatureNotAccepted
    if signature.signer not in Consent.Signer.values:
        raise SignatureNotAccepted(_("Please say who signs."))
    if signature.signer != Consent.Signer.SELF and not relation:
        raise SignatureNotAccepted(_("Please say how you are related to the patient."))
    shown = current_information(signature.language)
    if (signature.version, signature.hash) != (shown.version, shown.hash):
        raise InformationChanged


@transaction.atomic
def sign_information(
    *, patient: Patient, signature: Signature, by: User | None = None, role: str = "patient", now: datetime
) -> Consent:
    """Keep that somebody has read the information and signed; it never makes a consent active.

    :raises SignatureNotAccepted, InformationChanged: nothing is kept
    """
    check_signature(signature)
    _lock(patient)
    consent = Consent.objects.create(
        patient=patient,
        status=Status.PROPOSED,
        created_at=now,
        information_version=signature.version,
        information_hash=signature.hash,
        language=signature.language,
        shown_at=min(signature.shown_at, now),
        signed_at=now,
        signer=signature.signer,
        content={"name": signature.name.strip(), "relation": signature.relation.strip()},
    )
    record_event(action="consent-signed", entity=consent, patient=patient, by=by, role=by.role if by else role, now=now)
    return consent


@transaction.atomic
def record_consent(*, patient: Patient, talk: Talk, age: int | None, rule: AgeRule, by: User, now: datetime) -> Consent:
    """The patient's yes, heard by the therapist: the one thing that makes consent active. It ends an earlier one.

    :raises NotAllowed: not a therapist who cares for the patient
    :raises ConsentMissing: no yes, no region, or what `what_is_missing` names
    """
    _require_therapist(patient, by, now)
    _lock(patient)
    signed = signature_in_force(patient)
    missing = list(
        what_is_missing(
            signer=signed.signer if signed else None,
            age=age,
            rule=rule,
            found_mature=bool(talk.why_mature.strip()),
            young_person_agrees=talk.young_person_agrees,
        )
    )
    if not (talk.says_yes and talk.regions) or missing or max(len(talk.note), len(talk.why_mature)) > MAX_TEXT:
        raise ConsentMissing(missing=missing)
    assert signed is not None
    content = {
        "regions": list(talk.regions),
        "technique": talk.technique,
        "risks": [risk.id for risk in risks_of(talk.regions, talk.technique, signed.language)],
        "young_person_agrees": talk.young_person_agrees,
        "why_mature": talk.why_mature.strip(),
        "note": talk.note.strip(),
    }
    return _make_active(patient, signed, content, "consented", by, now)


@transaction.atomic
def reconfirm_consent(*, patient: Patient, regions: Sequence[str], technique: str, by: User, now: datetime) -> Consent:
    """The same yes as last time, said again; a new row that refers to the earlier one.

    :raises NotAllowed: not a therapist who cares for the patient
    :raises ConsentMissing: there is none, or regions, technique or the information differ: then it takes the talk
    """
    _require_therapist(patient, by, now)
    _lock(patient)
    earlier = reconfirmable(patient, regions=regions, technique=technique)
    if earlier is None:
        raise ConsentMissing(_("Something differs from last time. Please talk it through and record the yes."))
    return _make_active(patient, earlier, {**(earlier.content or {}), "note": ""}, "consent-reconfirmed", by, now)


@transaction.atomic
def withdraw_consent(
    *, patient: Patient, by: User | None, role: str = "patient", reason: str = "", now: datetime
) -> Consent:
    """Take back everything that was signed or said, at once; asks for no reason. Twice is as good as once.

    By the patient (their link or account) or by staff on their word.

    :raises NotAllowed: somebody else's account
    """
    if by is not None and not works_here(by) and patient.user_id != by.pk:
        raise NotAllowed
    _lock(patient)
    live = list(consents_of(patient).filter(status__in=_LIVE))
    latest = consents_of(patient).first()
    if not live and latest is not None and latest.withdrawn_at is not None:
        return latest
    told_by = "patient" if by is None or not by.works_here else "staff"
    rows = live or [Consent(patient=patient, created_at=now)]  # who never signed can still say no
    for row in rows:
        row.status, row.ended_at, row.withdrawn_at, row.withdrawn_by = Status.INACTIVE, now, now, by
        row.withdrawal = {"reason": reason.strip()[:MAX_TEXT], "told_by": told_by}
        row.save(update_fields=_ENDING if row in live else None)
    record_event(
        action="consent-withdrawn", entity=rows[0], patient=patient, by=by, role=by.role if by else role, now=now
    )
    return rows[0]


def _make_active(
    patient: Patient, earlier: Consent, content: dict[str, Any], action: str, by: User, now: datetime
) -> Consent:
    former = active_consent(patient)
    if former is not None:
        former.status, former.ended_at = Status.INACTIVE, now
        former.save(update_fields=["status", "ended_at"])
    consent = Consent.objects.create(
        patient=patient,
        status=Status.ACTIVE,
        created_at=now,
        information_version=information_version(),
        information_hash=earlier.information_hash,
        language=earlier.language,
        recorded_by=by,
        recorded_at=now,
        earlier=earlier,
        content=content,
    )
    record_event(action=action, entity=consent, patient=patient, by=by, now=now)
    return consent


def _require_therapist(patient: Patient, by: User, now: datetime) -> None:
    if not cares_for(by, patient, now):
        raise NotAllowed


def _lock(patient: Patient) -> None:
    """One at a time for a patient: a yes and its withdrawal can't pass each other."""
    Patient.objects.select_for_update(no_key=True).get(pk=patient.pk)

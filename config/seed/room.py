"""What happened in the room at visits that are over: signed, agreed to and written down, as therapists do it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from booking.models import Appointment, Encounter, TreatmentRecord
from config.seed.clinic import new_id
from intake.information import current_information, risks_of
from intake.models import Consent, Patient

_UNWANTED = (("", 85), ("bruise", 7), ("bleeding", 4), ("pain", 3), ("faint", 1))


@dataclass(slots=True)
class Room:
    """Rows of consent and treatment; one active consent a patient, the last one."""

    rng: Random
    consents: list[Consent] = field(default_factory=list)
    encounters: list[Encounter] = field(default_factory=list)
    records: list[TreatmentRecord] = field(default_factory=list)
    _signed: dict[Any, Consent] = field(default_factory=dict)
    _active: dict[Any, Consent] = field(default_factory=dict)

    def sign(self, patient: Patient, visit: Appointment) -> Consent:
        """The signature that came with the first booking with needles."""
        known = self._signed.get(patient.pk)
        if known is not None:
            return known
        shown, at = current_information(patient.language), visit.created_at
        signed = Consent(
            id=new_id(self.rng), patient=patient, status=Consent.Status.PROPOSED, created_at=at, signed_at=at,
            shown_at=at - timedelta(minutes=2), information_version=shown.version, information_hash=shown.hash,
            language=shown.language, signer=Consent.Signer.SELF, content={"name": str(patient), "relation": ""},
        )  # fmt: skip
        self._signed[patient.pk] = signed
        self.consents.append(signed)
        return signed

    def treat(self, visit: Appointment, patient: Patient) -> None:
        """A finished visit with needles: the yes and the record."""
        assert visit.screening is not None
        assert visit.checked_in_at is not None
        assert visit.finished_at is not None
        regions = visit.screening.result["line"]["context"]["regions"]
        plan = {"regions": regions, "technique": "manual"}
        heard = self._yes(visit, patient, plan, visit.checked_in_at)
        encounter = Encounter(
            id=new_id(self.rng), appointment=visit, status=Encounter.Status.FINISHED, started_at=visit.checked_in_at,
            started_by=visit.practitioner.user, consent=heard, plan=plan,
        )  # fmt: skip
        event = self.rng.choices([kind for kind, _often in _UNWANTED], [often for _kind, often in _UNWANTED])[0]
        self.encounters.append(encounter)
        self.records.append(
            TreatmentRecord(
                id=new_id(self.rng), encounter=encounter, needling=TreatmentRecord.Needling.DONE, consent=heard,
                recorded_at=visit.finished_at, recorded_by=visit.practitioner.user,
                content={**plan, "needles": self.rng.randint(2, 9), "events": [event] if event else [], "note": "",
                         "why_amended": ""},
            )
        )  # fmt: skip

    def _yes(self, visit: Appointment, patient: Patient, plan: dict[str, Any], at: datetime) -> Consent:
        signed, former = self.sign(patient, visit), self._active.get(patient.pk)
        risks = [one.id for one in risks_of(plan["regions"], plan["technique"], signed.language)]
        heard = Consent(
            id=new_id(self.rng), patient=patient, status=Consent.Status.ACTIVE, created_at=at, recorded_at=at,
            recorded_by=visit.practitioner.user, information_version=signed.information_version,
            information_hash=signed.information_hash, language=signed.language, earlier=former or signed,
            content={**plan, "risks": risks, "young_person_agrees": False, "why_mature": "", "note": ""},
        )  # fmt: skip
        if former is not None:
            former.status, former.ended_at = Consent.Status.INACTIVE, at
        self._active[patient.pk] = heard
        self.consents.append(heard)
        return heard

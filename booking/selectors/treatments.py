"""What the therapist sees in the room: the plan, what stands in its way, the yes, and what was written down."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from booking.models import Appointment, Encounter, HealthcareService, Location, TreatmentRecord
from booking.selectors.appointments import finished_needlings
from intake.access import cares_for
from intake.errors import NotAllowed
from intake.information import information_version
from intake.models import Consent, User
from intake.rules.consents import AgeRule
from intake.selectors.audit import record_read
from intake.selectors.clearance import age_on
from intake.selectors.consents import reconfirmable, signature_in_force
from intake.selectors.regions import RegionLook, look_at_regions

Status = Appointment.Status
_TECHNIQUES: Final = {"manual": ("manual",), "electrical": ("manual", "electrical"), "none": ()}


@dataclass(frozen=True, slots=True)
class RoomView:
    """Everything of one visit in the room, opened for its therapist.

    `plan` is what was chosen, or what is likely; `is_planned` says which. `same_as_last` is the yes that one tap says
    again. `must_agree`: by the clinic's rule the patient is too young to decide alone.
    """

    encounter: Encounter | None
    regions: tuple[str, ...]
    technique: str
    is_planned: bool
    likely: tuple[str, ...]
    look: RegionLook | None
    consent: Consent | None
    same_as_last: Consent | None
    signed: Consent | None
    age: int | None
    is_minor: bool
    must_agree: bool
    records: tuple[TreatmentRecord, ...]

    @property
    def may_record(self) -> bool:
        """Whether needling may be written down for what was planned."""
        return self.is_planned and self.consent is not None and bool(self.look and self.look.may_be_needled)


def techniques_of(service: HealthcareService) -> tuple[str, ...]:
    """With which techniques this service may be given."""
    return _TECHNIQUES[service.modality]


def age_rule_of(location: Location) -> AgeRule:
    """The clinic's rule for young people."""
    return AgeRule(location.majority_age, location.mature_minor_age)


def returning_patient(visit: Appointment) -> bool:
    """Whether our records show needling before this visit."""
    return finished_needlings().filter(patient=visit.patient, start__lt=visit.start).exists()


def look_of(
    encounter: Encounter, *, regions: Collection[str] | None = None, technique: str = "", now: datetime
) -> RegionLook:
    """The answers looked at for the planned regions, or for those given."""
    visit = encounter.appointment
    screening = encounter.screening or visit.screening
    assert screening is not None
    assert visit.patient is not None
    plan: dict[str, Any] = encounter.plan or {}
    return look_at_regions(
        screening,
        regions=plan["regions"] if regions is None else regions,
        technique=technique or plan["technique"],
        birth_date=visit.patient.birth_date,
        returning=returning_patient(visit),
        basis=visit.screening,
        now=now,
    )


@transaction.atomic
def room_view(*, visit: Appointment, by: User, now: datetime) -> RoomView:
    """The therapist's page of the visit; the read is written down.

    :raises NotAllowed: not a therapist who cares for the patient
    """
    patient = visit.patient
    if patient is None or not cares_for(by, patient, now):
        raise NotAllowed
    encounter = Encounter.objects.select_related("screening", "consent__recorded_by").filter(appointment=visit).first()
    shown = encounter or Encounter(appointment=visit)
    shown.appointment = visit
    plan = (encounter.plan if encounter else None) or _usual_plan(visit)
    if visit.screening is not None:
        record_read(entity=shown.screening or visit.screening, patient_id=patient.pk, by=by, now=now)
    look = None
    if visit.screening is not None and plan["regions"]:
        look = look_of(shown, regions=plan["regions"], technique=plan["technique"], now=now)
    rule = age_rule_of(visit.location)
    age = age_on(visit.start.date(), patient.birth_date) if patient.birth_date else None
    records = encounter.records.select_related("recorded_by") if encounter else ()
    return RoomView(
        encounter=encounter,
        regions=tuple(plan["regions"]),
        technique=plan["technique"],
        is_planned=bool(encounter and encounter.plan),
        likely=_likely(visit),
        look=look,
        consent=_heard(encounter),
        same_as_last=reconfirmable(patient, regions=plan["regions"], technique=plan["technique"]),
        signed=signature_in_force(patient),
        age=age,
        is_minor=rule.is_minor(age),
        must_agree=not rule.decides_alone(age),
        records=tuple(records),
    )


def agreement_of_visits() -> dict[str, Exists | Q]:
    """For a queryset of visits, as `intake.selectors.consents.consent_states` says it for patients, and whether
    somebody has written down what was done; opens nothing that is encrypted.

    What was over before anybody signed here, before the clinic kept such records, misses none.
    """
    of_patient = Consent.objects.filter(patient=OuterRef("patient"))
    live = of_patient.filter(status=Consent.Status.PROPOSED)
    finished = Encounter.objects.filter(appointment=OuterRef("pk"), status=Encounter.Status.FINISHED)
    return {
        "has_signed": Exists(live.filter(information_version=information_version())),
        "has_withdrawn": Exists(of_patient.filter(withdrawn_at__isnull=False)) & ~Exists(live),
        "is_recorded": Exists(finished) | ~Exists(Consent.objects.filter(signed_at__lt=OuterRef("finished_at"))),
    }


def last_record_of(visit: Appointment) -> TreatmentRecord | None:
    """What was done at this patient's last needling before this visit."""
    found = TreatmentRecord.objects.filter(
        encounter__appointment__patient=visit.patient, encounter__appointment__start__lt=visit.start
    )
    return found.exclude(needling=TreatmentRecord.Needling.NONE).order_by("-recorded_at").first()


def _heard(encounter: Encounter | None) -> Consent | None:
    """The yes of this visit, if it has not been taken back."""
    consent = encounter.consent if encounter else None
    return consent if consent is not None and consent.withdrawn_at is None else None


def _usual_plan(visit: Appointment) -> dict[str, Any]:
    """What a tap should confirm: as last time, else where it hurts."""
    technique = techniques_of(visit.service)[-1] if techniques_of(visit.service) else ""
    last = last_record_of(visit)
    if last is not None:
        done = last.content
        usual = done["technique"] if done["technique"] in techniques_of(visit.service) else technique
        return {"regions": done["regions"], "technique": usual}
    return {"regions": _context_of(visit).get("regions", []), "technique": technique}


def _likely(visit: Appointment) -> tuple[str, ...]:
    """Where needles often go when it hurts there, beside the regions themselves."""
    context = _context_of(visit)
    return tuple(context.get("regions", ())) + tuple(context.get("likely_regions", ()))


def _context_of(visit: Appointment) -> dict[str, Any]:
    return dict(visit.screening.result["line"]["context"]) if visit.screening else {}

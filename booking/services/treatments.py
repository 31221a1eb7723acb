"""What happens in the room: begun by the therapist, looked at for the real regions, agreed to, and written down.

Each step is the therapist's alone. Nothing here keeps reception from closing the day.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from booking.errors import NotCleared, NotPossibleNow
from booking.models import Appointment, Encounter, TreatmentRecord
from booking.rules.walltime import wall_date
from booking.selectors.alerts import must_be_acknowledged
from booking.selectors.practitioners import may_needle, needles
from booking.selectors.treatments import age_rule_of, look_of, returning_patient, techniques_of
from booking.services.admission import clearance_for
from booking.services.after_care import plan_after_visit
from booking.services.constraints import named_constraints
from booking.services.locks import lock_appointment
from booking.services.states import record_change
from booking.services.visits import ACKNOWLEDGE_FIRST, finish_visit
from intake.access import cares_for
from intake.errors import ConsentMissing, InvalidAnswers, NotAllowed
from intake.models import Consent, User
from intake.rules.consents import not_covered
from intake.selectors.clearance import age_on
from intake.selectors.consents import consent_state, scope_of
from intake.selectors.questionnaires import definition_of
from intake.selectors.regions import RegionLook
from intake.services.consents import Talk, reconfirm_consent, record_consent
from intake.services.reviews import record_decision
from intake.services.room_answers import screen_in_the_room

Status = Appointment.Status
Needling = TreatmentRecord.Needling
MAX_NOTE: Final = 5000
MAX_NEEDLES: Final = 200
EVENTS: Final = ("bleeding", "bruise", "pain", "faint", "drowsy", "worse", "nausea", "needle-trouble", "other")
_IN_THE_ROOM: Final = (Status.CHECKED_IN, Status.FULFILLED)  # the record may come after reception closed the visit


@dataclass(frozen=True, slots=True, kw_only=True)
class Treated:
    """What the therapist writes down. `events` are of `EVENTS`; `notes_given`: what to know after the visit was handed
    over before the patient left; `why_amended` is needed from the second row on.
    """

    needling: str
    regions: Sequence[str] = ()
    technique: str = ""
    needles: int | None = None
    events: Sequence[str] = ()
    note: str = ""
    notes_given: bool = False
    why_amended: str = ""


def plan_treatment(
    *,
    appointment: Appointment,
    regions: Collection[str],
    technique: str,
    answers: Mapping[str, Any],
    follow_ups: Mapping[str, Mapping[str, Any]],
    by: User,
    now: datetime,
) -> Encounter:
    """The therapist starts: these regions, in this way. The rules run again for them; what they ask anew is answered
    here, or stays open, and then nothing can be recorded.

    :raises NotAllowed: not a therapist who cares for the patient
    :raises NotPossibleNow: not checked in, no needles, or what to be careful about was not acknowledged
    :raises ConsentMissing: the patient has taken back their agreement
    :raises InvalidAnswers: a region, technique or answer that does not exist here
    """
    with named_constraints(), transaction.atomic(durable=True):
        visit = lock_appointment(appointment)
        encounter = _started(visit, by, now)
        _check_plan(visit, regions, technique)
        plan = {"regions": sorted(regions), "technique": technique}
        if encounter.plan != plan:
            encounter.consent = None
        encounter.plan = plan
        _look_again(visit, encounter, answers, follow_ups, by, now)
        encounter.save()
        record_change(appointment=visit, action="treatment-planned", by=by, now=now)
        return encounter


def decide_in_the_room(
    *, appointment: Appointment, reason: str, regions: Sequence[str], by: User, now: datetime
) -> Encounter:
    """The therapist decides about what only these regions brought; `regions` may be needled although excluded.

    :raises NotPossibleNow: nothing waits for a decision
    """
    with named_constraints(), transaction.atomic(durable=True):
        visit = lock_appointment(appointment)
        encounter = _of(visit, by, now)
        look = look_of(encounter, now=now)
        screening = encounter.screening or visit.screening
        if not (look.must_decide or look.excluded) or look.stopped or screening is None:
            raise NotPossibleNow
        record_decision(screening=screening, decision="approved", reason=reason, regions=regions, by=by, now=now)
        record_change(appointment=visit, action="decided-in-room", by=by, now=now)
        return encounter


def hear_consent(*, appointment: Appointment, talk: Talk, by: User, now: datetime) -> Encounter:
    """The talk took place and the patient said yes to the planned regions and technique.

    :raises ConsentMissing: no yes, no signature, or by the clinic's rule somebody else must agree too
    """
    with named_constraints(), transaction.atomic(durable=True):
        visit = lock_appointment(appointment)
        encounter = _planned(visit, by, now)
        assert visit.patient is not None
        assert encounter.plan is not None
        if {"regions": sorted(talk.regions), "technique": talk.technique} != encounter.plan:
            raise ConsentMissing(_("The plan has changed. Please look at it again."))
        born = visit.patient.birth_date
        encounter.consent = record_consent(
            patient=visit.patient,
            talk=talk,
            age=age_on(wall_date(visit.start, visit.time_zone), born) if born else None,
            rule=age_rule_of(visit.location),
            by=by,
            now=now,
        )
        encounter.save()
        return encounter


def hear_consent_again(*, appointment: Appointment, by: User, now: datetime) -> Encounter:
    """The same yes as last time, in one tap.

    :raises ConsentMissing: regions, technique or the information differ from last time
    """
    with named_constraints(), transaction.atomic(durable=True):
        visit = lock_appointment(appointment)
        encounter = _planned(visit, by, now)
        assert visit.patient is not None
        assert encounter.plan is not None
        encounter.consent = reconfirm_consent(patient=visit.patient, by=by, now=now, **encounter.plan)
        encounter.save()
        return encounter


def record_treatment(
    *, appointment: Appointment, treated: Treated, finish: bool = False, by: User, now: datetime
) -> TreatmentRecord:
    """Write down what was done, or that there was no needling; a second time it is an amendment that says why.

    :raises NotPossibleNow: the visit has not begun, the therapist may not needle today, or an amendment has no reason
    :raises NotCleared: a region's questions are open, or it is excluded
    :raises ConsentMissing: there is no active yes for a region with this technique
    :raises InvalidAnswers: something that can't be written down
    """
    with named_constraints(), transaction.atomic(durable=True):
        visit = lock_appointment(appointment)
        encounter = _of(visit, by, now) if treated.needling != Needling.NONE else _begun(visit, by, now)
        _check_written(treated)
        if treated.needling != Needling.NONE:
            _check_needling(visit, encounter, treated, by, now)
        if encounter.records.exists() and not treated.why_amended.strip():
            raise NotPossibleNow(_("Please say why you change the record. What stood there before is kept."))
        content = {**asdict(treated), "regions": list(treated.regions), "events": list(treated.events)}
        del content["needling"]
        record = TreatmentRecord.objects.create(
            encounter=encounter,
            needling=treated.needling,
            consent=encounter.consent if treated.needling != Needling.NONE else None,
            recorded_at=now,
            recorded_by=by,
            content=content,
        )
        encounter.status = Encounter.Status.FINISHED
        encounter.save(update_fields=["status"])
        plan_after_visit(appointment=visit, now=now)
        record_change(appointment=visit, action="treatment-recorded", by=by, now=now)
    if finish and visit.status == Status.CHECKED_IN:
        finish_visit(appointment=visit, by=by, now=now)
    return record


def _started(visit: Appointment, by: User, now: datetime) -> Encounter:
    """The encounter of a visit that may begin as needling."""
    encounter = _begun(visit, by, now)
    if must_be_acknowledged(visit, clearance_for(visit, by_staff=True, now=now).outcome):
        raise NotPossibleNow(ACKNOWLEDGE_FIRST)
    if consent_state(visit.patient) == "withdrawn":
        raise ConsentMissing(
            _("The patient has taken back their agreement. They can sign again, or come without needles.")
        )
    return encounter


def _begun(visit: Appointment, by: User, now: datetime) -> Encounter:
    if visit.patient is None or not cares_for(by, visit.patient, now):
        raise NotAllowed
    if visit.status not in _IN_THE_ROOM or not needles(visit.service):
        raise NotPossibleNow(_("The visit has not begun: please check in first."))
    encounter, new = Encounter.objects.get_or_create(appointment=visit, defaults={"started_at": now, "started_by": by})
    encounter.appointment = visit
    if new:
        record_change(appointment=visit, action="treatment-started", by=by, now=now)
    return encounter


def _of(visit: Appointment, by: User, now: datetime) -> Encounter:
    """The encounter that was started, with a plan."""
    encounter = _started(visit, by, now) if consent_state(visit.patient) != "withdrawn" else _begun(visit, by, now)
    if encounter.plan is None:
        raise NotPossibleNow(_("Please choose first where you treat."))
    return encounter


def _planned(visit: Appointment, by: User, now: datetime) -> Encounter:
    """The same, if nothing of it is open or forbidden."""
    encounter = _started(visit, by, now)
    if encounter.plan is None:
        raise NotPossibleNow(_("Please choose first where you treat."))
    _refuse_uncleared(look_of(encounter, now=now), encounter.plan["regions"])
    return encounter


def _look_again(
    visit: Appointment,
    encounter: Encounter,
    answers: Mapping[str, Any],
    follow_ups: Mapping[str, Mapping[str, Any]],
    by: User,
    now: datetime,
) -> None:
    """Keep the answers as they come out for the plan, once nothing is open or what is open was answered."""
    look = look_of(encounter, now=now)
    basis = encounter.screening or visit.screening
    assert basis is not None
    stands = basis.result["line"]["context"]
    is_new = (set(look.context.regions), look.context.modality) != (set(stands["regions"]), stands["modality"])
    if (look.open and (answers or follow_ups)) or (not look.open and is_new):
        encounter.screening = screen_in_the_room(
            screening=basis,
            regions=look.context.regions,
            technique=look.context.modality,
            answers=answers,
            follow_ups=follow_ups,
            returning=returning_patient(visit),
            by=by,
            now=now,
        )


def _check_plan(visit: Appointment, regions: Collection[str], technique: str) -> None:
    if visit.screening is None:
        raise NotCleared
    known = definition_of(visit.screening.questionnaire).regions
    if not regions or not set(regions) <= set(known) or technique not in techniques_of(visit.service):
        raise InvalidAnswers(_("Please choose where you treat, and how."))


def _check_written(treated: Treated) -> None:
    too_much = treated.needles is not None and not 0 <= treated.needles <= MAX_NEEDLES
    unknown = not set(treated.events) <= set(EVENTS) or treated.needling not in Needling.values
    if too_much or unknown or max(len(treated.note), len(treated.why_amended)) > MAX_NOTE:
        raise InvalidAnswers(_("Something in this record can't be written down."))


def _check_needling(visit: Appointment, encounter: Encounter, treated: Treated, by: User, now: datetime) -> None:
    practitioner = getattr(by, "practitioner", None)
    if practitioner is None or not may_needle(practitioner, wall_date(visit.start, visit.time_zone)):
        raise NotPossibleNow(_("Needling needs an authorisation that has not ended."))
    if not treated.regions:
        raise InvalidAnswers(_("Please say where you needled."))
    _refuse_uncleared(look_of(encounter, now=now), treated.regions)
    uncovered = not_covered(treated.regions, treated.technique, _scope_heard(encounter, treated))
    if uncovered:
        raise ConsentMissing


def _scope_heard(encounter: Encounter, treated: Treated) -> Any:
    """What the patient's yes of this visit covers; after a withdrawal only what was begun before it and stopped, or
    amends what was written down before it.
    """
    consent = encounter.consent
    if consent is None:
        return None
    taken_back = consent.withdrawn_at
    if taken_back is not None and treated.needling != Needling.STOPPED:
        written_before = encounter.records.filter(recorded_at__lt=taken_back).exclude(needling=Needling.NONE)
        if not written_before.exists():
            return None
    was_said = consent.status == Consent.Status.ACTIVE or taken_back is not None
    return scope_of(consent) if was_said or encounter.records.exists() else None


def _refuse_uncleared(look: RegionLook, regions: Sequence[str]) -> None:
    if look.open:
        raise NotCleared(_("Some questions for these regions are still open. Please ask them first."))
    if not set(regions) <= set(look.may_be_needled):
        raise NotCleared(_("Not all of these regions may be needled."))

"""After a visit: the page of its link, what was really needled, what patients have said since."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.core import signing
from django.db.models import QuerySet

from booking.models import AfterCareAnswer, AfterCareSettings, Appointment, Location, TreatmentRecord
from booking.rules.after_care import BY_CODE, Note, Sign, is_near_lungs, notes_for
from booking.selectors.courses import coming_sessions
from booking.selectors.practitioners import needles
from booking.selectors.treatments import returning_patient
from intake.models import Outcome, Patient
from intake.selectors.outcomes import observations_of

Status = Appointment.Status
_SIGNER: Final = signing.Signer(salt="booking.after-care")


@dataclass(frozen=True, slots=True)
class Said:
    """How a patient said they are, opened."""

    answer: AfterCareAnswer
    feeling: str
    signs: tuple[Sign, ...]
    words: str


def after_path(appointment: Appointment) -> str:
    """The address of the page after this visit: its id, signed. It never ends."""
    return f"/after/{_SIGNER.sign(appointment.pk.hex)}/"


def visit_after(token: str) -> Appointment | None:
    """The visit whose page this is; None if we did not sign it, or the visit or the record is no more."""
    try:
        visit_id = UUID(_SIGNER.unsign(token))
    except (signing.BadSignature, ValueError):
        return None
    found = Appointment.objects.select_related("patient", "location", "practitioner__user", "service")
    ended = (Status.CANCELLED, Status.ENTERED_IN_ERROR, Status.PROPOSED)
    return found.filter(pk=visit_id, patient__erased_at=None).exclude(patient=None).exclude(status__in=ended).first()


def settings_of(location: Location) -> AfterCareSettings:
    """What the clinic has set, or how it is without; then the row is not saved."""
    return AfterCareSettings.objects.filter(location=location).first() or AfterCareSettings(location=location)


def regions_needled(appointment: Appointment) -> tuple[str, ...] | None:
    """Where needles went by the record as it stands now, nowhere if there was none; None: nothing is recorded."""
    record = _record_of(appointment)
    if record is None:
        return None
    return () if record.needling == TreatmentRecord.Needling.NONE else tuple(record.content["regions"])


def was_not_needled(appointment: Appointment) -> bool:
    """Whether the record says that there was no needling; opens nothing that is encrypted."""
    record = _record_of(appointment)
    return record is not None and record.needling == TreatmentRecord.Needling.NONE


def notes_of(appointment: Appointment) -> tuple[Note, ...]:
    """The notes to take home from this visit."""
    said = settings_of(appointment.location)
    near_lungs = not was_not_needled(appointment) and is_near_lungs(regions_needled(appointment))
    return notes_for(near_lungs=near_lungs, heat=said.heat, ice=said.ice, no_flying_hours=said.no_flying_hours)


def asks_of_soreness(appointment: Appointment) -> bool:
    """Whether it is asked once more if soreness has gone: first visits, and whom one is careful with."""
    screening = appointment.screening
    is_careful = screening is not None and screening.effective_outcome != Outcome.CLEAR
    return is_careful or not returning_patient(appointment)


def ends_course(appointment: Appointment, *, now: datetime) -> bool:
    """Whether no session of its course is to come."""
    return appointment.course is not None and not coming_sessions(appointment.course, now=now).exists()


def answers_of(patient: Patient) -> QuerySet[AfterCareAnswer]:
    """What this patient has answered after visits, unopened, the latest first."""
    found = AfterCareAnswer.objects.filter(appointment__patient=patient).select_related("appointment")
    return found.order_by("-answered_at", "-id")


def can_be_asked_how(appointment: Appointment) -> bool:
    """Whether a page of how the patient is makes sense: needling took place, or something was said or measured."""
    patient = appointment.patient
    if patient is None:
        return False
    took_place = appointment.status == Status.FULFILLED and needles(appointment.service)
    return took_place or answers_of(patient).exists() or observations_of(patient).exists()


def opened_answers(patient: Patient) -> list[Said]:
    """The same, opened. Callers have asked whether it may be shown, and have written the read down."""
    return [_opened(one) for one in answers_of(patient)]


def _opened(answer: AfterCareAnswer) -> Said:
    content: dict[str, Any] = answer.content
    return Said(answer, content["feeling"], tuple(_signs(content["signs"])), content["words"])


def _signs(codes: Iterable[str]) -> list[Sign]:
    return [BY_CODE[code] for code in codes if code in BY_CODE]


def _record_of(appointment: Appointment) -> TreatmentRecord | None:
    return TreatmentRecord.objects.filter(encounter__appointment=appointment).order_by("recorded_at", "id").last()

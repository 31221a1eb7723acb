"""Who pays for a patient besides the patient: what is on file, and who pays one visit."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from booking.models import Appointment, Claim, Cover, HealthcareService
from booking.rules.covers import Problem, visits_left
from booking.selectors.covers import claims_by_visit, covers_of, problem_of, received_from_payers, split_of
from booking.services.covers import PROBLEMS, add_cover, change_cover, choose_cover, end_cover
from frontend.staff.frame import DESK, SeeOther, for_roles, me, page, sent
from frontend.staff.payer_forms import CoverForm
from frontend.staff.visits import visible_visit
from intake import clock
from intake.errors import DrypointError
from intake.models import Patient
from intake.selectors.patients import patients_visible_to

PATIENT_PAYS = "patient"
_FORM = ("GET", "HEAD", "POST")


@dataclass(frozen=True, slots=True)
class CoverLine:
    """A cover with what is left of it; for a visit, with its share and what speaks against it."""

    cover: Cover
    left: int | None
    problem: str | Promise = ""
    share: int = 0
    chosen: bool = False


@for_roles(*DESK, methods=_FORM)
def covers(request: HttpRequest, patient_id: UUID) -> HttpResponse:
    """A patient's covers; a POST enters one more."""
    return _edit(request, _patient(request, patient_id), None)


@for_roles(*DESK, methods=_FORM)
def cover(request: HttpRequest, patient_id: UUID, cover_id: UUID) -> HttpResponse:
    """One cover, to be changed."""
    patient = _patient(request, patient_id)
    return _edit(request, patient, get_object_or_404(covers_of(patient), pk=cover_id))


@for_roles(*DESK, methods=("POST",))
def end(request: HttpRequest, patient_id: UUID, cover_id: UUID) -> HttpResponse:
    """Use a cover for no more visits."""
    patient = _patient(request, patient_id)
    end_cover(cover=get_object_or_404(covers_of(patient), pk=cover_id), by=me(request), now=clock.now())
    messages.success(request, _("It is used for no more visits."))
    return SeeOther(reverse("staff:covers", args=[patient.pk]))


@for_roles(*DESK, methods=_FORM)
def payer_of_visit(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """Who pays one visit."""
    visit = visible_visit(request, appointment_id)
    if visit.patient is None:
        return SeeOther(reverse("staff:visit", args=[visit.pk]))
    received = received_from_payers(visit)
    lines = [_line_for(one, visit, received) for one in covers_of(visit.patient).filter(ended_at=None)]
    refusal: DrypointError | None = None
    if request.method == "POST":
        known = {str(line.cover.pk): line.cover for line in lines} | {PATIENT_PAYS: None}
        chosen = request.POST.get("cover", "")
        try:
            if chosen not in known:
                raise DrypointError(_("Please choose who pays."))
            choose_cover(appointment=visit, cover=known[chosen], by=me(request), now=clock.now())
        except DrypointError as error:
            refusal = error
        else:
            messages.success(request, _("Noted who pays."))
            return SeeOther(reverse("staff:visit", args=[visit.pk]) + "#money")
    claims = claims_by_visit([visit]).get(visit.pk, [])
    context = {
        "visit": visit,
        "lines": lines,
        "claims": claims,
        "standing": next((one for one in claims if one.state not in (Claim.State.TO_BILL, Claim.State.DENIED)), None),
        "patients_price": visit.price_amount - received,
        "refusal": refusal,
        "patient_pays": visit.cover_id is None,
    }
    return page(request, "staff/payer_of_visit.html", context, status=refusal.status if refusal else 200)


def choices_for(patient: Patient | None) -> list[tuple[str, str]]:
    """Who may pay a booking, as choices; none but the patient where nothing is on file."""
    if patient is None:
        return []
    lines = [_line(one) for one in covers_of(patient).filter(ended_at=None)]
    if not lines:
        return []
    return [(PATIENT_PAYS, _("The patient")), *((str(line.cover.pk), _words(line)) for line in lines)]


def marked_for(patient: Patient | None) -> str:
    """What is chosen before staff choose: what they marked for bookings online."""
    marked = covers_of(patient).filter(ended_at=None, for_online=True).first() if patient else None
    return str(marked.pk) if marked else PATIENT_PAYS


def cover_chosen(patient: Patient | None, said: str) -> Cover | None:
    """The cover that was chosen; None where the patient pays."""
    if patient is None or said in ("", PATIENT_PAYS):
        return None
    return covers_of(patient).filter(ended_at=None, pk=said).first()


def _words(line: CoverLine) -> str:
    if line.left is None:
        return str(line.cover)
    return _("%(cover)s, approved visits left: %(left)s") % {"cover": line.cover, "left": line.left}


def _edit(request: HttpRequest, patient: Patient, found: Cover | None) -> HttpResponse:
    now = clock.now()
    form = CoverForm(sent(request), cover=found, currency=currency_here())
    if request.method == "POST" and form.is_valid():
        try:
            _save(patient, found, form, request, now)
        except DrypointError as error:
            form.add_error(None, str(error.message))
        else:
            messages.success(request, _("Saved."))
            return SeeOther(reverse("staff:covers", args=[patient.pk]))
    lines = [_line(one) for one in covers_of(patient)]
    context = {"patient": patient, "form": form, "cover": found, "lines": lines}
    return page(request, "staff/covers.html", context, status=422 if form.errors else 200)


def _save(patient: Patient, found: Cover | None, form: CoverForm, request: HttpRequest, now: datetime) -> Cover:
    if found is None:
        return add_cover(patient=patient, details=form.details, by=me(request), now=now)
    return change_cover(cover=found, details=form.details, by=me(request), now=now)


def _patient(request: HttpRequest, patient_id: UUID) -> Patient:
    return get_object_or_404(patients_visible_to(me(request), now=clock.now()), pk=patient_id)


def _line(cover: Cover) -> CoverLine:
    used: int = cover.used  # type: ignore[attr-defined]  # by covers_of
    return CoverLine(cover, visits_left(cover.approved_visits, used))


def _line_for(cover: Cover, visit: Appointment, received: int) -> CoverLine:
    line, problem = _line(cover), problem_of(cover, visit)
    return CoverLine(
        cover,
        line.left,
        problem=_problem_words(problem),
        share=split_of(visit, cover, received=received).payer - received,
        chosen=visit.cover_id == cover.pk,
    )


def _problem_words(problem: Problem | None) -> str | Promise:
    return PROBLEMS[problem] if problem else ""


def currency_here() -> str:
    """The currency that the clinic's prices are in."""
    first = HealthcareService.objects.values_list("currency", flat=True).first()
    return first or "CAD"

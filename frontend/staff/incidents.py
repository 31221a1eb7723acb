"""Complaints and incidents: logged on a visit, listed with what is due first, followed until they are closed."""

from datetime import timedelta
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from booking.models import Incident
from booking.rules.walltime import wall_date
from booking.selectors.incidents import history_of, incidents_visible_to, register_of
from booking.services.incidents import (
    add_note,
    change_incident,
    close_incident,
    log_incident,
    reopen_incident,
)
from frontend.staff.care_forms import ChangeForm, HoldForm, IncidentForm, NoteForm, PeriodForm
from frontend.staff.frame import CLINIC, SeeOther, clinic_or_refuse, for_roles, me, page, sent
from frontend.staff.visits import visible_visit
from intake import clock
from intake.errors import DrypointError
from intake.models import Patient, Role
from intake.selectors.patients import patients_visible_to
from intake.selectors.record_holds import holds_of
from intake.services.record_holds import hold_record, lift_hold

SHOWN = 100
_YEAR = timedelta(days=365)
_NOTE_STEPS = {"note": add_note, "close": close_incident, "reopen": reopen_incident}


@for_roles(*CLINIC)
def incidents(request: HttpRequest) -> HttpResponse:
    """What one may see, what is owed an answer first."""
    now, clinic = clock.now(), clinic_or_refuse()
    found = incidents_visible_to(me(request), now=now)
    context = {
        "open": list(found.filter(closed_at=None)[:SHOWN]),
        "closed": list(found.exclude(closed_at=None)[:SHOWN]),
        "today": wall_date(now, clinic.time_zone),
        "zone": clinic.time_zone,
    }
    return page(request, "staff/incidents.html", context)


@for_roles(*CLINIC, methods=("GET", "HEAD", "POST"))
def log(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """Log one on a visit."""
    visit = visible_visit(request, appointment_id)
    form, refusal = IncidentForm(sent(request), visit=visit), None
    if request.method == "POST" and form.is_valid():
        try:
            key = form.cleaned_data["request_key"]
            made = log_incident(appointment=visit, said=form.said, request_key=key, by=me(request), now=clock.now())
        except DrypointError as error:
            refusal = error
        else:
            messages.success(request, _("Logged. A manager looks after it."))
            return SeeOther(reverse("staff:incident", args=[made.pk]))
    status = refusal.status if refusal else 422 if form.errors else 200
    return page(request, "staff/incident_log.html", {"visit": visit, "form": form, "refusal": refusal}, status=status)


@for_roles(*CLINIC, methods=("GET", "HEAD", "POST"))
def incident(request: HttpRequest, incident_id: UUID) -> HttpResponse:
    """One of them with its history, and what can be done."""
    found = get_object_or_404(incidents_visible_to(me(request), now=clock.now()), pk=incident_id)
    step = request.POST.get("step", "")
    if request.method != "POST" or step not in (*_NOTE_STEPS, "change"):
        return _incident_page(request, found)
    form = (
        ChangeForm(request.POST, auto_id="change_%s") if step == "change" else NoteForm(request.POST, auto_id="note_%s")
    )
    if not form.is_valid():
        return _incident_page(request, found, form=form, status=422)
    try:
        _take(request, found, step, form)
    except DrypointError as error:
        return _incident_page(request, found, refusal=error, status=error.status)
    messages.success(request, _("Written down."))
    return SeeOther(reverse("staff:incident", args=[found.pk]))


@for_roles(*CLINIC)
def register(request: HttpRequest) -> HttpResponse:
    """How often something goes wrong over the sessions of a period; each therapist's rates are for managers."""
    clinic = clinic_or_refuse()
    today = wall_date(clock.now(), clinic.time_zone)
    usual = {"from_date": today - _YEAR, "to_date": today}
    form = PeriodForm(request.GET) if "from_date" in request.GET else PeriodForm(usual)
    manages = me(request).role == Role.MANAGER
    rows = register_of(clinic, **form.cleaned_data, each_therapist=manages) if form.is_valid() else []
    context = {"form": form, "rows": rows, "severities": Incident.Severity.choices}
    return page(request, "staff/incident_register.html", context, status=422 if form.errors else 200)


@for_roles(Role.MANAGER, methods=("GET", "HEAD", "POST"))
def hold(request: HttpRequest, patient_id: UUID) -> HttpResponse:
    """Keep a record from being deleted, or let it follow the rule again."""
    patient = get_object_or_404(patients_visible_to(me(request), now=clock.now()), pk=patient_id)
    form, refusal = HoldForm(sent(request)), None
    if request.method == "POST" and form.is_valid():
        try:
            _hold_or_lift(request, patient, form.cleaned_data["why"])
        except DrypointError as error:
            refusal = error
        else:
            messages.success(request, _("Written down."))
            return SeeOther(reverse("staff:record-hold", args=[patient.pk]))
    holds = holds_of(patient, by=me(request), now=clock.now())
    status = refusal.status if refusal else 422 if form.errors else 200
    context = {"patient": patient, "holds": holds, "form": form, "refusal": refusal}
    return page(request, "staff/record_hold.html", context, status=status)


def _hold_or_lift(request: HttpRequest, patient: Patient, why: str) -> None:
    change = lift_hold if request.POST.get("lift") else hold_record
    change(patient=patient, why=why, by=me(request), now=clock.now())


def _take(request: HttpRequest, found: Incident, step: str, form: NoteForm | ChangeForm) -> None:
    if step == "change":
        change_incident(incident=found, **form.cleaned_data, by=me(request), now=clock.now())
    else:
        _NOTE_STEPS[step](incident=found, words=form.cleaned_data["words"], by=me(request), now=clock.now())


def _incident_page(
    request: HttpRequest,
    found: Incident,
    *,
    form: NoteForm | ChangeForm | None = None,
    refusal: DrypointError | None = None,
    status: int = 200,
) -> HttpResponse:
    user, now = me(request), clock.now()
    kept = {"severity": found.severity, "reply_due_date": found.reply_due_date}
    context = {
        "incident": found,
        "visit": found.appointment,
        "history": history_of(incident=found, by=user, now=now),
        "note_form": form if isinstance(form, NoteForm) else NoteForm(auto_id="note_%s"),
        "change_form": form if isinstance(form, ChangeForm) else ChangeForm(initial=kept, auto_id="change_%s"),
        "invalid": form,
        "refusal": refusal,
        "manages": user.role == Role.MANAGER,
        "may_note": user.role == Role.MANAGER or found.logged_by_id == user.pk,
        "today": wall_date(now, found.appointment.time_zone),
        "zone": found.appointment.time_zone,
    }
    return page(request, "staff/incident.html", context, status=status)

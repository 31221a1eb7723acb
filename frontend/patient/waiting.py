"""Waiting for a time: asking for one, asking for an earlier one, and seeing or leaving the list."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from booking.errors import NotCleared, WaitsAlready
from booking.models import Appointment, HealthcareService, WaitlistEntry
from booking.selectors.locations import the_clinic
from booking.selectors.waitlist import entries_of_user, entry_for, open_offer_of, waiting_entries
from booking.services.waitlist import count_joining, join_waitlist, leave_waitlist, wait_for_earlier
from frontend.patient.book_forms import DetailsForm, WhichPatientForm, details_from
from frontend.patient.line import Line
from frontend.patient.pages import private, signed_in_patient
from frontend.patient.refusals import not_cleared_page
from frontend.patient.visit import of_proven_visit
from frontend.patient.way import Way
from frontend.wanted_times import WantedTimesForm, in_words
from intake.clock import clinic_date, now
from intake.errors import DrypointError, IncompleteAnswers, ScreeningOfAnother
from intake.models import Patient
from intake.origin import address_of
from intake.services.patients import PatientDetails


@private
@require_GET
def wait(request: HttpRequest) -> HttpResponse:
    """What this person waits for, since when, and the time that is kept for them just now."""
    moment = now()
    places = [
        {"entry": one, "words": in_words(one), "offer": open_offer_of(one, now=moment)}
        for one in _own_entries(request, moment)
    ]
    way = Way(request)
    context = {"places": places, "may_prove": _may_prove(request), "visit": way.visit if way.is_proven else None}
    return render(request, "patient/wait.html", context)


@private
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest) -> HttpResponse:
    """Which times would suit, and who comes."""
    way, moment, clinic = Way(request), now(), the_clinic()
    values = request.POST if request.method == "POST" else request.GET
    slug = values.get("service", "").replace("\0", "?")
    if clinic is None or not slug:
        return redirect("patient:book")
    service = get_object_or_404(HealthcareService, slug=slug, online=True)
    screening = way.screening if service.needs_screening else None
    if service.needs_screening and (screening is None or screening.valid_until <= moment):
        return redirect("patient:resume")
    forms = _JoinForms(request, way, service, moment)
    if request.method != "POST":
        return forms.page()
    who = forms.who()
    if who is None or not forms.times.is_valid():
        return forms.page(status=422)
    try:
        recipient = who.email or str(who.phone)
        count_joining(browser=way.mark, address=address_of(request), recipient=recipient, now=moment)
        joined = join_waitlist(
            service=service,
            location=clinic,
            patient=who,
            screening=screening,
            times=forms.times.times,
            by=signed_in_patient(request) if isinstance(who, Patient) else None,
            now=moment,
        )
    except (NotCleared, ScreeningOfAnother) as problem:
        return not_cleared_page(request, way, problem, birth_date=who.birth_date, now=moment)
    except IncompleteAnswers as problem:
        messages.warning(request, str(problem.message))
        return redirect("patient:resume")
    except DrypointError as problem:
        forms.times.add_error(None, str(problem.message))
        return forms.page(status=problem.status)
    Line(request).open(joined.entry, proven=True)
    messages.success(request, gettext("You are on the list. We write as soon as a time that suits becomes free."))
    return redirect("patient:wait")


@of_proven_visit
@require_http_methods(["GET", "HEAD", "POST"])
def earlier(request: HttpRequest, way: Way, visit: Appointment) -> HttpResponse:
    """Which earlier times would suit instead of this visit."""
    moment = now()
    if entry_for(visit, now=moment) is not None:
        return redirect("patient:wait")
    sent = request.POST if request.method == "POST" else None
    form = WantedTimesForm(sent, service=visit.service, today=clinic_date(moment))
    status = 200
    if sent is not None:
        status = 422
        if form.is_valid():
            try:
                joined = wait_for_earlier(appointment=visit, times=form.times, now=moment)
            except WaitsAlready:
                return redirect("patient:wait")
            except DrypointError as problem:
                messages.warning(request, str(problem.message))
                return redirect("patient:visit")
            Line(request).open(joined.entry, proven=True)
            messages.success(request, gettext("You are on the list. Your visit stays as it is until you say yes."))
            return redirect("patient:wait")
    return render(request, "patient/wait_earlier.html", {"form": form, "visit": visit}, status=status)


@private
@require_POST
def step(request: HttpRequest, entry_id: UUID) -> HttpResponse:
    """Leave the list, or go to the time that is kept."""
    moment = now()
    found = next((one for one in _own_entries(request, moment) if one.pk == entry_id), None)
    entry = get_object_or_404(waiting_entries(now=moment), pk=found.pk if found else None)
    offer = open_offer_of(entry, now=moment)
    if request.POST.get("step") == "answer" and offer is not None:
        Line(request).open(entry, offer=offer, proven=True)
        return redirect("patient:offer")
    if request.POST.get("step") == "leave":
        try:
            leave_waitlist(entry=entry, by=signed_in_patient(request), now=moment)
        except DrypointError as problem:
            messages.warning(request, str(problem.message))
        else:
            messages.info(request, gettext("You are off the list. Your visits stay as they are."))
    return redirect("patient:wait")


class _JoinForms:
    """The two or three forms of the page: whose place it is, and which times."""

    def __init__(self, request: HttpRequest, way: Way, service: HealthcareService, moment: datetime) -> None:
        self.request, self.service = request, service
        sent = request.POST if request.method == "POST" else None
        today, account = clinic_date(moment), signed_in_patient(request)
        self.times = WantedTimesForm(sent, service=service, today=today)
        which = WhichPatientForm(sent, user=account) if account else None
        self.which = which if which is not None and which.people else None
        self.details = DetailsForm(
            sent,
            initial=_initial(way),
            today=today,
            for_other=way.person.get("for_whom") == "other",
            by_phone=not service.in_person,
        )

    def who(self) -> Patient | PatientDetails | None:
        """Who comes; None while that is not complete."""
        if self.which is not None:
            if not self.which.is_valid():
                return None
            if self.which.chosen is not None:
                self.details.is_bound = False
                return self.which.chosen
        return details_from(self.details.remembered()) if self.details.is_valid() else None

    def page(self, *, status: int = 200) -> HttpResponse:
        forms = [one for one in (self.which, self.details, self.times) if one is not None and one.is_bound]
        context = {
            "service": self.service,
            "times": self.times,
            "which": self.which,
            "form": self.details,
            "forms": forms,
        }
        return render(self.request, "patient/wait_join.html", context, status=status)


def _initial(way: Way) -> dict[str, Any]:
    kept = way.details
    if "birth_date" in kept:
        return {**kept, "birth_date": details_from(kept).birth_date}
    return {"language": (get_language() or "en")[:2], "birth_date": way.birth_date, "given_name": way.name}


def _own_entries(request: HttpRequest, moment: datetime) -> list[WaitlistEntry]:
    """Those of the account, of the link that was opened, and of the visit that is open here."""
    way, account = Way(request), signed_in_patient(request)
    found = list(entries_of_user(account, now=moment)) if account else []
    linked = Line(request).proven_entry
    if linked is not None:
        found += waiting_entries(now=moment).filter(pk=linked)
    visit = way.visit if way.is_proven else None
    for_visit = entry_for(visit, now=moment) if visit else None
    return list({one.pk: one for one in [*found, *([for_visit] if for_visit else [])]}.values())


def _may_prove(request: HttpRequest) -> bool:
    line = Line(request)
    return not line.is_proven and line.entry is not None

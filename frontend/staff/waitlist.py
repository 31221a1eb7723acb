"""The waitlist as staff see it: who waits for what, since when; putting somebody on it, and offering a time by hand."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from booking.models import HealthcareService, Practitioner, WaitlistEntry
from booking.rules.availability import Slot
from booking.rules.waitlist import offer_ends
from booking.rules.walltime import wall_date
from booking.selectors.practitioners import practitioners_for
from booking.selectors.slots import free_times
from booking.selectors.waitlist import entries_visible_to, offer_hours_of, open_offer_of, wanted_by
from booking.services.freed_offers import offer_by_hand
from booking.services.waitlist import join_waitlist, leave_waitlist, set_urgency
from frontend.staff.desk import read_date
from frontend.staff.frame import CLINIC, SeeOther, clinic_or_refuse, for_roles, me, page, sent
from frontend.staff.times import day_after_today, names_of, read_value, times_of
from frontend.staff.waitlist_forms import WaitingForm
from frontend.wanted_times import WantedTimesForm, in_words
from intake import clock
from intake.errors import DrypointError
from intake.models import Patient, Screening, User
from intake.selectors.patients import patients_visible_to, search_patients
from intake.services.patients import PatientDetails

DAYS_LOOKED_AT: Final = 14
DAYS_SHOWN: Final = 3
MATCHES_SHOWN: Final = 8


@dataclass(frozen=True, slots=True)
class Row:
    """A place in line as the list shows it."""

    entry: WaitlistEntry
    number: int
    words: list[str]
    is_soon: bool


@for_roles(*CLINIC)
def waitlist(request: HttpRequest) -> HttpResponse:
    """Everybody in line, the next one first."""
    found = entries_visible_to(me(request), now=clock.now())
    rows = [
        Row(entry, number, in_words(entry), entry.urgency == WaitlistEntry.Urgency.SOON)
        for number, entry in enumerate(found, start=1)
    ]
    return page(request, "staff/waitlist.html", {"rows": rows, "zone": clinic_or_refuse().time_zone})


@for_roles(*CLINIC, methods=("POST",))
def step(request: HttpRequest, entry_id: UUID) -> HttpResponse:
    """Before the others, back among them, or off the list; one press each."""
    now, by = clock.now(), me(request)
    entry = _entry(request, entry_id)
    try:
        _take(request.POST.get("step", ""), entry, by, now)
    except DrypointError as problem:
        messages.warning(request, str(problem.message))
    return SeeOther(reverse("staff:waitlist"))


@for_roles(*CLINIC, methods=("GET", "HEAD", "POST"))
def add(request: HttpRequest) -> HttpResponse:
    """Put a caller, or a patient on file, in line."""
    now, clinic = clock.now(), clinic_or_refuse()
    values = request.POST if request.method == "POST" else request.GET
    patient = _patient(values.get("patient", ""), me(request), now)
    form = WaitingForm(sent(request), is_new=patient is None)
    times = WantedTimesForm(sent(request), service=None, today=wall_date(now, clinic.time_zone))
    refusal, status = None, 200
    if request.method == "POST":
        status = 422
        if form.is_valid() and times.is_valid():
            try:
                _join(form, times, patient, me(request), now)
            except DrypointError as problem:
                refusal, status = problem, problem.status
            else:
                messages.success(request, _("On the list. They get a mail as soon as a time that suits becomes free."))
                return SeeOther(reverse("staff:waitlist"))
    q = values.get("q", "").replace("\0", "").strip()[:100]
    context = {
        "form": form,
        "forms": [one for one in (form, times) if one.is_bound],
        "times": times,
        "patient": patient,
        "q": q,
        "found": list(search_patients(q, by=me(request), now=now)[:MATCHES_SHOWN]) if q else [],
        "refusal": refusal,
    }
    return page(request, "staff/waitlist_add.html", context, status=status)


@for_roles(*CLINIC, methods=("GET", "HEAD", "POST"))
def offer(request: HttpRequest, entry_id: UUID) -> HttpResponse:
    """Offer a free time to one of them, whoever else is in line."""
    entry = _entry(request, entry_id)
    if request.method != "POST":
        return _offer_page(request, entry)
    chosen = read_value(request.POST.get("time", ""))
    whose = practitioners_for(entry.service).filter(pk=chosen[1]).first() if chosen and chosen[1] else None
    if chosen is None or whose is None:
        return _offer_page(request, entry, problem=_("Please choose a time."), status=422)
    try:
        made = offer_by_hand(entry=entry, practitioner=whose, start=chosen[0], by=me(request), now=clock.now())
    except DrypointError as error:
        return _offer_page(request, entry, problem=str(error.message), status=error.status)
    minutes = entry.location.offer_minutes
    said = _("Offered to %(name)s. We keep it for %(minutes)s minutes.")
    messages.success(request, said % {"name": made.offer.entry.patient, "minutes": minutes})  # type: ignore[union-attr]
    return SeeOther(reverse("staff:waitlist"))


def _entry(request: HttpRequest, entry_id: UUID) -> WaitlistEntry:
    return get_object_or_404(entries_visible_to(me(request), now=clock.now()), pk=entry_id)


def _take(step: str, entry: WaitlistEntry, by: User, now: datetime) -> None:
    """:raises DrypointError: no such step, or not possible now"""
    if step == "remove":
        leave_waitlist(entry=entry, by=by, now=now)
    elif step in _URGENCIES:
        set_urgency(entry=entry, urgency=_URGENCIES[step], by=by, now=now)
    else:
        raise DrypointError


_URGENCIES: Final = {"soon": WaitlistEntry.Urgency.SOON, "ordinary": WaitlistEntry.Urgency.ORDINARY}


def _join(form: WaitingForm, times: WantedTimesForm, patient: Patient | None, by: User, now: datetime) -> None:
    said = form.cleaned_data
    service: HealthcareService = said["service"]
    joined = join_waitlist(
        service=service,
        location=clinic_or_refuse(),
        patient=patient or _details(said),
        screening=_kept(patient, now) if service.needs_screening else None,
        times=times.times,
        by=by,
        now=now,
    )
    if said["urgency"] != WaitlistEntry.Urgency.ORDINARY:
        set_urgency(entry=joined.entry, urgency=said["urgency"], by=by, now=now)


def _details(said: dict[str, Any]) -> PatientDetails:
    return PatientDetails(
        given_name=said["given_name"],
        family_name=said["family_name"],
        birth_date=said["birth_date"],
        email=said["email"],
        phone=str(said["phone"]),
        language=(get_language() or "en")[:2],
    )


def _kept(patient: Patient | None, now: datetime) -> Screening | None:
    """The patient's last answers, if they still hold; without them the form is asked for after the yes."""
    if patient is None:
        return None
    return Screening.objects.filter(patient=patient, valid_until__gt=now).order_by("-evaluated_at").first()


def _patient(text: str, user: User, now: datetime) -> Patient | None:
    try:
        return patients_visible_to(user, now=now).filter(pk=UUID(text)).first()
    except ValueError:
        return None


def _offer_page(request: HttpRequest, entry: WaitlistEntry, *, problem: str = "", status: int = 200) -> HttpResponse:
    now, zone = clock.now(), entry.location.time_zone
    values = request.POST if request.method == "POST" else request.GET
    today = wall_date(now, zone)
    first = day_after_today(read_date(values.get("from", "")) or entry.from_date, today)
    free = _free(entry, first, now)
    suits = [slot for slot in free if wanted_by(entry).suits(slot, zone=zone)]
    names = names_of(Practitioner.objects.filter(active=True))
    shown = times_of(suits, zone=zone, names=names)[:DAYS_SHOWN]
    context = {
        "entry": entry,
        "words": in_words(entry),
        "problem": problem,
        "asked": open_offer_of(entry, now=now),
        "at_night": offer_ends(now, offer_hours_of(entry.location)) is None,
        "first": first,
        "later": shown[-1].date + timedelta(days=1) if shown else first + timedelta(days=DAYS_LOOKED_AT),
        "zone": zone,
        "days": shown,
        "nothing_suits": bool(free) and not suits,
    }
    return page(request, "staff/waitlist_offer.html", context, status=status)


def _free(entry: WaitlistEntry, first: date, now: datetime) -> list[Slot]:
    return free_times(
        service=entry.service,
        from_date=first,
        to_date=first + timedelta(days=DAYS_LOOKED_AT - 1),
        location=entry.location,
        by_staff=True,
        now=now,
    ).slots

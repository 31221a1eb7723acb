"""Working hours: who works when, other hours on a date, and what a therapist may do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from booking.errors import HoursInvalid
from booking.models import Appointment, Location, Practitioner, TimeOff
from booking.rules.walltime import wall_date
from booking.selectors.appointments import appointments_visible_to
from booking.selectors.authorisations import renewals_for
from booking.selectors.outside_hours import uncovered_visits, visits_beyond_authorisation
from booking.selectors.practitioners import ENDS_SOON, may_needle
from booking.services.authorisations import set_authorisation
from booking.services.schedules import set_day_hours, set_hours
from frontend.staff.desk import read_date
from frontend.staff.frame import SeeOther, clinic_or_refuse, for_roles, me, page, sent
from frontend.staff.hours_forms import AuthorisationForm, DayForm, WeekForm, lines_of
from intake import clock
from intake.errors import DrypointError
from intake.models import Role, User

SETTLES = (Role.MANAGER, Role.OWNER)
OWN_TOO = (Role.THERAPIST, *SETTLES)


@dataclass(frozen=True, slots=True)
class TherapistRow:
    """One therapist in the list."""

    practitioner: Practitioner
    days: int
    needling: str  # "none", "ended", "soon" or "valid"


@for_roles(*OWN_TOO)
def therapists(request: HttpRequest) -> HttpResponse:
    """Everybody whose hours this person may see."""
    clinic, now = clinic_or_refuse(), clock.now()
    today = wall_date(now, clinic.time_zone)
    rows = [
        TherapistRow(one, len({line.weekday for line in one.schedules.all()}), _needling(one, today))
        for one in _theirs(me(request)).prefetch_related("schedules")
    ]
    context = {
        "rows": rows,
        "renewals": renewals_for(me(request), location=clinic, now=now),
        "settles": me(request).role in SETTLES,
        "in_clinic": me(request).role != Role.OWNER,
    }
    return page(request, "staff/hours.html", context)


@for_roles(*OWN_TOO, methods=("GET", "HEAD", "POST"))
def week(request: HttpRequest, practitioner_id: UUID) -> HttpResponse:
    """Everything about one therapist's hours; the week is saved as a whole."""
    whose, clinic, now = therapist_or_404(request, practitioner_id), clinic_or_refuse(), clock.now()
    lines = whose.schedules.filter(location=clinic).order_by("weekday", "start_time", "is_break", "first_date")
    form = WeekForm(sent(request), initial=None if sent(request) else lines_of(lines), prefix="line")
    if request.method == "POST" and form.is_valid() and _saved(request, whose, clinic, form):
        messages.success(request, _("Saved. New times follow these hours from now on."))
        return SeeOther(reverse("staff:hours-of", args=[whose.pk]))
    outside = [one.pk for one in uncovered_visits(whose, why="outside-hours", now=now)]
    beyond = visits_beyond_authorisation(whose, location=clinic, now=now)
    today = wall_date(now, clinic.time_zone)
    context = {
        "whose": whose,
        "place": clinic,
        "form": form,
        "outside": _seen(request, outside, now),
        "outside_count": len(outside),
        "beyond": _seen(request, list(beyond.values_list("pk", flat=True)), now),
        "days": whose.day_schedules.filter(location=clinic, date__gte=today).order_by("date", "start_time"),
        "away": TimeOff.objects.filter(practitioner=whose, end__gt=now).order_by("start"),
        "busy": busy_calendars(whose, now),
        "needling": _needling(whose, today),
        "services": whose.services.order_by("position", "name"),
        "settles": me(request).role in SETTLES,
        "in_clinic": me(request).role != Role.OWNER,
    }
    return page(request, "staff/hours_of.html", context, status=422 if form.is_bound else 200)


@for_roles(*OWN_TOO, methods=("GET", "HEAD", "POST"))
def day(request: HttpRequest, practitioner_id: UUID) -> HttpResponse:
    """Say that one date is different."""
    whose, clinic, refusal = therapist_or_404(request, practitioner_id), clinic_or_refuse(), None
    form = DayForm(sent(request), initial={"date": read_date(request.GET.get("date", "")), "how": "off"})
    if request.method == "POST" and form.is_valid():
        try:
            _set_day(request, whose, clinic, form.cleaned_data["date"], form.day_hours())
        except DrypointError as error:
            refusal = error
        else:
            messages.success(request, _("Saved for that day."))
            return SeeOther(reverse("staff:hours-of", args=[whose.pk]))
    context = {"whose": whose, "form": form, "refusal": refusal}
    status = refusal.status if refusal else 422 if form.errors else 200
    return page(request, "staff/hours_day.html", context, status=status)


@for_roles(*OWN_TOO, methods=("POST",))
def usual_day(request: HttpRequest, practitioner_id: UUID) -> HttpResponse:
    """Let the week's hours hold again on a date; a second tap finds nothing more to do."""
    whose, when = therapist_or_404(request, practitioner_id), read_date(request.POST.get("date", ""))
    if when is None:
        raise DrypointError(_("Please choose a date."))
    _set_day(request, whose, clinic_or_refuse(), when, [])
    messages.success(request, _("The usual hours hold again on that day."))
    return SeeOther(reverse("staff:hours-of", args=[whose.pk]))


@for_roles(*SETTLES, methods=("GET", "HEAD", "POST"))
def authorisation(request: HttpRequest, practitioner_id: UUID) -> HttpResponse:
    """Which services a therapist gives, and until when needling is authorised."""
    whose, clinic = therapist_or_404(request, practitioner_id), clinic_or_refuse()
    stored = {
        "services": whose.services.all(),
        "needling_authorisation": whose.needling_authorisation,
        "authorised_until": whose.needling_authorised_until,
    }
    form = AuthorisationForm(sent(request), initial=stored)
    if request.method == "POST" and form.is_valid():
        set_authorisation(practitioner=whose, **form.cleaned_data, by=me(request), now=clock.now())
        messages.success(request, _("Saved."))
        return SeeOther(reverse("staff:hours-of", args=[whose.pk]))
    context = {"whose": whose, "place": clinic, "form": form}
    return page(request, "staff/hours_services.html", context, status=422 if form.errors else 200)


def therapist_or_404(request: HttpRequest, practitioner_id: UUID) -> Practitioner:
    """The therapist with this id, if their hours are this person's business."""
    return get_object_or_404(_theirs(me(request)), pk=practitioner_id)


def busy_calendars(practitioner: Practitioner, now: datetime) -> list[dict[str, Any]]:
    """The uploaded calendars of a therapist: name, when, and how many busy times are still to come."""
    coming: dict[str, dict[str, Any]] = {}
    for one in practitioner.busy_times.order_by("source_name", "start"):
        row = coming.setdefault(one.source_name, {"name": one.source_name, "at": one.uploaded_at, "coming": 0})
        row["coming"] += one.end > now
    return list(coming.values())


def _theirs(user: User) -> QuerySet[Practitioner]:
    active = Practitioner.objects.filter(active=True)
    return active if user.role in SETTLES else active.filter(user=user)


def _needling(practitioner: Practitioner, today: date) -> str:
    until = practitioner.needling_authorised_until
    if not practitioner.needling_authorisation:
        return "none"
    if not may_needle(practitioner, today):
        return "ended"
    return "soon" if until is not None and until <= today + ENDS_SOON else "valid"


def _saved(request: HttpRequest, whose: Practitioner, clinic: Location, form: Any) -> bool:
    """Save the week; what is wrong with a line is said at that line."""
    kept, hours = form.hours()
    try:
        set_hours(practitioner=whose, location=clinic, hours=hours, by=me(request), now=clock.now())
    except HoursInvalid as error:
        kept[error.details["line"]].add_error("start", str(error.message))
        return False
    return True


def _set_day(request: HttpRequest, whose: Practitioner, clinic: Location, when: date, hours: Sequence[Any]) -> None:
    set_day_hours(practitioner=whose, location=clinic, day=when, hours=hours, by=me(request), now=clock.now())


def _seen(request: HttpRequest, ids: Sequence[UUID], now: datetime) -> list[Appointment]:
    """Those of the visits that this person may see."""
    return list(appointments_visible_to(me(request), now=now).filter(pk__in=ids).order_by("start", "pk"))

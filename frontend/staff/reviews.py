"""Requests that wait for a therapist: the list, and one with everything that is needed to decide."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from booking.models import Appointment
from booking.selectors.appointments import appointments_visible_to
from booking.selectors.requests import waiting_requests
from booking.services.reviews import begin_review, decide_request
from frontend.staff.forms import DecisionForm
from frontend.staff.frame import CLINIC, SeeOther, for_roles, me, page, sent
from frontend.templatetags.staff_words import region_name
from intake import clock
from intake.access import can_see_answers
from intake.errors import DrypointError
from intake.models import Role
from intake.selectors.reviews import ReviewDossier, review_of


@dataclass(frozen=True, slots=True)
class Waiting:
    """A request with the minutes that are left to answer it."""

    visit: Appointment
    minutes_left: int
    presses: bool


@for_roles(*CLINIC)
def reviews(request: HttpRequest) -> HttpResponse:
    """Requests that wait, the most urgent first; no answer stands in the list."""
    now = clock.now()
    waiting = [_waiting(visit, now) for visit in waiting_requests(by=me(request), now=now)]
    return page(request, "staff/reviews.html", {"waiting": waiting, "decides": me(request).role == Role.THERAPIST})


@for_roles(Role.THERAPIST, methods=("GET", "HEAD", "POST"))
def review(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """One request. A colleague's opens only after saying so, which is written down."""
    now, user = clock.now(), me(request)
    visit = _reachable(request, appointment_id, now)
    if visit.screening is None:
        messages.warning(request, _("There are no answers yet."))
        return SeeOther(reverse("staff:visit", args=[visit.pk]))
    if not can_see_answers(user, visit.patient, now):
        return page(request, "staff/review_stand_in.html", {"visit": visit})
    dossier = review_of(screening=visit.screening, by=user, now=now)
    form = DecisionForm(sent(request), regions=_regions(dossier))
    if request.method == "POST" and form.is_valid():
        return _decide(request, visit, dossier, form)
    return _review_page(request, visit, dossier, form, status=422 if form.errors else 200)


@for_roles(Role.THERAPIST, methods=("POST",))
def stand_in(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """Answer a colleague's request: its answers are opened to this therapist."""
    now = clock.now()
    visit = _reachable(request, appointment_id, now)
    begin_review(appointment=visit, by=me(request), now=now)
    return SeeOther(reverse("staff:review", args=[visit.pk]))


def _decide(request: HttpRequest, visit: Appointment, dossier: ReviewDossier, form: DecisionForm) -> HttpResponse:
    said = form.cleaned_data
    try:
        decide_request(
            appointment=visit,
            decision=said["decision"],
            reason=said["reason"],
            regions=said.get("regions", ()),
            conditions=said["conditions"],
            by=me(request),
            now=clock.now(),
        )
    except DrypointError as error:
        visit.refresh_from_db()
        return _review_page(request, visit, dossier, form, refusal=error, status=error.status)
    words = (
        _("Approved: the visit is booked.")
        if said["decision"] == "approved"
        else _("Declined: the visit is cancelled.")
    )
    messages.success(request, words)
    return SeeOther(reverse("staff:reviews"))


def _review_page(
    request: HttpRequest,
    visit: Appointment,
    dossier: ReviewDossier,
    form: DecisionForm,
    *,
    refusal: DrypointError | None = None,
    status: int = 200,
) -> HttpResponse:
    waits = visit.awaiting == Appointment.Awaiting.REVIEW or visit.status == Appointment.Status.ARRIVED
    context = {
        "visit": visit,
        "dossier": dossier,
        "form": form,
        "refusal": refusal,
        "waits": waits,
        "waiting": _waiting(visit, clock.now()),
        "is_draft": "draft" in dossier.form.screening.questionnaire.version,
    }
    return page(request, "staff/review.html", context, status=status)


def _reachable(request: HttpRequest, appointment_id: UUID, now: datetime) -> Appointment:
    """A request that waits for this therapist or for any on duty, or a visit of their own; 404 otherwise."""
    waiting = waiting_requests(by=me(request), now=now).filter(pk=appointment_id).first()
    if waiting is not None:
        return waiting
    return get_object_or_404(appointments_visible_to(me(request), now=now).distinct(), pk=appointment_id)


def _waiting(visit: Appointment, now: datetime) -> Waiting:
    left = int((visit.decide_by - now).total_seconds() // 60) if visit.decide_by else 0
    return Waiting(visit, max(0, left), left < 120)


def _regions(dossier: ReviewDossier) -> list[tuple[str, str]]:
    named = dossier.form.context.regions
    return [(region, region_name(region)) for region in dossier.form.excluded_regions if region in named]

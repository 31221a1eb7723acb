"""Requests that wait for a therapist: the list, and one with everything that is needed to decide."""

from collections.abc import Collection
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
from booking.selectors.approvals import Conditions, conditions_for
from booking.selectors.requests import may_decide, waiting_requests
from booking.selectors.stand_ins import stands_in_for
from booking.services.review_talks import ask_patient
from booking.services.reviews import begin_review, decide_request
from frontend.staff.forms import DecisionForm, QuestionForm
from frontend.staff.frame import CLINIC, SeeOther, for_roles, me, page, sent
from frontend.templatetags.staff_words import region_name
from intake import clock
from intake.access import can_see_answers
from intake.errors import DrypointError
from intake.models import Role
from intake.selectors.reviews import ReviewDossier, review_of

PRESSES = 120  # minutes


@dataclass(frozen=True, slots=True)
class Waiting:
    """A request with the minutes that are left to answer it; `stood_in`: for a colleague who named this therapist."""

    visit: Appointment
    minutes_left: int
    presses: bool
    stood_in: bool = False


@for_roles(*CLINIC)
def reviews(request: HttpRequest) -> HttpResponse:
    """Requests that wait, the most urgent first; no answer stands in the list. It asks again every half minute."""
    now, user = clock.now(), me(request)
    named = set(stands_in_for(user, now=now).values_list("pk", flat=True))
    waiting = [_waiting(visit, now, named=named) for visit in waiting_requests(by=user, now=now)]
    context = {
        "waiting": waiting,
        "decides": may_decide(user, now=now),
        "names": user.role in (Role.THERAPIST, Role.MANAGER),
    }
    return page(request, "staff/reviews.html", context)


@for_roles(Role.THERAPIST, methods=("GET", "HEAD", "POST"))
def review(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """One request. A colleague's opens only after saying so, which is written down."""
    now, user = clock.now(), me(request)
    visit = _reachable(request, appointment_id, now)
    if visit.screening is None:
        messages.warning(request, _("There are no answers yet."))
        return SeeOther(reverse("staff:visit", args=[visit.pk]))
    if not can_see_answers(user, visit.patient, now):
        is_named = stands_in_for(user, now=now).filter(pk=visit.practitioner_id).exists()
        return page(request, "staff/review_stand_in.html", {"visit": visit, "is_named": is_named})
    dossier = review_of(screening=visit.screening, by=user, now=now)
    form = DecisionForm(sent(request), regions=_regions(dossier), ruled_out=dossier.form.excluded_regions)
    if request.method == "POST" and form.is_valid():
        return _decide(request, visit, dossier, form)
    return _review_page(request, visit, dossier, form, status=422 if form.errors else 200)


@for_roles(Role.THERAPIST, methods=("POST",))
def question(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """Ask the patient something; the page of the request then shows it, and later the answer."""
    now = clock.now()
    visit = _reachable(request, appointment_id, now)
    form = QuestionForm(request.POST)
    if not form.is_valid():
        messages.warning(request, _("Please write a question (up to 2,000 characters)."))
        return SeeOther(reverse("staff:review", args=[visit.pk]))
    try:
        ask_patient(appointment=visit, question=form.cleaned_data["question"], by=me(request), now=now)
    except DrypointError as refusal:
        messages.warning(request, str(refusal.message))
    else:
        messages.success(request, _("Asked. The patient gets a mail; the time to answer keeps running."))
    return SeeOther(reverse("staff:review", args=[visit.pk]))


@for_roles(Role.THERAPIST, methods=("POST",))
def stand_in(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """Answer a colleague's request: its answers are opened to this therapist."""
    now = clock.now()
    visit = _reachable(request, appointment_id, now)
    begin_review(appointment=visit, by=me(request), now=now)
    return SeeOther(reverse("staff:review", args=[visit.pk]))


def _decide(request: HttpRequest, visit: Appointment, dossier: ReviewDossier, form: DecisionForm) -> HttpResponse:
    try:
        decided = decide_request(appointment=visit, **form.as_decision, by=me(request), now=clock.now())
    except DrypointError as error:
        visit.refresh_from_db()
        return _review_page(request, visit, dossier, form, refusal=error, status=error.status)
    messages.success(request, _what_became_of(decided, form.cleaned_data["decision"]))
    return SeeOther(reverse("staff:reviews"))


def _what_became_of(visit: Appointment, decision: str) -> str:
    if decision == "approved":
        return _("Approved: the visit is booked.")
    if decision == "lowered":
        return _("Approved with care: the visit is booked.")
    if visit.status == Appointment.Status.CANCELLED:
        return _("Declined: the visit is cancelled.")
    return _("Declined: the visit goes on without needles, as the patient chose.")


def _review_page(
    request: HttpRequest,
    visit: Appointment,
    dossier: ReviewDossier,
    form: DecisionForm,
    *,
    refusal: DrypointError | None = None,
    status: int = 200,
) -> HttpResponse:
    now = clock.now()
    waits = visit.awaiting == Appointment.Awaiting.REVIEW
    asked = dossier.form.questions
    context = {
        "visit": visit,
        "dossier": dossier,
        "form": form,
        "question": QuestionForm(),
        "may_ask": waits and (not asked or asked[-1].reply is not None),
        "refusal": refusal,
        "waits": waits or visit.status == Appointment.Status.ARRIVED,
        "decides": may_decide(me(request), now=now),
        "waiting": _waiting(visit, now),
        "conditions": conditions_for(visit, now=now) if visit.approval_id else Conditions(),
        "is_draft": "draft" in dossier.form.screening.questionnaire.version,
    }
    return page(request, "staff/review.html", context, status=status)


def _reachable(request: HttpRequest, appointment_id: UUID, now: datetime) -> Appointment:
    """A request that waits for this therapist or for any on duty, or a visit of their own; 404 otherwise."""
    waiting = waiting_requests(by=me(request), now=now).filter(pk=appointment_id).first()
    if waiting is not None:
        return waiting
    return get_object_or_404(appointments_visible_to(me(request), now=now), pk=appointment_id)


def _waiting(visit: Appointment, now: datetime, *, named: Collection[UUID] = ()) -> Waiting:
    left = int((visit.decide_by - now).total_seconds() // 60) if visit.decide_by else 0
    return Waiting(visit, max(0, left), left < PRESSES, visit.practitioner_id in named)


def _regions(dossier: ReviewDossier) -> list[tuple[str, str]]:
    return [(region, region_name(region)) for region in dossier.form.context.regions]

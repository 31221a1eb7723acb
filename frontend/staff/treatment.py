"""The therapist's page in the room: what to be careful about, where, the yes, and what was done. One page, top down."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from booking.models import Appointment
from booking.selectors.alerts import must_be_acknowledged
from booking.selectors.practitioners import needles
from booking.selectors.treatments import RoomView, room_view, techniques_of
from booking.services.admission import clearance_for
from booking.services.treatments import (
    decide_in_the_room,
    hear_consent,
    hear_consent_again,
    plan_treatment,
    record_treatment,
)
from frontend.staff.frame import SeeOther, for_roles, me, page
from frontend.staff.steps import STEPS
from frontend.staff.treatment_forms import PlanForm, RecordForm, RoomDecisionForm, RoomQuestionsForm, TalkForm
from frontend.staff.visits import visible_visit
from frontend.staff.words import REGIONS
from intake import clock
from intake.errors import DrypointError
from intake.information import risks_of
from intake.models import Role
from intake.selectors.consents import consent_state

Form = forms.Form
_ALL_REGIONS = tuple(REGIONS)


@for_roles(Role.THERAPIST)
def treatment(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """The page."""
    visit = visible_visit(request, appointment_id)
    return _page(request, visit)


@for_roles(Role.THERAPIST, methods=("POST",))
def plan(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """Where and how; with what only these regions ask, once it was asked."""
    visit = visible_visit(request, appointment_id)
    view = room_view(visit=visit, by=me(request), now=clock.now())
    form = _plan_form(visit, view, request.POST)
    if not form.is_valid():
        return _page(request, visit, plan_form=form, status=422)
    asked = _questions_form(view, request.POST) if "questions" in request.POST else None
    if asked is not None and not asked.is_valid():
        return _page(request, visit, questions_form=asked, status=422)
    answers, follow_ups = asked.line() if asked is not None else ({}, {})

    def act() -> None:
        plan_treatment(
            appointment=visit,
            regions=form.cleaned_data["regions"],
            technique=form.cleaned_data["technique"],
            answers=answers,
            follow_ups=follow_ups,
            by=me(request),
            now=clock.now(),
        )

    return _done(request, visit, act, "where", plan_form=form)


@for_roles(Role.THERAPIST, methods=("POST",))
def decide(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """The therapist decides about what only these regions brought."""
    visit = visible_visit(request, appointment_id)
    view = room_view(visit=visit, by=me(request), now=clock.now())
    form = _decision_form(view, request.POST)
    if form is None or not form.is_valid():
        return _page(request, visit, decision_form=form, status=422)

    def act() -> None:
        decide_in_the_room(
            appointment=visit,
            reason=form.cleaned_data["reason"],
            regions=form.cleaned_data.get("regions", []),
            by=me(request),
            now=clock.now(),
        )

    return _done(request, visit, act, "where", decision_form=form)


@for_roles(Role.THERAPIST, methods=("POST",))
def consent(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """The patient's yes: the same as last time in one tap, or after the talk."""
    visit = visible_visit(request, appointment_id)
    user, now = me(request), clock.now()
    if "again" in request.POST:
        return _done(request, visit, lambda: hear_consent_again(appointment=visit, by=user, now=now), "record")
    view = room_view(visit=visit, by=user, now=now)
    form = TalkForm(request.POST, must_agree=view.must_agree, auto_id="talk_%s")
    if not form.is_valid():
        return _page(request, visit, talk_form=form, status=422)
    talk = form.talk(view.regions, view.technique)
    act = lambda: hear_consent(appointment=visit, talk=talk, by=user, now=now)  # noqa: E731
    return _done(request, visit, act, "record", talk_form=form)


@for_roles(Role.THERAPIST, methods=("POST",))
def record(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """What was done, written down; the visit is done with it."""
    visit = visible_visit(request, appointment_id)
    user, now = me(request), clock.now()
    view = room_view(visit=visit, by=user, now=now)
    form = _record_form(view, request.POST)
    if not form.is_valid():
        return _page(request, visit, record_form=form, status=422)
    treated = form.treated(view.technique)
    finish = "finish" in request.POST

    def act() -> None:
        record_treatment(appointment=visit, treated=treated, finish=finish, by=user, now=now)

    return _done(request, visit, act, "record", record_form=form, leave=finish)


def _done(
    request: HttpRequest,
    visit: Appointment,
    act: Callable[[], object],
    anchor: str,
    *,
    leave: bool = False,
    **shown: Form | None,
) -> HttpResponse:
    """Carried out and on to what comes next, or the page again with the words of the refusal."""
    try:
        act()
    except DrypointError as error:
        visit.refresh_from_db()
        return _page(request, visit, refusal=error, status=error.status, **shown)
    if leave:
        messages.success(request, _("Written down."))
        return SeeOther(reverse("staff:visit", args=[visit.pk]))
    return SeeOther(f"{reverse('staff:treatment', args=[visit.pk])}#{anchor}")


def _page(
    request: HttpRequest,
    visit: Appointment,
    *,
    refusal: DrypointError | None = None,
    status: int = 200,
    **shown: Form | None,
) -> HttpResponse:
    now = clock.now()
    view = room_view(visit=visit, by=me(request), now=now)
    look = view.look
    forms_of_page: dict[str, Form | None] = {
        "plan_form": _plan_form(visit, view),
        "questions_form": _questions_form(view) if view.is_planned and look and look.open else None,
        "decision_form": _decision_form(view) if view.is_planned else None,
        "talk_form": TalkForm(must_agree=view.must_agree, auto_id="talk_%s"),
        "record_form": _record_form(view),
    } | {name: form for name, form in shown.items() if form is not None}
    context: dict[str, Any] = {
        "visit": visit,
        "view": view,
        "refusal": refusal,
        "needles": needles(visit.service),
        "has_begun": visit.status in (Appointment.Status.CHECKED_IN, Appointment.Status.FULFILLED),
        "may_check_in": visit.status == Appointment.Status.ARRIVED,
        "taken_back": consent_state(visit.patient) == "withdrawn",
        "must_acknowledge": must_be_acknowledged(visit, clearance_for(visit, by_staff=True, now=now).outcome),
        "risks": risks_of(view.regions, view.technique, get_language() or "en") if view.regions else (),
        "steps": STEPS,
        "invalid_forms": [one for one in forms_of_page.values() if one is not None and one.is_bound],
        **forms_of_page,
    }
    return page(request, "staff/treatment.html", context, status=status)


def _plan_form(visit: Appointment, view: RoomView, data: Any = None) -> PlanForm:
    return PlanForm(
        data,
        regions=_ALL_REGIONS,
        first=(*view.regions, *view.likely),
        techniques=techniques_of(visit.service),
        auto_id="plan_%s",
        initial={"regions": view.regions, "technique": view.technique},
    )


def _questions_form(view: RoomView, data: Any = None) -> RoomQuestionsForm | None:
    if view.look is None:
        return None
    return RoomQuestionsForm(data, open_items=view.look.open, auto_id="ask_%s")


def _decision_form(view: RoomView, data: Any = None) -> RoomDecisionForm | None:
    look = view.look
    if look is None or look.open or look.stopped or not (look.must_decide or look.excluded):
        return None
    return RoomDecisionForm(data, excluded=look.excluded, auto_id="decide_%s")


def _record_form(view: RoomView, data: Any = None) -> RecordForm:
    return RecordForm(
        data,
        regions=view.regions if view.is_planned else (),
        may_needle=view.may_record,
        amends=bool(view.records),
        auto_id="record_%s",
    )

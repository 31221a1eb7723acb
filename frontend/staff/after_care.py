"""After visits: what a patient said since, for who may see it, and the settings of who answers."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from booking.models import Location, OnCallTurn, Task
from booking.selectors.after_care import regions_needled, settings_of
from booking.selectors.on_call import on_duty_at, turns_of
from booking.services.after_care import read_answers_after
from booking.services.on_call import add_turn, remove_turn, save_after_care
from frontend.staff.care_forms import AfterCareForm, TurnForm
from frontend.staff.forms import ReasonForm
from frontend.staff.frame import SeeOther, clinic_or_refuse, for_roles, me, page, sent
from frontend.staff.hours import SETTLES
from frontend.staff.visits import visible_visit
from intake import clock
from intake.models import Role, User
from intake.selectors.outcomes import course_of_outcomes


@for_roles(Role.THERAPIST, Role.MANAGER, methods=("GET", "HEAD", "POST"))
def after_visit(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """How the patient is since: for the therapist, or for a manager who says why (by POST: no address tells it)."""
    visit, now, user, reason = visible_visit(request, appointment_id), clock.now(), me(request), ""
    if user.role == Role.MANAGER:
        form = ReasonForm(sent(request))
        if not form.is_valid():
            context = {"visit": visit, "form": form}
            return page(request, "staff/after_visit.html", context, status=422 if form.errors else 200)
        reason = form.cleaned_data["reason"]
    answers = read_answers_after(appointment=visit, by=user, reason=reason, now=now)
    context = {
        "visit": visit,
        "answers": answers,
        "regions": regions_needled(visit),
        "outcomes": course_of_outcomes(visit.patient) if visit.patient else [],
        "reason": reason,
        "tasks": visit.tasks.filter(kind__in=[Task.Kind.AFTER_VISIT_URGENT, Task.Kind.AFTER_VISIT])
        .select_related("owner")
        .prefetch_related("notices__user", "attempts__made_by")
        .order_by("-created_at"),
    }
    return page(request, "staff/after_visit.html", context)


@for_roles(*SETTLES, methods=("GET", "HEAD", "POST"))
def settings(request: HttpRequest) -> HttpResponse:
    """Who answers when, and what the notes say; one of the two forms at a time."""
    place, now = clinic_or_refuse(), clock.now()
    data = sent(request)
    is_turn = data is not None and data.get("what") == "turn"
    turn_form = TurnForm(data if is_turn else None)
    kept = settings_of(place)
    form = AfterCareForm(
        data if data is not None and not is_turn else None,
        initial={name: getattr(kept, name) for name in AfterCareForm.base_fields},
    )
    if is_turn and turn_form.is_valid():
        add_turn(location=place, details=turn_form.details, by=me(request), now=now)
        return _saved(request, _("Added."))
    if form.is_bound and form.is_valid():
        save_after_care(location=place, **form.cleaned_data, by=me(request), now=now)
        return _saved(request, _("Saved."))
    return _settings_page(request, place, turn_form, form)


@for_roles(*SETTLES, methods=("POST",))
def turn_ends(request: HttpRequest, turn_id: UUID) -> HttpResponse:
    """Take a turn out."""
    turn = get_object_or_404(OnCallTurn, pk=turn_id)
    remove_turn(turn=turn, by=me(request), now=clock.now())
    return _saved(request, _("Taken out."))


def _saved(request: HttpRequest, words: str) -> HttpResponse:
    messages.success(request, words)
    return SeeOther(reverse("staff:after-care"))


def _settings_page(request: HttpRequest, place: Location, turn_form: TurnForm, form: AfterCareForm) -> HttpResponse:
    duty = on_duty_at(place, now=clock.now())
    names = {user.pk: user for user in User.objects.filter(pk__in=duty)}
    context = {
        "turns": turns_of(place),
        "on_duty": [names[pk] for pk in duty],
        "turn_form": turn_form,
        "form": form,
        "in_clinic": me(request).role == Role.MANAGER,
    }
    status = 422 if turn_form.errors or form.errors else 200
    return page(request, "staff/after_care.html", context, status=status)

"""A course as staff see and change it: its sessions, the review point, all moved, ended, or more of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from booking.models import Appointment, Course
from booking.rules.courses import MOST
from booking.rules.walltime import wall_date
from booking.selectors.courses import Proposal, coming_sessions, propose_course, sessions_of, spacing_within
from booking.selectors.slots import free_times
from booking.services.course_changes import add_sessions, cancel_rest, move_course, review_course
from frontend.course_forms import read_key, read_start, starts_chosen
from frontend.staff.forms import CancelForm
from frontend.staff.frame import CLINIC, SeeOther, for_roles, me, page, sent
from frontend.staff.telling import tells_patient
from frontend.staff.times import read_value, times_of
from frontend.staff.visit_changes import REASONS_TO_CANCEL
from frontend.staff.visits import render_visit, visible_visit
from intake import clock
from intake.errors import DrypointError
from intake.models import Role

DAYS_SHOWN = 14


@dataclass(frozen=True, slots=True)
class Kind:
    """A page that proposes days: its words, and what its button does."""

    title: str | Promise
    button: str | Promise
    done: str | Promise


_MOVE = Kind(gettext_lazy("Move all that are left"), gettext_lazy("Move all of them"), gettext_lazy("All are moved."))
_ADD = Kind(gettext_lazy("Add sessions"), gettext_lazy("Book these sessions"), gettext_lazy("The sessions are booked."))
_SAID = {
    "continued": gettext_lazy("The course goes on."),
    "ended": gettext_lazy("The course has ended; the rest is cancelled."),
}


@for_roles(Role.THERAPIST, methods=("POST",))
def review(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """The therapist's word at the review point: one tap."""
    visit, course = _course_or_404(request, appointment_id)
    outcome = request.POST.get("outcome", "")
    try:
        review_course(course=course, outcome=outcome, by=me(request), now=clock.now())
    except DrypointError as error:
        return render_visit(request, visit, refusal=error, status=error.status)
    messages.success(request, str(_SAID[outcome]))
    return SeeOther(reverse("staff:visit", args=[visit.pk]))


@for_roles(*CLINIC, methods=("GET", "HEAD", "POST"))
def cancel(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """Cancel every session that is left."""
    visit, course = _course_or_404(request, appointment_id)
    form = CancelForm(sent(request))
    if request.method == "POST" and form.is_valid():
        reason, _waived = REASONS_TO_CANCEL[form.cleaned_data["reason"]]
        try:
            done = cancel_rest(
                course=course, by=me(request), reason=reason, tell=tells_patient(request), now=clock.now()
            )
        except DrypointError as error:
            return render_visit(request, visit, refusal=error, status=error.status)
        messages.success(request, _("%(count)s sessions are cancelled.") % {"count": len(done)})
        return SeeOther(reverse("staff:visit", args=[visit.pk]))
    coming = coming_sessions(course, now=clock.now())
    context = {"visit": visit, "form": form, "sessions": coming, "unticked": not tells_patient(request)}
    return page(request, "staff/course_cancel.html", context, status=422 if form.errors else 200)


@for_roles(*CLINIC, methods=("GET", "HEAD", "POST"))
def move(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """Move all that are left: a new time for the next one, then the days that follow from it."""
    visit, course = _course_or_404(request, appointment_id)
    now = clock.now()
    coming = list(coming_sessions(course, now=now))
    if not coming:
        raise Http404
    propose = partial(_proposal, course, coming[0], len(coming), now)
    carry_out = partial(move_course, course=course, tell=tells_patient(request), by=me(request), now=now)
    first = _first(request)
    if first is None:
        return _first_page(request, visit, course, coming[0], now, _MOVE)
    return _days(request, visit, _MOVE, len(coming), partial(propose, first), carry_out)


@for_roles(*CLINIC, methods=("GET", "HEAD", "POST"))
def add(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """More sessions after the last one, up to six in all."""
    visit, course = _course_or_404(request, appointment_id)
    now = clock.now()
    standing = list(sessions_of(course))
    left = MOST - len(standing)
    if not standing or left < 1:
        raise Http404
    values = request.POST if request.method == "POST" else request.GET
    text = values.get("count", "1")
    count = min(max(int(text) if text.isdecimal() and len(text) < 3 else 1, 1), left)
    key = read_key(values.get("request_key", "")) or uuid4()
    after = standing[-1]

    propose = partial(_proposal, course, after, count + 1, now, after.start)  # the last one begins it, booked already

    def carry_out(starts: Sequence[datetime]) -> object:
        return add_sessions(course=course, starts=starts[1:], request_key=key, by=me(request), now=now)

    more = {"counts": range(1, left + 1), "count": count, "request_key": key, "after": after}
    return _days(request, visit, _ADD, count + 1, propose, carry_out, **more)


def _days(
    request: HttpRequest,
    visit: Appointment,
    kind: Kind,
    sessions: int,
    propose: Callable[..., Proposal],
    carry_out: Callable[..., object],
    **more: Any,
) -> HttpResponse:
    """The proposed days, each changeable; carried out when they are sent."""
    problem = None
    starts = starts_chosen(request.POST, sessions=sessions) if request.method == "POST" else []
    if starts:
        try:
            carry_out(starts=starts)
        except DrypointError as error:
            problem = error
        else:
            messages.success(request, str(kind.done))
            return SeeOther(reverse("staff:visit", args=[visit.pk]))
    proposal = problem.details.get("proposal") if problem else None
    context = {
        "visit": visit,
        "kind": kind,
        "proposal": proposal or propose(starts),
        "problem": problem,
        "asks_tell": kind is _MOVE,
        "unticked": not tells_patient(request),
        **more,
    }
    return page(request, "staff/course_days.html", context, status=problem.status if problem else 200)


def _first_page(
    request: HttpRequest, visit: Appointment, course: Course, following: Appointment, now: datetime, kind: Kind
) -> HttpResponse:
    today = wall_date(now, visit.time_zone)
    slots = free_times(
        service=course.service,
        from_date=today,
        to_date=max(today, wall_date(following.start, visit.time_zone)) + timedelta(days=DAYS_SHOWN),
        practitioner=following.practitioner,
        location=following.location,
        holder=following,
        by_staff=True,
        now=now,
    ).slots
    days = times_of(slots, zone=visit.time_zone, names={})
    return page(
        request, "staff/course_first.html", {"visit": visit, "kind": kind, "days": days, "following": following}
    )


def _proposal(
    course: Course,
    holder: Appointment,
    sessions: int,
    now: datetime,
    first: datetime,
    starts: Sequence[datetime] = (),
) -> Proposal:
    return propose_course(
        service=course.service,
        practitioner=holder.practitioner,
        first_start=first,
        sessions=sessions,
        spacing=spacing_within(course),
        starts=starts,
        holder=holder,
        by_staff=True,
        now=now,
    )


def _first(request: HttpRequest) -> datetime | None:
    values = request.POST if request.method == "POST" else request.GET
    chosen = read_value(values.get("time", ""))
    return chosen[0] if chosen else read_start(values.get("session-1", ""))


def _course_or_404(request: HttpRequest, appointment_id: UUID) -> tuple[Appointment, Course]:
    visit = visible_visit(request, appointment_id)
    if visit.course is None:
        raise Http404
    return visit, visit.course

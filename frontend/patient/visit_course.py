"""The other sessions of a visit's course: look at them, move or cancel all that are left."""

from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from booking.models import Appointment, Course
from booking.selectors.courses import Proposal, coming_sessions, propose_course, sessions_of, spacing_within
from booking.services.course_changes import cancel_rest, move_course
from frontend.course_forms import read_key, read_start, starts_chosen
from frontend.patient.diary import diary_of
from frontend.patient.terms import fee_now
from frontend.patient.time_forms import LookForm
from frontend.patient.visit import of_proven_visit
from frontend.patient.way import Way
from intake.clock import now
from intake.errors import DrypointError

Reason = Appointment.CancelReason


@of_proven_visit
@require_POST
def open_session(request: HttpRequest, way: Way, visit: Appointment) -> HttpResponse:
    """Another session of the same course."""
    wanted = read_key(request.POST.get("session", ""))
    if visit.course is not None and wanted is not None:
        way.open_visit(get_object_or_404(sessions_of(visit.course), pk=wanted), proven=True)
    return redirect("patient:visit")


@of_proven_visit
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: HttpRequest, way: Way, visit: Appointment) -> HttpResponse:
    """Cancel every session that is left, with what that costs said first."""
    moment = now()
    coming = _coming(visit.course, moment)
    if visit.course is None or not coming:
        return redirect("patient:visit")
    fee = sum(fee_now(one, now=moment) for one in coming)
    context = {"visit": visit, "sessions": coming, "fee": fee}
    if request.method != "POST":
        return render(request, "patient/course_cancel.html", context)
    if request.POST.get("fee") != str(fee):
        return render(request, "patient/course_cancel.html", context | {"changed": True}, status=409)
    reason = Reason.UNWELL if request.POST.get("unwell") else Reason.PATIENT
    try:
        cancel_rest(course=visit.course, by=None, reason=reason, now=moment)
    except DrypointError as problem:
        messages.warning(request, str(problem.message))
    else:
        messages.success(request, gettext("The rest of your sessions is cancelled."))
    return redirect("patient:visit")


@of_proven_visit
@require_http_methods(["GET", "HEAD", "POST"])
def move(request: HttpRequest, way: Way, visit: Appointment) -> HttpResponse:
    """First a new time for the next session, then the days that follow from it; all move, or none."""
    moment = now()
    coming = _coming(visit.course, moment)
    if visit.course is None or not coming:
        return redirect("patient:visit")
    sent = request.POST if request.method == "POST" else request.GET
    first = read_start(sent.get("time", "") or sent.get("session-1", ""))
    fee = sum(fee_now(one, now=moment) for one in coming)
    if first is None:
        return _first_page(request, coming, fee, moment)
    if request.method != "POST":
        return _page(request, visit.course, coming, _proposal(visit.course, coming, [first], moment), fee)
    starts = starts_chosen(sent, sessions=len(coming))
    if not starts or sent.get("fee") != str(fee):
        proposal = _proposal(visit.course, coming, starts or [first], moment)
        return _page(request, visit.course, coming, proposal, fee, changed=bool(starts), status=409)
    try:
        move_course(course=visit.course, starts=starts, by=None, now=moment)
    except DrypointError as problem:
        instead = problem.details.get("proposal") or _proposal(visit.course, coming, starts, moment)
        return _page(request, visit.course, coming, instead, fee, problem=problem, status=problem.status)
    messages.success(request, gettext("Your sessions are at their new times now."))
    return redirect("patient:visit")


def _coming(course: Course | None, moment: datetime) -> list[Appointment]:
    return list(coming_sessions(course, now=moment)) if course else []


def _proposal(course: Course, coming: list[Appointment], starts: list[datetime], moment: datetime) -> Proposal:
    return propose_course(
        service=course.service,
        practitioner=coming[0].practitioner,
        first_start=starts[0],
        sessions=len(coming),
        spacing=spacing_within(course),
        starts=starts if len(starts) == len(coming) else [],
        holder=coming[0],
        now=moment,
    )


def _first_page(request: HttpRequest, coming: list[Appointment], fee: int, moment: datetime) -> HttpResponse:
    visit = coming[0]
    asked = QueryDict(mutable=True)
    asked.update({"practitioner": str(visit.practitioner_id), "from": request.GET.get("from", "")})
    look = LookForm(asked, service=visit.service)
    diary = diary_of(service=visit.service, look=look, screening=visit.screening, mine=visit, now=moment)
    context = {"visit": visit, "diary": diary, "fee": fee, "coming": coming}
    return render(request, "patient/course_move_first.html", context)


def _page(
    request: HttpRequest,
    course: Course,
    coming: list[Appointment],
    proposal: Proposal,
    fee: int,
    *,
    problem: DrypointError | None = None,
    changed: bool = False,
    status: int = 200,
) -> HttpResponse:
    context = {
        "visit": coming[0],
        "course": course,
        "proposal": proposal,
        "fee": fee,
        "problem": problem,
        "changed": changed,
    }
    return render(request, "patient/course_move.html", context, status=status)

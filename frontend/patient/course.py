"""Booking more than one session: how many, and on which days; all are held together, or none."""

from datetime import datetime
from uuid import UUID, uuid4, uuid5

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_http_methods

from booking.errors import BookingError
from booking.models import Appointment
from booking.selectors.courses import Proposal, lengths_of, propose_course, sessions_of, spacing_of
from booking.services.courses import HeldCourse, hold_course, ways_to_pay_course
from booking.services.holds import hold_time, release_hold
from frontend.course_forms import read_key, sessions_asked, starts_chosen
from frontend.patient.pages import book_steps, private
from frontend.patient.way import Way
from intake.clock import now
from intake.errors import DrypointError
from intake.origin import address_of

USUALLY = 4


def may_be_course(hold: Appointment) -> bool:
    """Whether this time may become the first session of a course here."""
    return bool(lengths_of(hold.service)) and bool(ways_to_pay_course(hold))


def sessions_held(hold: Appointment) -> list[Appointment]:
    """All sessions of the course that a hold belongs to; none for a time by itself."""
    return list(sessions_of(hold.course)) if hold.course else []


@private
@require_http_methods(["GET", "HEAD", "POST"])
def course(request: HttpRequest) -> HttpResponse:
    """How many sessions, a proposal of days, and other times for each; holding them lets the single time go."""
    way, moment = Way(request), now()
    hold = way.live_hold(moment)
    if hold is None or not may_be_course(hold):
        return redirect("patient:details")
    held = sessions_held(hold)
    sent = request.POST if request.method == "POST" else request.GET
    if request.method == "POST" and "single" in sent:
        return _only_one(request, way, hold, moment)
    longest = lengths_of(hold.service)[-1]
    sessions = sessions_asked(sent, hold.service, otherwise=len(held) or min(USUALLY, longest))
    starts = starts_chosen(sent, sessions=sessions)
    if request.method != "POST":
        kept = [one.start for one in held] if len(held) == sessions else []
        return _page(request, hold, _proposal(hold, sessions, kept, moment))
    key = read_key(sent.get("request_key", ""))
    if not starts or key is None:
        return _page(request, hold, _proposal(hold, sessions, [], moment), status=422)
    try:
        kept_course = _hold_all(request, way, hold, starts, key, moment)
    except DrypointError as problem:
        instead = problem.details.get("proposal") or _proposal(hold, sessions, starts, moment)
        return _page(request, hold, instead, problem=problem, status=problem.status)
    way.keep_hold(kept_course.holds[0])
    return redirect("patient:details")


def _hold_all(
    request: HttpRequest, way: Way, hold: Appointment, starts: list[datetime], key: UUID, moment: datetime
) -> HeldCourse:
    return hold_course(
        service=hold.service,
        practitioner=hold.practitioner,
        starts=starts,
        screening=hold.screening,
        request_key=uuid5(key, " ".join(start.isoformat() for start in starts)),
        held_by=way.mark,
        source=Appointment.Source.PATIENT,
        address=address_of(request),
        instead_of=hold,
        now=moment,
    )


def _only_one(request: HttpRequest, way: Way, hold: Appointment, moment: datetime) -> HttpResponse:
    """Back to one visit: the others are let go, the first time is held again."""
    if hold.course is None:
        return redirect("patient:details")
    try:
        release_hold(appointment=hold, now=moment)
        held = hold_time(
            screening=hold.screening,
            service=hold.service,
            practitioner=hold.practitioner,
            start=hold.start,
            request_key=uuid4(),
            held_by=way.mark,
            source=Appointment.Source.PATIENT,
            address=address_of(request),
            now=moment,
        )
    except BookingError as problem:
        way.forget_hold()
        messages.warning(request, str(problem.message))
        return redirect("patient:times")
    way.keep_hold(held)
    messages.info(request, gettext("It is one visit again."))
    return redirect("patient:details")


def _proposal(hold: Appointment, sessions: int, starts: list[datetime], moment: datetime) -> Proposal:
    return propose_course(
        service=hold.service,
        practitioner=hold.practitioner,
        first_start=starts[0] if starts else hold.start,
        sessions=sessions,
        spacing=spacing_of(hold.service),
        answers_until=hold.screening.valid_until if hold.screening else None,
        starts=starts,
        holder=hold,
        now=moment,
    )


def _page(
    request: HttpRequest,
    hold: Appointment,
    proposal: Proposal,
    *,
    problem: DrypointError | None = None,
    status: int = 200,
) -> HttpResponse:
    found = len(proposal.choices)
    context = {
        "hold": hold,
        "proposal": proposal,
        "lengths": lengths_of(hold.service),
        "problem": problem,
        "came_to": ngettext("We found %(count)s session.", "We found %(count)s sessions.", found) % {"count": found},
        "request_key": uuid4(),
        "steps": book_steps("time"),
    }
    return render(request, "patient/course.html", context, status=status)

"""The day board: every visit of a day, what is in its way, and the next button."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.dateparse import parse_date
from django.utils.http import urlencode

from booking.models import Practitioner
from booking.rules.walltime import wall_date
from booking.selectors.authorisations import renewals_for
from booking.selectors.calls import calls_to_make
from booking.selectors.day_board import Row, day_board
from booking.selectors.locations import the_clinic
from frontend.staff.frame import CLINIC, clinic_or_refuse, for_roles, me, page
from frontend.staff.steps import Mend, Offered, cant_start, mend_for, offered_steps
from intake import clock
from intake.access import role_of
from intake.errors import DrypointError
from intake.models import Role

NEAR = timedelta(minutes=30)
OVER = ("fulfilled", "noshow", "cancelled", "entered-in-error")


@dataclass(frozen=True, slots=True)
class Refusal:
    """A step that was refused, to be said at its row."""

    appointment_id: UUID
    words: str


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the board with its buttons."""

    row: Row
    mends: tuple[Mend, ...]
    offered: Offered
    is_now: bool
    is_near: bool  # its button is the likely one to press
    is_over: bool
    refusal: str


@dataclass(frozen=True, slots=True)
class Asked:
    """Which day, and whose, somebody looks at."""

    date: date
    practitioner: Practitioner | None

    @property
    def query(self) -> str:
        whose = {"therapist": str(self.practitioner.pk)} if self.practitioner else {}
        return urlencode({"date": self.date.isoformat(), **whose})


@login_required
def welcome(request: HttpRequest) -> HttpResponse:
    """After signing in, each role begins where its work is."""
    role = role_of(request.user)
    if role == Role.PATIENT:
        return redirect("/visits/")
    if role == Role.THERAPIST:
        return redirect(f"{reverse('staff:desk')}?mine")
    return redirect("staff:desk")


@for_roles(*CLINIC, Role.OWNER)
def desk(request: HttpRequest) -> HttpResponse:
    """The board of a day; asked by htmx only the board, or 204 if it is as it was."""
    if me(request).role == Role.OWNER:
        clinic = the_clinic()
        renewals = renewals_for(me(request), location=clinic, now=clock.now()) if clinic else []
        return page(request, "staff/owner.html", {"renewals": renewals})
    asked = read_asked(request, clock.now())
    if request.headers.get("HX-Request") and "seen" in request.GET:
        return _board_alone(request, asked)
    return render_desk(request, asked)


def read_asked(request: HttpRequest, now: datetime, *, said: str = "") -> Asked:
    """The day and the therapist of the address (or of `said`, a query); today and everybody where it doesn't say."""
    values = request.GET
    clinic = clinic_or_refuse()
    today = wall_date(now, clinic.time_zone)
    asked_for, whose = values.get("date", ""), values.get("therapist", "")
    if said:
        asked_for, _comma, whose = said.partition(",")
    if "mine" in values and not whose:
        mine = Practitioner.objects.filter(user=me(request)).first()
        return Asked(read_date(asked_for) or today, mine)
    return Asked(read_date(asked_for) or today, read_practitioner(whose))


def render_desk(
    request: HttpRequest, asked: Asked, *, refusal: Refusal | None = None, status: int = 200
) -> HttpResponse:
    """The whole page of a day; with a refusal, said at its row."""
    context = _board(request, asked, refusal)
    today = wall_date(clock.now(), clinic_or_refuse().time_zone)
    context |= {
        "fragment": _as_text(request, context),
        "today": today,
        "is_today": asked.date == today,
        "before": Asked(asked.date - timedelta(days=1), asked.practitioner),
        "after": Asked(asked.date + timedelta(days=1), asked.practitioner),
        "on_today": Asked(today, asked.practitioner),
        "practitioners": Practitioner.objects.filter(active=True),
        "calls": _calls(request),
    }
    return page(request, "staff/desk.html", context, status=status)


def _calls(request: HttpRequest) -> int:
    now = clock.now()
    return calls_to_make(location=clinic_or_refuse(), by=me(request), now=now).to_call(now)


def _board_alone(request: HttpRequest, asked: Asked) -> HttpResponse:
    text = _as_text(request, _board(request, asked, None))
    if _mark(text) == request.GET["seen"]:
        return HttpResponse(status=204)
    return render(request, "staff/_board_box.html", {"fragment": text, "mark": _mark(text), "asked": asked})


def _as_text(request: HttpRequest, context: dict[str, object]) -> str:
    text = render_to_string("staff/_board.html", context, request)
    context["mark"] = _mark(text)
    return text


def _mark(text: str) -> str:
    """The board has no token in it, so that an unchanged day is the same text."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _board(request: HttpRequest, asked: Asked, refusal: Refusal | None) -> dict[str, object]:
    now = clock.now()
    board = day_board(location=clinic_or_refuse(), date=asked.date, by=me(request), now=now)
    rows = [row for row in board.rows if asked.practitioner in (None, row.appointment.practitioner)]
    lines = [_line(row, me(request).role, refusal, now) for row in rows]
    return {
        "asked": asked,
        "location": board.location,
        "lines": lines,
        "visits": sum(not line.row.appointment.cancel_reason for line in lines),
        "needing": sum(bool(line.mends) for line in lines),
        "stuck": sum(cant_start(line.mends) for line in lines),
    }


def _line(row: Row, role: str, refusal: Refusal | None, now: datetime) -> Line:
    visit = row.appointment
    return Line(
        row=row,
        mends=tuple(mend_for(blocker, role=role) for blocker in row.blockers),
        offered=offered_steps(visit, now=now),
        is_now=visit.start <= now < visit.end and visit.status not in OVER,
        is_near=visit.start - NEAR <= now,
        is_over=visit.status in OVER,
        refusal=refusal.words if refusal and refusal.appointment_id == visit.pk else "",
    )


def read_date(text: str) -> date | None:
    """A date as browsers send it; None if it can't be read."""
    try:
        found = parse_date(text)
    except ValueError:
        return None
    return found if found and 2000 < found.year < 2200 else None


def read_practitioner(text: str) -> Practitioner | None:
    """The therapist with this id; None if there is none."""
    try:
        return Practitioner.objects.filter(pk=UUID(text)).first()
    except ValueError:
        return None


def refused_at_desk(request: HttpRequest, appointment_id: UUID, error: DrypointError, said: str) -> HttpResponse:
    """The board again, with the words of the refusal at the row it concerns."""
    asked = read_asked(request, clock.now(), said=said)
    return render_desk(request, asked, refusal=Refusal(appointment_id, str(error.message)), status=error.status)

"""The call list: whom to phone about tomorrow's visits, and what came of it."""

import hashlib
from datetime import date
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from booking.models import Call
from booking.rules.walltime import wall_date
from booking.selectors.calls import CallList, call_list, calls_to_make, next_days
from booking.services.calls import note_call
from frontend.staff.desk import read_date
from frontend.staff.frame import CLINIC, SeeOther, clinic_or_refuse, for_roles, me, page
from frontend.staff.visits import visible_visit
from intake import clock
from intake.errors import DrypointError

Outcome = Call.Outcome
_NOTED: Final[dict[str, str | Promise]] = {
    Outcome.CALLING: _("Your colleagues see that you are calling."),
    Outcome.COMING: _("Noted: they are coming."),
    Outcome.CANT_COME: _("Noted. Cancel the visit here, or move it."),
    Outcome.OTHER_TIME: _("Noted. Choose the new time with them."),
    Outcome.TOLD: _("Noted: they know."),
    Outcome.LEFT_MESSAGE: _("Noted: you left a message. They stay on the list."),
    Outcome.NO_ANSWER: _("Noted: no answer. They stay on the list."),
    Outcome.WRONG_NUMBER: _("Noted: wrong number. Ask for the right one when you can."),
}
_LEADS_TO: Final = {Outcome.CANT_COME: "staff:cancel", Outcome.OTHER_TIME: "staff:move"}


@for_roles(*CLINIC)
def calls(request: HttpRequest) -> HttpResponse:
    """Whom to call now, or about the visits of one day; asked by htmx only the list, or 204 if it is as it was."""
    day = read_date(request.GET.get("day", ""))
    context = _list(request, day)
    if request.headers.get("HX-Request") and "seen" in request.GET:
        if context["mark"] == request.GET["seen"]:
            return HttpResponse(status=204)
        return render(request, "staff/_calls_box.html", context)
    now, clinic = clock.now(), clinic_or_refuse()
    tomorrow, last = next_days(clinic, now=now)
    context |= {"today": wall_date(now, clinic.time_zone), "tomorrow": tomorrow, "next_open": last}
    return page(request, "staff/calls.html", context)


@for_roles(*CLINIC, methods=("POST",))
def call(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """One press: what came of it. Who can't come leads on to where the visit is cancelled or moved."""
    visit = visible_visit(request, appointment_id)
    said, seen = request.POST.get("outcome", ""), request.GET.get("seen", "")
    back = f"{reverse('staff:calls')}{_query(read_date(request.GET.get('day', '')))}"
    if said not in Outcome.values or not seen.isdecimal() or len(seen) > 5:
        raise DrypointError
    try:
        note_call(appointment=visit, outcome=Outcome(said), seen=int(seen), by=me(request), now=clock.now())
    except DrypointError as problem:
        messages.warning(request, f"{visit.patient}: {problem.message}")
        return SeeOther(back)
    messages.success(request, f"{visit.patient}: {_NOTED[said]}")
    if said in _LEADS_TO:
        return SeeOther(reverse(_LEADS_TO[Outcome(said)], args=[visit.pk]))
    return SeeOther(f"{back}#call-{visit.pk}")  # where the row stands, if it still does


def _list(request: HttpRequest, day: date | None) -> dict[str, object]:
    now, clinic = clock.now(), clinic_or_refuse()
    found = _found(request, day)
    context: dict[str, object] = {
        "list": found,
        "day": day,
        "query": _query(day),
        "and_day": f"&day={day.isoformat()}" if day else "",
        "now": now,
        "zone": clinic.time_zone,
        "left": len(found.today) + len(found.ahead) + len(found.silent) + len(found.promised),
    }
    text = render_to_string("staff/_calls.html", context, request)
    return context | {"fragment": text, "mark": hashlib.sha256(text.encode()).hexdigest()[:16]}


def _found(request: HttpRequest, day: date | None) -> CallList:
    now, clinic = clock.now(), clinic_or_refuse()
    if day is None:
        return calls_to_make(location=clinic, by=me(request), now=now)
    return call_list(location=clinic, first=day, last=day, by=me(request), now=now)


def _query(day: date | None) -> str:
    return f"?{urlencode({'day': day.isoformat()})}" if day else ""

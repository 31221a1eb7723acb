"""Being called back: asked for on the pages that refuse something, promised with the hour, and kept by the desk."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods
from phonenumber_field.phonenumber import to_python

from booking.models import Location
from booking.rules.errands import call_back_by
from booking.selectors.locations import the_clinic
from booking.services.errands import ask_for_call_back
from frontend.patient.call_back_forms import CallBackForm
from frontend.patient.pages import private
from frontend.patient.way import Way
from intake.clock import now
from intake.errors import DrypointError
from intake.origin import address_of


@private
@require_http_methods(["GET", "HEAD", "POST"])
def call_back(request: HttpRequest) -> HttpResponse:
    """A name and a number; then by when we call."""
    way, moment = Way(request), now()
    clinic = the_clinic()
    if clinic is None:
        return redirect("patient:check")
    offered = offer_of_call(way, clinic, now=moment)
    if request.method != "POST":
        return render(request, "patient/call_back.html", offered)
    form = CallBackForm(request.POST)
    status = 422
    if form.is_valid():
        try:
            task = ask_for_call_back(
                contact=form.contact(), location=clinic, session_hash=way.mark, address=address_of(request), now=moment
            )
        except DrypointError as problem:
            form.add_error(None, str(problem.message))
            status = problem.status
        else:
            way.keep_call_back(task)
            return redirect("patient:call-back")
    return render(request, "patient/call_back.html", {**offered, "form": form}, status=status)


def offer_of_call(way: Way, clinic: Location, *, now: datetime) -> dict[str, Any]:
    """What `_call_back.html` shows: the call that is promised here already, or the form to ask for one."""
    task = way.call_back
    return {
        "promised": task,
        "call_number": to_python(task.contact["phone"]) if task and task.contact else None,
        "is_late": task is not None and task.due_at <= now,
        "form": CallBackForm(initial=(task.contact if task else None) or {}),
        "call_by": call_back_by(now, weekly=clinic.weekly_hours, zone=clinic.time_zone),
    }

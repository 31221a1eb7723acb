"""Taking a cancellation back, for the three minutes in which that is possible."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from booking.errors import SlotTaken
from booking.models import Appointment
from booking.selectors.courses import cancelled_with
from booking.services.appointments import undo_cancellation
from frontend.patient.visit import of_proven_visit
from frontend.patient.way import Way
from intake.clock import now
from intake.errors import DrypointError


@of_proven_visit
@require_http_methods(["GET", "HEAD", "POST"])
def undo(request: HttpRequest, way: Way, visit: Appointment) -> HttpResponse:
    """The visit as it was, with the sessions that were cancelled with it; or, if somebody was faster, the nearest free
    times.
    """
    if request.method != "POST":  # a phone that opens its last page again
        return redirect("patient:visit")
    together = cancelled_with(visit) or [visit]
    refused = [(one, problem) for one in together if (problem := _refusal(one))]
    if not refused:
        many = gettext("Your sessions are booked again, as they were.")
        messages.success(request, many if len(together) > 1 else gettext("Your visit is booked again, as it was."))
        return redirect("patient:visit")
    gone, problem = refused[0]
    if isinstance(problem, SlotTaken):
        others = problem.details.get("alternatives", [])
        context = {"visit": gone, "others": others, "some_are_back": len(refused) < len(together)}
        return render(request, "patient/undo_too_late.html", context, status=problem.status)
    messages.warning(request, str(problem.message))
    return redirect("patient:visit")


def _refusal(visit: Appointment) -> DrypointError | None:
    """Take it back, or tell why it stays cancelled."""
    try:
        undo_cancellation(appointment=visit, by=None, now=now())
    except DrypointError as problem:
        return problem
    return None

"""After booking: a few more details for the therapist, which decide nothing and may be left out."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from booking.models import Appointment
from booking.selectors.more_details import details_asked_of
from booking.services.more_details import tell_more
from frontend.patient.detail_forms import MoreDetailsForm
from frontend.patient.draft import Draft
from frontend.patient.visit import of_proven_visit
from frontend.patient.way import Way
from intake.access import shows_answers
from intake.clock import now
from intake.errors import DrypointError
from intake.selectors.details import answers_with_details
from intake.selectors.questionnaires import definition_of
from intake.selectors.screenings import evaluated_line
from intake.services.audit import record_event


@of_proven_visit
@require_http_methods(["GET", "HEAD", "POST"])
def more_details(request: HttpRequest, way: Way, visit: Appointment) -> HttpResponse:
    """The questions that only inform, for what was answered; all of them on one page."""
    form = _form(request, visit)
    if form is None:
        return redirect("patient:visit")
    if request.method != "POST" or not form.is_valid():
        return render(
            request, "patient/more_details.html", {"visit": visit, "form": form}, status=422 if form.is_bound else 200
        )
    told = {item: values or {} for item, values in form.page_follow_ups.items()}
    try:
        tell_more(appointment=visit, follow_ups=told, now=now())
    except DrypointError as problem:
        messages.warning(request, str(problem.message))
    else:
        messages.success(request, gettext("Thank you. Your therapist sees this before your visit."))
    return redirect("patient:visit")


def _form(request: HttpRequest, visit: Appointment) -> MoreDetailsForm | None:
    screening, asked = visit.screening, details_asked_of(visit)
    if screening is None or not asked or not shows_answers(visit.patient):
        return None
    context, _answers = evaluated_line(screening)
    record_event(action="read", entity=screening, patient=visit.patient, role="patient", now=now())
    draft = Draft(
        definition_of(screening.questionnaire), context, answers_with_details(screening), screening.response.content
    )
    return MoreDetailsForm(request.POST if request.method == "POST" else None, asked=asked, draft=draft)

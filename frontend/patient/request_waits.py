"""A request that waits for a therapist: a question to its patient, and what they choose if nobody answers."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from booking.models import Appointment
from booking.services.review_talks import answer_question, choose_assessment, read_questions
from frontend.patient.visit import of_proven_visit
from frontend.patient.way import Way
from intake.clock import now
from intake.errors import DrypointError


class ReplyForm(forms.Form):
    """The patient's answer to a therapist's question."""

    text = forms.CharField(
        label=_("Your answer"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": _("Write your answer first.")},
    )


@of_proven_visit
@require_http_methods(["GET", "HEAD", "POST"])
def question(request: HttpRequest, way: Way, visit: Appointment) -> HttpResponse:
    """What the therapist asks, and the place to answer it."""
    moment = now()
    form = ReplyForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            answer_question(appointment=visit, text=form.cleaned_data["text"], now=moment)
        except DrypointError as problem:
            messages.warning(request, str(problem.message))
        else:
            messages.success(request, gettext("Thank you. Your therapist has your answer."))
        return redirect("patient:visit")
    context = {"visit": visit, "form": form, "questions": read_questions(appointment=visit, now=moment)}
    return render(request, "patient/question.html", context, status=422 if form.is_bound else 200)


@of_proven_visit
@require_POST
def assessment(request: HttpRequest, way: Way, visit: Appointment) -> HttpResponse:
    """Keep the time as a visit without needles if nobody decides in time, or rather not."""
    try:
        choose_assessment(appointment=visit, accepts=request.POST.get("accepts") == "yes", now=now())
    except DrypointError as problem:
        messages.warning(request, str(problem.message))
    return redirect("patient:visit")

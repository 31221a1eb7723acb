"""What the patient reads and signs before needling, and takes back whenever they like."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from booking.models import Appointment
from booking.selectors.practitioners import needles
from booking.services.appointments import make_needle_free
from booking.services.consents import sign_for_visit, withdraw_for_visit
from frontend.patient.sign_forms import SignForm, note_shown, when_shown
from frontend.patient.visit import of_proven_visit
from frontend.patient.way import Way
from intake.clock import now
from intake.errors import DrypointError
from intake.information import current_information
from intake.selectors.consents import consent_state


class WithdrawForm(forms.Form):
    """Nobody has to say why."""

    reason = forms.CharField(
        label=_("Anything you want your therapist to know"),
        required=False,
        max_length=2000,
        widget=forms.Textarea({"rows": 3}),
    )


@of_proven_visit
@require_http_methods(["GET", "HEAD", "POST"])
def information(request: HttpRequest, way: Way, visit: Appointment) -> HttpResponse:
    """The page on needling, its risks in numbers, and the line to sign on."""
    if not needles(visit.service):
        return redirect("patient:visit")
    moment, shown = now(), current_information(get_language() or "en")
    signed = consent_state(visit.patient) == "signed"
    form = None if signed else SignForm(request.POST if request.method == "POST" else None, shown=shown)
    status = 200
    if form is not None and request.method == "POST":
        status = 422
        if form.is_valid():
            signature = form.signature(shown_at=when_shown(request, shown, now=moment))
            assert signature is not None
            try:
                sign_for_visit(appointment=visit, signature=signature, now=moment)
            except DrypointError as problem:
                form.add_error(None, str(problem.message))
                status = problem.status
            else:
                messages.success(request, gettext("Signed. Thank you."))
                return redirect("patient:visit")
    note_shown(request, shown, now=moment)
    context: dict[str, Any] = {"visit": visit, "information": shown, "form": form, "signed": signed}
    return render(request, "patient/information.html", context, status=status)


@of_proven_visit
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: HttpRequest, way: Way, visit: Appointment) -> HttpResponse:
    """Take back the agreement to needling."""
    form = WithdrawForm(request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        return render(
            request, "patient/withdraw.html", {"visit": visit, "form": form}, status=422 if form.errors else 200
        )
    withdraw_for_visit(appointment=visit, reason=form.cleaned_data["reason"], now=now())
    messages.success(request, gettext("You have taken back your agreement. Nothing is charged for it."))
    return redirect("patient:visit")


@of_proven_visit
@require_http_methods(["GET", "HEAD", "POST"])
def go_without(request: HttpRequest, way: Way, visit: Appointment) -> HttpResponse:
    """The same time as a visit without needles."""
    if request.method != "POST":  # typed or opened again: the page of the visit has the button
        return redirect("patient:visit")
    try:
        make_needle_free(appointment=visit, by=None, now=now())
    except DrypointError as problem:
        messages.warning(request, str(problem.message))
    else:
        messages.success(request, gettext("You keep your time. It is a visit without needles now."))
    return redirect("patient:visit")

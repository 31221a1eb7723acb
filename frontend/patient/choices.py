"""The visit can't take place as booked: other times that are kept for the patient, or an end at no cost."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from booking.models import Appointment, Displacement, Offer
from booking.selectors.displacements import choices_for, kept_for
from booking.services.displacements import cancel_displaced, take_choice
from frontend.patient.visit import of_proven_visit
from frontend.patient.way import Way
from intake.clock import now
from intake.errors import DrypointError

NONE_SUITS = "none"


@of_proven_visit
@require_http_methods(["GET", "HEAD", "POST"])
def choices(request: HttpRequest, way: Way, visit: Appointment) -> HttpResponse:
    """One of the kept times, any other time, a call, or cancelling; none of it costs anything."""
    asked = choices_for(visit)
    if asked is None:
        return redirect("patient:visit")
    if request.method != "POST":
        return _page(request, visit, asked)
    said = request.POST.get("choice", "")
    if not said:
        return _page(request, visit, asked, nothing_chosen=True, status=422)
    try:
        words = _answer(asked, said)
    except DrypointError as problem:
        return _page(request, visit, asked, problem=problem, status=problem.status)
    messages.success(request, words)
    return redirect("patient:visit")


def _answer(asked: Displacement, said: str) -> str:
    """:raises DrypointError: it can't be had any more"""
    moment = now()
    if said == NONE_SUITS:
        cancel_displaced(displacement=asked, by=None, now=moment)
        return gettext("Your visit is cancelled. It costs you nothing.")
    offers = {str(offer.pk): offer for offer in Offer.objects.filter(group=asked.pk)}
    if said not in offers:
        raise DrypointError
    take_choice(displacement=asked, offer=offers[said], now=moment)
    return gettext("Your visit is at its new time now.")


def _page(
    request: HttpRequest,
    visit: Appointment,
    asked: Displacement,
    *,
    nothing_chosen: bool = False,
    problem: DrypointError | None = None,
    status: int = 200,
) -> HttpResponse:
    moment = now()
    context = {
        "visit": visit,
        "asked": asked,
        "kept": kept_for(asked, now=moment),
        "is_ahead": visit.start > moment,
        "nothing_chosen": nothing_chosen,
        "problem": problem,
        "none_suits": NONE_SUITS,
    }
    return render(request, "patient/choices.html", context, status=status)

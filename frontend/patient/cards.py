"""The card that a patient has left for fees: seen, and taken back."""

from typing import Final

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_http_methods

from booking.models import Appointment, KeptCard
from booking.selectors.cards import cards_kept_by, cards_of_account
from booking.services.cards import remove_card
from frontend.account_records import knows_whose
from frontend.patient.pages import private
from frontend.patient.visit import of_proven_visit
from frontend.patient.way import Way
from intake.clock import now
from intake.models import User

_WAYS_BACK: Final = {"patient:visit": gettext_lazy("Your visit"), "patient:visits": gettext_lazy("Your visits")}


@of_proven_visit
@require_http_methods(["GET", "HEAD", "POST"])
def card(request: HttpRequest, way: Way, visit: Appointment) -> HttpResponse:
    """The card of whoever this visit is for."""
    return _page(request, cards_kept_by(visit.patient), here="patient:card", back="patient:visit")


@private
@login_required
@knows_whose
@require_http_methods(["GET", "HEAD", "POST"])
def cards(request: HttpRequest) -> HttpResponse:
    """The cards of everybody whom this account acts for."""
    assert isinstance(request.user, User)
    return _page(request, cards_of_account(request.user), here="patient:cards", back="patient:visits")


def _page(request: HttpRequest, found: QuerySet[KeptCard], *, here: str, back: str) -> HttpResponse:
    if request.method != "POST":
        context = {"cards": list(found), "back": reverse(back), "back_to": _WAYS_BACK[back]}
        return render(request, "patient/card.html", context)
    chosen = [one for one in found if str(one.pk) == request.POST.get("card")]
    for one in chosen:
        by = request.user if isinstance(request.user, User) else None
        remove_card(patient=one.patient, by=by, now=now())
        messages.success(request, gettext("Your card is removed. We can't charge it any more."))
    return redirect(here)

"""A booking that the answers forbid: said once, with everything that is possible instead."""

from datetime import date, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from booking.selectors.locations import the_clinic
from frontend.patient.call_back import offer_of_call
from frontend.patient.offers import offers_for
from frontend.patient.way import Way
from intake.errors import DrypointError


def not_cleared_page(
    request: HttpRequest, way: Way, problem: DrypointError, *, birth_date: date | None, now: datetime
) -> HttpResponse:
    """Why it can't be booked online, what can, the phone and its hours, and a call from us."""
    clinic = the_clinic()
    offers = offers_for(way.screening, birth_date=birth_date or way.birth_date, now=now)
    context: dict[str, Any] = {
        "problem": problem,
        "offers": [offer for offer in offers if not offer.has_needles],
        "can_change": way.response(now=now) is not None,
    }
    if clinic is not None:
        context |= offer_of_call(way, clinic, now=now)
    return render(request, "patient/not_cleared.html", context, status=problem.status)

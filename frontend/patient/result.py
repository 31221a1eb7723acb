"""The result of a check, said plainly, and what is possible now: never a dead end."""

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from booking.selectors.appointments import with_relations
from booking.selectors.locations import the_clinic
from frontend.patient.offers import offers_for
from frontend.patient.pages import private
from frontend.patient.way import Way
from frontend.patient.words import said
from intake.clock import now
from intake.models import Outcome, Screening

URGENT: Final = ("EMERGENCY", "SAME_DAY")


@private
@require_GET
def result(request: HttpRequest) -> HttpResponse:
    """Help now, no needling online, a therapist looks first, or free to book; each with its next step."""
    way, moment = Way(request), now()
    screening = way.screening
    if screening is None or screening.valid_until <= moment:
        return redirect("patient:resume")
    kind = _kind(screening)
    told = [(message["kind"], said(message["text"])) for message in screening.result["messages"]]
    visit_id = way.form_is_for()
    visit = way.visit
    offers = [] if kind == "urgent" else offers_for(screening, birth_date=way.birth_date, now=moment)
    clinic = the_clinic()
    context = {
        "kind": kind,
        "is_emergency": screening.urgent == "EMERGENCY",
        "texts": _texts(screening, kind),
        "always": [text for name, text in told if name == "always"],
        "notices": [text for name, text in told if name == "notice"],
        "offers": offers,
        "complete": screening.complete or kind == "without-needles",
        "can_change": way.response(now=moment) is not None,
        "for_visit": visit if visit is not None and visit.screening_id == screening.pk else None,
        "waiting_visit": with_relations().filter(pk=visit_id).first() if visit_id else None,
        "response_hours": clinic.review_response_hours if clinic else None,
    }
    return render(request, f"patient/result_{'urgent' if kind == 'urgent' else 'plain'}.html", context)


def _texts(screening: Screening, kind: str) -> list[str]:
    """What the answers call for. Beside urgent help stands nothing else, and that a therapist looks first only where
    something is asked for.
    """
    whole = {"outcome": screening.result["outcome"], "urgent": screening.urgent}
    texts = []
    for message in screening.result["messages"]:
        found = screening.result["findings"].get(message["item"], whole)
        is_of_requests = message["kind"] == "outcome" and not found["urgent"] and found["outcome"] == Outcome.REVIEW
        if message["kind"] in ("notice", "always") or (kind == "urgent" and not found["urgent"]):
            continue
        if kind == "review" or not is_of_requests:
            texts.append(said(message["text"]))
    return texts


def _kind(screening: Screening) -> str:
    """urgent, stop, without-needles, review or clear: which page this result is."""
    if screening.urgent in URGENT:
        return "urgent"
    if screening.modality == "none":
        return "without-needles"
    if screening.effective_outcome == Outcome.STOP or screening.urgent or not screening.complete:
        return "stop"
    return "review" if screening.effective_outcome == Outcome.REVIEW else "clear"

"""The result of a check, said plainly, and what is possible now: never a dead end."""

from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from booking.selectors.appointments import with_relations
from booking.selectors.asking import items_told_in_private
from booking.selectors.locations import the_clinic
from frontend.patient.call_back import offer_of_call
from frontend.patient.offers import Offer, offers_for
from frontend.patient.pages import private
from frontend.patient.way import Way
from frontend.patient.words import said
from intake.clock import now
from intake.models import Outcome, Screening
from intake.rules.messages import filled
from intake.selectors.questionnaires import definition_of, in_clinic_words

URGENT: Final = ("EMERGENCY", "SAME_DAY")
_CRISIS_LINE: Final = "{{crisis_line}}"


@private
@require_GET
def result(request: HttpRequest) -> HttpResponse:
    """Help now, no needling online, a therapist looks first, or free to book; each with its next step."""
    way, moment = Way(request), now()
    screening = way.screening
    if screening is None or screening.valid_until <= moment:
        return redirect("patient:resume")
    is_urgent = screening.urgent in URGENT
    offers = [] if is_urgent else offers_for(screening, birth_date=way.birth_date, now=moment)
    kind = "urgent" if is_urgent else _kind(screening, offers)
    told = [
        (message["kind"], said(in_clinic_words(screening.questionnaire, message["text"])))
        for message in _messages(screening)
    ]
    visit_id = way.form_is_for()
    visit = way.visit
    clinic = the_clinic()
    context = {
        "kind": kind,
        "is_emergency": screening.urgent == "EMERGENCY",
        "is_soon": screening.urgent == "MEDICAL_SOON",
        "needs_crisis_line": _needs_crisis_line(screening),
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
    if kind == "stop" and clinic is not None:
        context |= offer_of_call(way, clinic, now=moment)
    return render(request, f"patient/result_{'urgent' if kind == 'urgent' else 'plain'}.html", context)


def _messages(screening: Screening) -> list[dict[str, Any]]:
    """What the result calls for; of what a young person told alone only the outcome: somebody reads along."""
    alone, definition = items_told_in_private(screening), definition_of(screening.questionnaire)
    once: dict[str, dict[str, Any]] = {}
    for message in screening.result["messages"]:
        found = screening.result["findings"].get(message["item"])
        if message["item"] in alone and found is not None:
            general = definition.outcome_messages.get(found["urgent"] or found["outcome"], "")
            message = {**message, "kind": "outcome", "text": filled(definition, general)}
        if message["text"]:
            once.setdefault(message["text"], message)
    return list(once.values())


def _texts(screening: Screening, kind: str) -> list[str]:
    """What the answers call for. Beside urgent help stands nothing else, and that a therapist looks first only where
    something is asked for.
    """
    whole = {"outcome": screening.result["outcome"], "urgent": screening.urgent}
    texts = []
    for message in _messages(screening):
        found = screening.result["findings"].get(message["item"], whole)
        is_of_requests = message["kind"] == "outcome" and not found["urgent"] and found["outcome"] == Outcome.REVIEW
        if message["kind"] in ("notice", "always") or (kind == "urgent" and not found["urgent"]):
            continue
        if kind == "review" or not is_of_requests:
            texts.append(said(in_clinic_words(screening.questionnaire, message["text"])))
    return texts


def _kind(screening: Screening, offers: list[Offer]) -> str:
    """stop, without-needles, review or clear: what this result leads to."""
    if screening.modality == "none":
        return "without-needles" if any(offer.service.needs_screening for offer in offers) else "stop"
    if screening.effective_outcome == Outcome.STOP or screening.urgent or not screening.complete:
        return "stop"
    return "review" if screening.effective_outcome == Outcome.REVIEW else "clear"


def _needs_crisis_line(screening: Screening) -> bool:
    """Whether something was said to which the questionnaire answers with the crisis line."""
    findings, alone = screening.result["findings"], items_told_in_private(screening)
    return any(
        item.id not in alone
        and _CRISIS_LINE in item.patient_message + item.always_message
        and findings.get(item.id, {"outcome": Outcome.CLEAR})["outcome"] != Outcome.CLEAR
        for item in definition_of(screening.questionnaire).items
    )

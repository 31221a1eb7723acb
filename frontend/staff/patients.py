"""Patients: a search that forgives typing, and a page of contact and visits. No answer stands here."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from booking.selectors.appointments import appointments_visible_to
from booking.selectors.cards import kept_card_of
from booking.selectors.contact import contact_facts
from booking.selectors.messages import messages_to
from frontend.staff.frame import CLINIC, for_roles, me, page
from intake import clock
from intake.access import can_see_trail
from intake.selectors.audit import events_about
from intake.selectors.patients import likely_matches, patients_visible_to, search_patients

VISITS_SHOWN = 50
LOOKS_SHOWN = 10
MESSAGES_SHOWN = 10


@for_roles(*CLINIC)
def patients(request: HttpRequest) -> HttpResponse:
    """Search by parts of names, phone, mail or birth date."""
    q = request.GET.get("q", "").replace("\0", "").strip()[:100]
    found = search_patients(q, by=me(request), now=clock.now()) if q else []
    return page(request, "staff/patients.html", {"q": q, "found": list(found)})


@for_roles(*CLINIC)
def patient(request: HttpRequest, patient_id: UUID) -> HttpResponse:
    """Contact, visits, records that may be the same person; who looked, for managers and the patient's therapist."""
    now, user = clock.now(), me(request)
    found = get_object_or_404(patients_visible_to(user, now=now), pk=patient_id)
    visits = appointments_visible_to(user, now=now).filter(patient=found).order_by("-start", "pk")
    matches = likely_matches(found).filter(pk__in=patients_visible_to(user, now=now).values("pk"))
    context = {
        "patient": found,
        "card": kept_card_of(found),
        "reach": contact_facts(found),
        "visits": list(visits[:VISITS_SHOWN]),
        "letters": messages_to(found, by=user, limit=MESSAGES_SHOWN, now=now),
        "now": now,
        "matches": list(matches[:10]),
        "looks": list(events_about(found)[:LOOKS_SHOWN]) if can_see_trail(user, found, now) else None,
    }
    return page(request, "staff/patient.html", context)

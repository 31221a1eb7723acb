"""The appointment card: a patient's next visits on a small sheet of paper."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import override

from booking.models import Appointment
from booking.reminders.settings import message_language
from booking.selectors.appointments import visits_ahead
from frontend.staff.frame import CLINIC, for_roles, page
from frontend.staff.visits import visible_visit
from intake import clock

MOST = 8  # lines that fit on the sheet


@for_roles(*CLINIC)
def card(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """All that the patient of this visit has booked, to print; in their language, without a word of why they come."""
    visit = visible_visit(request, appointment_id)
    ahead = list(visits_ahead(visit.patient, now=clock.now())[: MOST + 1]) if visit.patient else []
    language = message_language(visit.patient.language if visit.patient else "en")
    context = {"visit": visit, "language": language, "words": _words(visit, ahead, language) if ahead else ""}
    return page(request, "staff/paper_card.html", context)


def _words(visit: Appointment, ahead: list[Appointment], language: str) -> str:
    now, shown = clock.now(), ahead[:MOST]
    said = {
        "patient": visit.patient,
        "place": visit.location,
        "visits": shown,
        "is_full": len(ahead) > MOST,
        "has_fee": any(one.late_fee_amount for one in shown),
        "now": now,
    }
    with override(language):
        return render_to_string(f"staff/cards/{language}.html", said)

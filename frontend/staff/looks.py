"""Who looked at a patient's answers and record, and who changed them: for the patient's therapist and for managers."""

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from frontend.staff.frame import for_roles, me, page
from intake import clock
from intake.access import can_see_trail
from intake.models import Role
from intake.selectors.audit import events_about
from intake.selectors.patients import patients_visible_to

ON_A_PAGE = 40


@for_roles(Role.THERAPIST, Role.MANAGER)
def looks(request: HttpRequest, patient_id: UUID) -> HttpResponse:
    """The whole trail, the latest first, a page at a time."""
    now, user = clock.now(), me(request)
    found = get_object_or_404(patients_visible_to(user, now=now), pk=patient_id)
    if not can_see_trail(user, found, now):
        raise PermissionDenied
    shown = Paginator(events_about(found), ON_A_PAGE).get_page(request.GET.get("page"))
    return page(request, "staff/looks.html", {"patient": found, "shown": shown})

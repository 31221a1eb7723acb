"""Messages of one visit, and its answers."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from booking.services.letters_by_hand import send_again
from frontend.staff.forms import ReasonForm
from frontend.staff.frame import CLINIC, SeeOther, for_roles, me, page, sent
from frontend.staff.visit_changes import back, refused
from frontend.staff.visits import render_visit, visible_visit
from intake import clock
from intake.errors import DrypointError
from intake.models import Role
from intake.selectors.reviews import review_of


@for_roles(*CLINIC, methods=("POST",))
def resend(request: HttpRequest, appointment_id: UUID, message_id: UUID) -> HttpResponse:
    """Send a message once more."""
    visit = visible_visit(request, appointment_id)
    message = get_object_or_404(visit.communications.select_related("appointment", "patient"), pk=message_id)
    try:
        send_again(communication=message, by=me(request), now=clock.now())
    except DrypointError as error:
        return refused(request, visit, error)
    return back(request, visit, _("The message is on its way again."))


@for_roles(Role.THERAPIST, Role.MANAGER, methods=("GET", "HEAD", "POST"))
def answers(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """The answers of a visit: for its therapist, or for a manager who says why (by POST: no address tells it)."""
    visit = visible_visit(request, appointment_id)
    if visit.screening is None:
        messages.warning(request, _("There are no answers yet."))
        return SeeOther(reverse("staff:visit", args=[visit.pk]))
    reason = ""
    if me(request).role == Role.MANAGER:
        form = ReasonForm(sent(request), auto_id="glass_%s")
        if request.method != "POST" or not form.is_valid():
            return render_visit(request, visit, glass_form=form, status=422 if form.errors else 200)
        reason = form.cleaned_data["reason"]
    dossier = review_of(screening=visit.screening, by=me(request), now=clock.now(), reason=reason)
    return page(request, "staff/answers.html", {"visit": visit, "dossier": dossier, "reason": reason})

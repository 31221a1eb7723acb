"""Signing at the clinic's tablet, taking back at the patient's word, and what a parent may see."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from booking.selectors.practitioners import needles
from booking.services.consents import sign_for_visit, withdraw_for_visit
from frontend.patient.sign_forms import SignForm, note_shown, when_shown
from frontend.staff.frame import CLINIC, SeeOther, for_roles, me, page, sent
from frontend.staff.treatment_forms import GuardianForm, WithdrawalForm
from frontend.staff.visits import visible_visit
from intake import clock
from intake.errors import DrypointError
from intake.information import current_information
from intake.models import Role
from intake.selectors.consents import consent_state
from intake.selectors.patients import patients_visible_to
from intake.services.patients import set_guardian_sees


@for_roles(*CLINIC, methods=("GET", "HEAD", "POST"))
def sign(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """The page that the patient reads and signs on the clinic's device; nothing else of the clinic stands on it."""
    visit = visible_visit(request, appointment_id)
    if visit.patient is None or not needles(visit.service) or consent_state(visit.patient) == "signed":
        return SeeOther(reverse("staff:visit", args=[visit.pk]))
    now, shown = clock.now(), current_information(get_language() or "en")
    form = SignForm(sent(request), shown=shown)
    status = 422 if request.method == "POST" else 200
    if request.method == "POST" and form.is_valid():
        signature = form.signature(shown_at=when_shown(request, shown, now=now))
        assert signature is not None
        try:
            sign_for_visit(appointment=visit, signature=signature, by=me(request), now=now)
        except DrypointError as error:
            form.add_error(None, str(error.message))
            status = error.status
        else:
            messages.success(request, _("Signed."))
            return SeeOther(reverse("staff:visit", args=[visit.pk]))
    note_shown(request, shown, now=now)
    return render(request, "staff/sign.html", {"visit": visit, "information": shown, "form": form}, status=status)


@for_roles(*CLINIC, methods=("GET", "HEAD", "POST"))
def withdraw(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """The patient takes back their agreement by word of mouth; it holds at once."""
    visit = visible_visit(request, appointment_id)
    form = WithdrawalForm(sent(request))
    if request.method != "POST" or not form.is_valid():
        context = {"visit": visit, "form": form}
        return page(request, "staff/withdraw.html", context, status=422 if form.errors else 200)
    withdraw_for_visit(appointment=visit, by=me(request), reason=form.cleaned_data["reason"], now=clock.now())
    messages.success(request, _("Taken back. Needling can't be started until the patient signs again."))
    return SeeOther(reverse("staff:visit", args=[visit.pk]))


@for_roles(Role.THERAPIST, methods=("GET", "HEAD", "POST"))
def guardian(request: HttpRequest, patient_id: UUID) -> HttpResponse:
    """What the account that acts for this young person may see."""
    now = clock.now()
    patient = get_object_or_404(patients_visible_to(me(request), now=now), pk=patient_id)
    form = GuardianForm(sent(request), initial={"sees": patient.guardian_sees})
    if request.method == "POST" and form.is_valid():
        set_guardian_sees(patient=patient, by=me(request), now=now, **form.cleaned_data)
        messages.success(request, _("Saved."))
        return SeeOther(reverse("staff:patient", args=[patient.pk]))
    context = {"patient": patient, "form": form}
    return page(request, "staff/guardian.html", context, status=422 if form.errors else 200)

"""How a patient is reached, as the desk sees and changes it at their word."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from booking.errors import BookingError
from booking.reminders.models import Communication, ContactConsent
from booking.selectors.contact import contact_facts
from booking.services.contact_choices import choose_contact, correct_contact, use_address_again
from frontend.patient.message_forms import ContactForm
from frontend.staff.forms import AddressForm
from frontend.staff.frame import DESK, SeeOther, for_roles, me, page, sent
from intake import clock
from intake.models import Patient
from intake.selectors.patients import patients_visible_to


@for_roles(*DESK, methods=("GET", "HEAD", "POST"))
def reach(request: HttpRequest, patient_id: UUID) -> HttpResponse:
    """Channels, language and quiet hours. A yes to texts is asked for in the words that stand there."""
    patient = _patient(request, patient_id)
    form = ContactForm(sent(request), patient=patient, facts=contact_facts(patient))
    if request.method == "POST" and form.is_valid():
        try:
            choose_contact(
                patient=patient, wishes=form.wishes, how=ContactConsent.How.DESK, by=me(request), now=clock.now()
            )
        except BookingError as problem:
            form.add_error(None, str(problem.message))
        else:
            messages.success(request, _("Saved. Messages that wait already go this way too."))
            return SeeOther(reverse("staff:patient", args=[patient.pk]))
    return _page(request, patient, form, _address(patient))


@for_roles(*DESK, methods=("POST",))
def correct(request: HttpRequest, patient_id: UUID) -> HttpResponse:
    """Another address or number, as the patient says it."""
    patient = _patient(request, patient_id)
    form = AddressForm(request.POST)
    if not form.is_valid():
        return _page(request, patient, _unsent(patient), form)
    said = form.cleaned_data
    correct_contact(patient=patient, email=said["email"], phone=str(said["phone"]), by=me(request), now=clock.now())
    messages.success(request, _("Saved. Messages that wait already go there."))
    return SeeOther(reverse("staff:patient", args=[patient.pk]))


@for_roles(*DESK, methods=("POST",))
def again(request: HttpRequest, patient_id: UUID, channel: str) -> HttpResponse:
    """Somebody has made sure that the address works."""
    if channel not in Communication.Channel.values:
        raise Http404
    patient = _patient(request, patient_id)
    use_address_again(patient=patient, channel=channel, by=me(request), now=clock.now())
    messages.success(request, _("We use this address again."))
    return SeeOther(reverse("staff:patient", args=[patient.pk]))


def _unsent(patient: Patient) -> ContactForm:
    return ContactForm(None, patient=patient, facts=contact_facts(patient))


def _address(patient: Patient) -> AddressForm:
    return AddressForm(initial={"email": patient.email, "phone": patient.phone})


def _page(request: HttpRequest, patient: Patient, form: ContactForm, address: AddressForm) -> HttpResponse:
    wrong = [one for one in (form, address) if one.errors]
    context = {"patient": patient, "form": form, "address_form": address, "wrong": wrong}
    return page(request, "staff/reach.html", context, status=422 if wrong else 200)


def _patient(request: HttpRequest, patient_id: UUID) -> Patient:
    return get_object_or_404(patients_visible_to(me(request), now=clock.now()), pk=patient_id)

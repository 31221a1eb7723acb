"""Receipts and other papers of a patient, made, drawn and taken back at the desk."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from booking.errors import BookingError
from booking.models import Document
from booking.selectors.appointments import appointments_of
from booking.selectors.documents import all_documents, copies_of, listed, papers_to_make
from booking.services.documents import issue_credit_note, issue_fee_document, issue_receipt, issue_statement, take_copy
from frontend.papers import StatementForm, as_pdf, shown
from frontend.staff.frame import DESK, SeeOther, clinic_or_refuse, for_roles, me, page, sent
from frontend.staff.visits import visible_visit
from intake import clock
from intake.models import Patient
from intake.selectors.patients import patients_visible_to


@for_roles(*DESK, methods=("GET", "HEAD", "POST"))
def receipts(request: HttpRequest, patient_id: UUID) -> HttpResponse:
    """A patient's papers and what can be made; a POST makes a statement."""
    patient = get_object_or_404(patients_visible_to(me(request), now=clock.now()), pk=patient_id)
    form = StatementForm(sent(request), people=[patient], today=clock.clinic_date(clock.now()))
    if form.is_bound and form.is_valid():
        said = form.cleaned_data
        try:
            made = issue_statement(
                patient=patient, location=clinic_or_refuse(), first=said["first"], last=said["last"], by=me(request),
                now=clock.now(),
            )  # fmt: skip
            return SeeOther(_address(made))
        except BookingError as error:
            form.add_error(None, str(error.message))
    return page(request, "staff/receipts.html", _list(patient, form), status=422 if form.is_bound else 200)


@for_roles(*DESK, methods=("POST",))
def make_receipt(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """The receipt of a visit: the one there is, or a new one."""
    visit = visible_visit(request, appointment_id)
    return SeeOther(_address(issue_receipt(appointment=visit, by=me(request), now=clock.now())))


@for_roles(*DESK, methods=("POST",))
def make_fee_document(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """The same for a fee."""
    visit = visible_visit(request, appointment_id)
    return SeeOther(_address(issue_fee_document(appointment=visit, by=me(request), now=clock.now())))


@for_roles(*DESK)
def receipt(request: HttpRequest, document_id: UUID) -> HttpResponse:
    """One document to read, print and take back."""
    return page(request, "staff/receipt.html", shown(_document(document_id)))


@for_roles(*DESK, methods=("POST",))
def copy(request: HttpRequest, document_id: UUID) -> HttpResponse:
    """Draw it: the first time the original, later a duplicate."""
    taken = take_copy(document=_document(document_id), by=me(request), now=clock.now())
    return SeeOther(reverse("staff:receipt-pdf", args=[taken.pk]))


@for_roles(*DESK)
def pdf(request: HttpRequest, copy_id: UUID) -> HttpResponse:
    """A copy, as it was drawn: loaded again it is the same."""
    return as_pdf(get_object_or_404(copies_of(all_documents()), pk=copy_id))


@for_roles(*DESK, methods=("POST",))
def credit(request: HttpRequest, document_id: UUID) -> HttpResponse:
    """Take a document back by a credit note; the right one is made anew from the list."""
    made = issue_credit_note(document=_document(document_id), by=me(request), now=clock.now())
    messages.success(request, _("Taken back. Make the right one from the patient's list."))
    return SeeOther(_address(made))


def _list(patient: Patient, form: StatementForm) -> dict[str, object]:
    return {
        "patient": patient,
        "documents": list(listed(all_documents().filter(patient=patient))),
        "to_make": papers_to_make(appointments_of(patient).exclude(confirmed_at=None)),
        "form": form,
        "people": [patient],
    }


def _document(document_id: UUID) -> Document:
    return get_object_or_404(all_documents(), pk=document_id)


def _address(document: Document) -> str:
    return reverse("staff:receipt", args=[document.pk])

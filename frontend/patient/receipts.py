"""Receipts, documents of fees and statements of a signed-in patient and of those for whom the account acts."""

from collections.abc import Callable
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from booking.errors import BookingError
from booking.models import Document
from booking.selectors.appointments import appointments_of_user
from booking.selectors.documents import copies_of, documents_of_user, listed, papers_to_make, people_of
from booking.selectors.locations import the_clinic
from booking.services.documents import issue_fee_document, issue_receipt, issue_statement, take_copy
from frontend.account_records import knows_whose
from frontend.papers import StatementForm, as_pdf, shown
from frontend.patient.pages import private
from intake import clock
from intake.errors import DrypointError
from intake.models import User


@private
@login_required
@knows_whose
@require_http_methods(["GET", "HEAD", "POST"])
def receipts(request: HttpRequest) -> HttpResponse:
    """What there is and what can be made; a POST makes a statement."""
    user = _me(request)
    form = StatementForm(
        request.POST if request.method == "POST" else None,
        people=people_of(user),
        today=clock.clinic_date(clock.now()),
    )
    clinic = the_clinic()
    if form.is_bound and form.is_valid() and clinic is not None:
        said = form.cleaned_data
        try:
            made = issue_statement(
                patient=form.patient, location=clinic, first=said["first"], last=said["last"], by=user, now=clock.now()
            )
            return redirect("patient:receipt", document_id=made.pk)
        except BookingError as error:
            form.add_error(None, str(error.message))
    return _list(request, form=form, status=422 if form.is_bound else 200)


@private
@login_required
@require_POST
def make_receipt(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """The receipt of a visit: the one there is, or a new one."""
    return _made(request, appointment_id, issue_receipt)


@private
@login_required
@require_POST
def make_fee_document(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """The same for a fee."""
    return _made(request, appointment_id, issue_fee_document)


def _made(request: HttpRequest, appointment_id: UUID, issue: Callable[..., Document]) -> HttpResponse:
    visit = get_object_or_404(appointments_of_user(_me(request)), pk=appointment_id)
    try:
        made = issue(appointment=visit, by=_me(request), now=clock.now())
    except DrypointError as refusal:
        return _list(request, refusal=refusal, status=refusal.status)
    return redirect("patient:receipt", document_id=made.pk)


@private
@login_required
@require_GET
def receipt(request: HttpRequest, document_id: UUID) -> HttpResponse:
    """One document to read and print."""
    return render(request, "patient/receipt.html", shown(_document(request, document_id)))


@private
@login_required
@require_POST
def copy(request: HttpRequest, document_id: UUID) -> HttpResponse:
    """Draw it: the first time the original, later a duplicate."""
    taken = take_copy(document=_document(request, document_id), by=_me(request), now=clock.now())
    return redirect("patient:receipt-pdf", copy_id=taken.pk)


@private
@login_required
@require_GET
def pdf(request: HttpRequest, copy_id: UUID) -> HttpResponse:
    """A copy, as it was drawn: loaded again it is the same."""
    return as_pdf(get_object_or_404(copies_of(documents_of_user(_me(request))), pk=copy_id))


def _list(
    request: HttpRequest, *, form: StatementForm | None = None, refusal: DrypointError | None = None, status: int = 200
) -> HttpResponse:
    user = _me(request)
    people = people_of(user)
    context = {
        "documents": list(listed(documents_of_user(user))),
        "to_make": papers_to_make(appointments_of_user(user).exclude(confirmed_at=None)),
        "form": form or StatementForm(people=people, today=clock.clinic_date(clock.now())),
        "people": people,
        "refusal": refusal,
    }
    return render(request, "patient/receipts.html", context, status=status)


def _document(request: HttpRequest, document_id: UUID) -> Document:
    return get_object_or_404(documents_of_user(_me(request)), pk=document_id)


def _me(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user

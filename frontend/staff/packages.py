"""Packages at the desk: what a patient has, selling one, using it for a visit, giving back what is unused."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from booking.errors import RefundAboveLimit
from booking.feeds.amounts import money
from booking.models import Package
from booking.payments.models import LedgerEntry, Payment
from booking.selectors.movements import movements_of, with_what_moved
from booking.selectors.package_terms import terms_of
from booking.selectors.packages import (
    Standing,
    all_packages,
    offers_at,
    packages_of,
    payment_of_package,
    standings,
)
from booking.selectors.terms import may_prepay
from booking.services.package_credits import take_back_session, use_package
from booking.services.package_documents import issue_package_receipt
from booking.services.package_refunds import extend_package, refund_package
from booking.services.packages import sell_package
from frontend.staff.frame import DESK, SeeOther, clinic_or_refuse, for_roles, me, page, prove_again, sent
from frontend.staff.money_words import lines_of
from frontend.staff.package_forms import ExtendForm, SellForm, UnusedForm
from frontend.staff.visits import render_visit, visible_visit
from intake import clock
from intake.errors import DrypointError
from intake.models import Patient, Role
from intake.selectors.patients import patients_visible_to


@for_roles(*DESK)
def packages(request: HttpRequest, patient_id: UUID) -> HttpResponse:
    """What a patient has, and what can be sold."""
    patient, clinic = _patient(request, patient_id), clinic_or_refuse()
    context = {
        "patient": patient,
        "mine": standings(packages_of(patient), now=clock.now()),
        "offers": list(offers_at(clinic)),
        "forbidden": not may_prepay(clinic),
    }
    return page(request, "staff/packages.html", context)


@for_roles(*DESK, methods=("GET", "HEAD", "POST"))
def sell(request: HttpRequest, patient_id: UUID, offer_id: UUID) -> HttpResponse:
    """The terms to be said before it is paid; a POST sells it."""
    patient = _patient(request, patient_id)
    offer = get_object_or_404(offers_at(clinic_or_refuse()), pk=offer_id)
    form = SellForm(sent(request), initial={"price": offer.price_amount, "method": "terminal"})
    refusal: DrypointError | None = None
    if form.is_bound and form.is_valid():
        try:
            sold = sell_package(offer=offer, patient=patient, **form.cleaned_data, by=me(request), now=clock.now())
        except DrypointError as error:
            refusal = error
            form = SellForm(initial={"price": offer.price_amount, "method": "terminal"})
        else:
            messages.success(request, _("Sold. It can be used now."))
            return SeeOther(reverse("staff:package", args=[sold.pk]))
    context = {"patient": patient, "offer": offer, "terms": terms_of(offer), "form": form, "refusal": refusal}
    status = refusal.status if refusal else 422 if form.errors else 200
    return page(request, "staff/package_sell.html", context, status=status)


@for_roles(*DESK)
def package(request: HttpRequest, package_id: UUID) -> HttpResponse:
    """One package: what is left, how it was used, its money, its terms."""
    return _page(request, _package(package_id))


@for_roles(*DESK, methods=("POST",))
def give_back(request: HttpRequest, package_id: UUID) -> HttpResponse:
    """Give back what is unused, after showing once more who one is."""
    found = _package(package_id)
    prove_again(request)
    form = UnusedForm(request.POST, at_desk=_was_paid_at_desk(found), auto_id="back_%s")
    if not form.is_valid():
        return _page(request, found, unused_form=form, status=422)
    try:
        refund_package(package=found, **form.cleaned_data, by=me(request), now=clock.now())
    except DrypointError as error:
        words = _above_limit(error, found) if isinstance(error, RefundAboveLimit) else str(error.message)
        return _page(request, _package(package_id), refusal=words, status=error.status)
    given = money(form.cleaned_data["amount"], found.currency)
    messages.success(request, _("%(sum)s given back.") % {"sum": given})
    return SeeOther(reverse("staff:package", args=[found.pk]))


@for_roles(Role.MANAGER, methods=("POST",))
def extend(request: HttpRequest, package_id: UUID) -> HttpResponse:
    """Let it be used for longer."""
    found = _package(package_id)
    form = ExtendForm(request.POST, auto_id="extend_%s")
    if not form.is_valid():
        return _page(request, found, extend_form=form, status=422)
    extend_package(package=found, until=form.cleaned_data["until"], by=me(request), now=clock.now())
    messages.success(request, _("Saved."))
    return SeeOther(reverse("staff:package", args=[found.pk]))


@for_roles(*DESK, methods=("POST",))
def receipt(request: HttpRequest, package_id: UUID) -> HttpResponse:
    """Its receipt: the one there is, or a new one."""
    made = issue_package_receipt(package=_package(package_id), by=me(request), now=clock.now())
    return SeeOther(reverse("staff:receipt", args=[made.pk]))


@for_roles(*DESK, methods=("POST",))
def use(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """Pay a visit by the patient's package."""
    visit = visible_visit(request, appointment_id)
    try:
        use_package(appointment=visit, by=me(request), now=clock.now())
    except DrypointError as error:
        return render_visit(request, visit, refusal=error, status=error.status)
    messages.success(request, _("The package pays this visit."))
    return SeeOther(reverse("staff:visit", args=[visit.pk]) + "#money")


@for_roles(*DESK, methods=("POST",))
def take_back(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """Let a visit be paid in another way."""
    visit = visible_visit(request, appointment_id)
    try:
        take_back_session(appointment=visit, by=me(request), now=clock.now())
    except DrypointError as error:
        return render_visit(request, visit, refusal=error, status=error.status)
    messages.success(request, _("The visit went back to the package."))
    return SeeOther(reverse("staff:visit", args=[visit.pk]) + "#money")


def _page(
    request: HttpRequest,
    found: Package,
    *,
    unused_form: UnusedForm | None = None,
    extend_form: ExtendForm | None = None,
    refusal: str = "",
    status: int = 200,
) -> HttpResponse:
    one = Standing.of(found, now=clock.now())
    at_desk = _was_paid_at_desk(found)
    initial = {"amount": one.to_give_back, "method": "terminal"}
    context = {
        "one": one,
        "terms": found.terms.splitlines(),
        "lines": lines_of(movements_of(with_what_moved(LedgerEntry.objects.filter(payment__package=found)))),
        "at_desk": at_desk,
        "unused_form": unused_form or UnusedForm(at_desk=at_desk, initial=initial, auto_id="back_%s"),
        "extend_form": extend_form or ExtendForm(auto_id="extend_%s"),
        "may_extend": me(request).role == Role.MANAGER and found.state == Package.State.ACTIVE,
        "refusal": refusal,
    }
    return page(request, "staff/package.html", context, status=status)


def _was_paid_at_desk(found: Package) -> bool:
    payment = payment_of_package(found)
    return payment is not None and payment.gateway == Payment.Gateway.DESK


def _above_limit(error: RefundAboveLimit, found: Package) -> str:
    limit = money(error.details["limit"], found.currency)
    return _("Reception may give back up to %(limit)s. A manager can do this.") % {"limit": limit}


def _package(package_id: UUID) -> Package:
    return get_object_or_404(all_packages(), pk=package_id)


def _patient(request: HttpRequest, patient_id: UUID) -> Patient:
    return get_object_or_404(patients_visible_to(me(request), now=clock.now()), pk=patient_id)

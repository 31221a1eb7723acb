"""Settings: when each service is paid and what missing it costs; and what was agreed with one patient instead."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from booking.feeds.amounts import money
from booking.models import HealthcareService, Location, PatientTerms, PaymentTerms
from booking.rules.terms import Part
from booking.selectors.misses import misses_of
from booking.selectors.terms import may_prepay, policy_of, terms_of_patient
from booking.services.terms import remove_terms, save_terms, set_patient_terms, set_prepayment
from frontend.staff.frame import DESK, SeeOther, clinic_or_refuse, for_roles, me, page, sent
from frontend.staff.hours import SETTLES
from frontend.staff.terms_forms import PatientTermsForm, TermsForm
from intake import clock
from intake.errors import DrypointError
from intake.models import Role
from intake.selectors.patients import patients_visible_to

Variant = PaymentTerms.Variant


@dataclass(frozen=True, slots=True)
class Line:
    """The terms of a service in words. `row` is None where nothing was set: it is paid at the clinic, without fees."""

    variant: PaymentTerms.Variant
    row: PaymentTerms | None
    words: list[str]


@for_roles(*SETTLES)
def terms(request: HttpRequest) -> HttpResponse:
    """The terms of every service, and whether anything may be asked for before a visit."""
    place = clinic_or_refuse()
    services = HealthcareService.objects.prefetch_related("payment_terms")
    context = {
        "place": place,
        "quebec_asks": place.province == "QC" and not place.forbids_prepayment,
        "services": [(service, *_shown(service, place)) for service in services],
    }
    return page(request, "staff/terms.html", context)


@for_roles(*SETTLES, methods=("POST",))
def prepayment(request: HttpRequest) -> HttpResponse:
    """Forbid or allow that anything is asked for before a visit."""
    set_prepayment(
        location=clinic_or_refuse(), forbidden=request.POST.get("forbid") == "1", by=me(request), now=clock.now()
    )
    messages.success(request, _("Saved. It holds from now on."))
    return SeeOther(reverse("staff:terms"))


@for_roles(*SETTLES, methods=("GET", "HEAD", "POST"))
def edit(request: HttpRequest, service_id: UUID, variant: str) -> HttpResponse:
    """The terms of one service, for every visit or for first or later ones."""
    service, kind, place = get_object_or_404(HealthcareService, pk=service_id), _variant(variant), clinic_or_refuse()
    row = PaymentTerms.objects.filter(service=service, variant=kind).first()
    usual = row or PaymentTerms.objects.filter(service=service, variant=Variant.ANY).first()
    form = TermsForm(
        sent(request),
        initial=TermsForm.initial_of(usual),
        service=service,
        hours=place.free_cancel_hours,
        may_prepay=may_prepay(place),
    )
    if request.method == "POST" and form.is_valid():
        try:
            save_terms(service=service, variant=kind, details=form.details, by=me(request), now=clock.now())
        except DrypointError as error:
            form.add_error(None, str(error.message))
        else:
            messages.success(request, _("Saved. It holds for what is booked from now on."))
            return SeeOther(reverse("staff:terms"))
    context = {"form": form, "service": service, "variant": kind, "row": row, "place": place}
    return page(request, "staff/terms_edit.html", context, status=422 if form.errors else 200)


@for_roles(*SETTLES, methods=("POST",))
def remove(request: HttpRequest, service_id: UUID, variant: str) -> HttpResponse:
    """First or later visits go by the terms of every visit again."""
    service = get_object_or_404(HealthcareService, pk=service_id)
    remove_terms(service=service, variant=_variant(variant), by=me(request), now=clock.now())
    messages.success(request, _("Removed."))
    return SeeOther(reverse("staff:terms"))


@for_roles(*DESK, methods=("GET", "HEAD", "POST"))
def of_patient(request: HttpRequest, patient_id: UUID) -> HttpResponse:
    """What was agreed with one patient instead; a manager changes it."""
    now, user = clock.now(), me(request)
    patient = get_object_or_404(patients_visible_to(user, now=now), pk=patient_id)
    held, place = terms_of_patient(patient), clinic_or_refuse()
    initial = {"way": held.way, "no_fees": held.no_fees} if held else {}
    form = PatientTermsForm(sent(request), initial=initial, may_prepay=may_prepay(place))
    if request.method == "POST" and form.is_valid():
        try:
            set_patient_terms(patient=patient, **form.cleaned_data, by=user, now=now)
        except DrypointError as error:
            form.add_error(None, str(error.message))
        else:
            messages.success(request, _("Saved. It holds for what is booked from now on."))
            return SeeOther(reverse("staff:patient-terms", args=[patient.pk]))
    context: dict[str, Any] = {
        "form": form,
        "patient": patient,
        "held": held,
        "misses": misses_of(patient),
        "earlier": PatientTerms.objects.filter(patient=patient).select_related("set_by"),
        "may_change": user.role == Role.MANAGER,
        "zone": place.time_zone,
    }
    return page(request, "staff/patient_terms.html", context, status=422 if form.errors else 200)


def _variant(slug: str) -> PaymentTerms.Variant:
    if slug not in Variant.values:
        raise Http404
    return Variant(slug)


def _shown(service: HealthcareService, place: Location) -> tuple[list[Line], list[PaymentTerms.Variant]]:
    """The terms that are set, and the variants that have none of their own."""
    rows = {one.variant: one for one in service.payment_terms.all()}
    lines = [
        Line(variant, rows.get(variant), _words(rows.get(variant), service, place))
        for variant in Variant
        if variant in rows or variant == Variant.ANY
    ]
    return lines, [variant for variant in (Variant.FIRST, Variant.RETURN) if variant not in rows]


def _words(row: PaymentTerms | None, service: HealthcareService, place: Location) -> list[str]:
    """What the terms say, sums of a percentage worked out for this service's price."""
    if row is None:
        return [_("Paid at the clinic. No fees.")]
    policy, price = policy_of(row, place), service.price_amount
    hours = ngettext("%(n)s hour", "%(n)s hours", policy.free_cancel_hours) % {"n": policy.free_cancel_hours}
    words = [row.get_way_display() + (f": {_part(policy.deposit, service)}" if row.way == "deposit" else "")]
    if policy.late_fee.of(price):
        said = {"hours": hours, "fee": _part(policy.late_fee, service)}
        words.append(_("Free to cancel or move until %(hours)s before, then %(fee)s") % said)
    else:
        words.append(_("Free to cancel or move until it begins"))
    if policy.no_show_fee.of(price):
        words.append(_("Not coming: %(fee)s") % {"fee": _part(policy.no_show_fee, service)})
    if policy.forgives_first_miss:
        words.append(_("The first miss costs nothing"))
    if policy.prepay_after_misses:
        misses = policy.prepay_after_misses
        words.append(
            ngettext(
                "Paid in full when booking after %(n)s miss", "Paid in full when booking after %(n)s misses", misses
            )
            % {"n": misses}
        )
    return words


def _part(part: Part, service: HealthcareService) -> str:
    worth = money(part.of(service.price_amount), service.currency)
    return worth if part.percent is None else f"{part.percent}% ({worth})"

"""Fees for late changes and missed visits: a manager says yes and can take it back for a day; cards of patients."""

from typing import get_args
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from booking.models import FeeCase
from booking.selectors.fee_cases import DONE_SHOWN_FOR, Shelf, fees_on, lines_of
from booking.services.cards import remove_card
from booking.services.fee_cases import approve_fee, undo_approval, waive_fee
from frontend.staff.frame import DESK, SeeOther, clinic_or_refuse, for_roles, me, page
from frontend.templatetags.presentation import moment, money
from intake import clock
from intake.errors import DrypointError
from intake.models import Role
from intake.selectors.patients import patients_visible_to

SHOWN = 100
_SHELVES: dict[Shelf, str | Promise] = {
    "decide": gettext_lazy("To decide"),
    "coming": gettext_lazy("Approved"),
    "link": gettext_lazy("Asked for by link"),
    "done": gettext_lazy("Done"),
}


class WaiverForm(forms.Form):
    """Why a fee is asked for no more."""

    reason = forms.ChoiceField(
        label=gettext_lazy("Why"),
        choices=[("", gettext_lazy("Choose…")), *FeeCase.Reason.choices],
        error_messages={"required": gettext_lazy("Please say why.")},
    )


@for_roles(*DESK)
def fees(request: HttpRequest) -> HttpResponse:
    """One part of the list."""
    return _list(request, _shelf(request.GET.get("show", "")))


@for_roles(Role.MANAGER, methods=("POST",))
def approve(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Take it, in a day."""
    case = approve_fee(case=_case(case_id), by=me(request), now=clock.now())
    said = {"sum": money(case.amount, case.currency), "when": moment(case.take_at, case.appointment.time_zone)}
    [line] = lines_of([case], now=clock.now())
    taken = _("%(sum)s will be taken on %(when)s. Until then you can undo it.")
    asked = _("A link to pay %(sum)s will be sent on %(when)s. Until then you can undo it.")
    messages.success(request, (taken if line.is_good else asked) % said)
    return _back(request, case, "coming")


@for_roles(Role.MANAGER, methods=("POST",))
def undo(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Not yet."""
    case = undo_approval(case=_case(case_id), by=me(request), now=clock.now())
    messages.success(request, _("Undone. Nothing is taken."))
    return _back(request, case, "decide")


@for_roles(*DESK, methods=("GET", "HEAD", "POST"))
def waive(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Ask for it no more: first the page that asks why, then it is kept."""
    case = _case(case_id)
    form, refusal = WaiverForm(request.POST if request.method == "POST" else None), None
    if form.is_bound and form.is_valid():
        try:
            waive_fee(case=case, reason=form.cleaned_data["reason"], by=me(request), now=clock.now())
        except DrypointError as error:
            refusal = error
        else:
            was_paid = case.state in (FeeCase.State.TAKEN, FeeCase.State.PAID)
            messages.success(request, _("Waived. What was paid for it goes back.") if was_paid else _("Waived."))
            return SeeOther(reverse("staff:visit", args=[case.appointment_id]) + "#money")
    [line] = lines_of([case], now=clock.now())
    context = {"form": form, "line": line, "refusal": refusal, "zone": case.appointment.time_zone}
    status = refusal.status if refusal else 422 if form.errors else 200
    return page(request, "staff/fee_waive.html", context, status=status)


@for_roles(*DESK, methods=("POST",))
def forget_card(request: HttpRequest, patient_id: UUID) -> HttpResponse:
    """The patient asks for the card to be forgotten."""
    user, now = me(request), clock.now()
    patient = get_object_or_404(patients_visible_to(user, now=now), pk=patient_id)
    remove_card(patient=patient, by=user, now=now)
    messages.success(request, _("The card is removed. We can't charge it any more."))
    return SeeOther(reverse("staff:patient", args=[patient.pk]))


def _list(request: HttpRequest, shelf: Shelf) -> HttpResponse:
    now = clock.now()
    found = fees_on(shelf, now=now)
    context = {
        "shelf": shelf,
        "shelves": [(key, words, fees_on(key, now=now).count()) for key, words in _SHELVES.items()],
        "lines": lines_of(found[:SHOWN], now=now),
        "more": max(0, found.count() - SHOWN),
        "zone": clinic_or_refuse().time_zone,
        "decides": me(request).role == Role.MANAGER,
        "days": DONE_SHOWN_FOR.days,
    }
    return page(request, "staff/fees.html", context)


def _back(request: HttpRequest, case: FeeCase, shelf: Shelf) -> HttpResponse:
    if request.POST.get("stood") == "visit":
        return SeeOther(reverse("staff:visit", args=[case.appointment_id]) + "#money")
    return SeeOther(f"{reverse('staff:fees')}?show={shelf}")


def _case(case_id: UUID) -> FeeCase:
    return get_object_or_404(FeeCase.objects.select_related("appointment__patient"), pk=case_id)


def _shelf(text: str) -> Shelf:
    return next((one for one in get_args(Shelf) if one == text), "decide")

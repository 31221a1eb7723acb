"""The worklist of what payers are asked for: to bill, billed, paid, denied, and how old it is."""

from datetime import datetime
from typing import get_args
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from booking.errors import PaymentDiffers, PaymentNotOffered
from booking.models import Claim, Payer
from booking.payments.ledger import balances_of
from booking.rules.walltime import wall_date
from booking.selectors.claims import (
    Ageing,
    Shelf,
    ageing,
    claims_among,
    claims_on,
    counts_by_shelf,
    lines_of,
    open_sum,
)
from booking.services.claims import (
    MOST_AT_ONCE,
    deny_claims,
    export_claims,
    mark_billed,
    record_payers_payment,
    record_taken_back,
)
from frontend.money_sentences import Words
from frontend.staff.frame import DESK, SeeOther, clinic_or_refuse, for_roles, me, page, sent
from frontend.staff.money_words import AGES
from frontend.staff.payer_forms import DenialForm, PayersPaymentForm, TakenBackForm
from frontend.templatetags.presentation import money
from intake import clock
from intake.errors import DrypointError
from intake.models import Role

SHOWN = 100
EXPORTED = 1000
_SHELVES: dict[Shelf, str | Promise] = {
    "to-bill": gettext_lazy("To bill"),
    "open": gettext_lazy("Billed"),
    "denied": gettext_lazy("Denied"),
    "paid": gettext_lazy("Paid"),
}


@for_roles(*DESK)
def claims(request: HttpRequest) -> HttpResponse:
    """One part of the list, for one payer or all; of what is billed, how old it is."""
    return _list(request, _shelf(request.GET.get("show", "")), _payer(request.GET.get("payer", "")))


@for_roles(*DESK)
def table(request: HttpRequest) -> HttpResponse:
    """The same as a file for a spreadsheet program. Who takes it is written down."""
    shelf, payer, now = _shelf(request.GET.get("show", "")), _payer(request.GET.get("payer", "")), clock.now()
    found = claims_on(shelf, payer=payer)
    if found.count() > EXPORTED:
        return _list(request, shelf, payer, refusal=DrypointError(_("These are too many for one table.")))
    content = export_claims(claims=found, by=me(request), now=now)
    day = wall_date(now, clinic_or_refuse().time_zone)
    return HttpResponse(
        content,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="claims-{day}.csv"'},
    )


@for_roles(*DESK, methods=("POST",))
def billed(request: HttpRequest) -> HttpResponse:
    """Note that the chosen ones were billed today."""
    chosen = _chosen(request)
    if not chosen:
        return _back(request)
    try:
        done = mark_billed(claims=chosen, by=me(request), now=clock.now())
    except DrypointError as error:
        return _list(request, "to-bill", _payer(request.POST.get("payer", "")), refusal=error)
    messages.success(request, ngettext("%(n)s visit is billed.", "%(n)s visits are billed.", done) % {"n": done})
    return _back(request)


@for_roles(*DESK, methods=("POST",))
def paid(request: HttpRequest) -> HttpResponse:
    """A payer's payment over the chosen claims: first the page with a sum for each, then, with `record`, it is kept."""
    chosen = [claim for claim in _chosen(request) if claim.state in Claim.OPEN]
    if not chosen:
        return _back(request)
    if len({(one.cover.payer_id, one.currency) for one in chosen}) > 1:
        return _list(request, "open", None, refusal=PaymentNotOffered(_("Choose visits of one payer only.")))
    if "record" not in request.POST:
        return _payment_page(request, PayersPaymentForm(claims=chosen))
    form = PayersPaymentForm(request.POST, claims=chosen)
    if not form.is_valid():
        return _payment_page(request, form, status=422)
    try:
        record_payers_payment(
            parts=form.parts,
            total=form.cleaned_data["total"],
            reference=form.cleaned_data["reference"],
            request_key=form.cleaned_data["request_key"],
            by=me(request),
            now=clock.now(),
        )
    except PaymentDiffers as error:
        form.add_error("total", _gap(error.details["difference"], form))
        return _payment_page(request, form, status=error.status)
    except DrypointError as error:
        form.add_error(None, str(error.message))
        return _payment_page(request, form, status=error.status)
    messages.success(request, _("%(sum)s noted.") % {"sum": money(form.cleaned_data["total"], form.currency)})
    return SeeOther(_address("open"))


@for_roles(*DESK, methods=("POST",))
def denied(request: HttpRequest) -> HttpResponse:
    """The payer says no to the chosen ones: first the page that asks why, then, with `record`, it is kept."""
    chosen = _chosen(request)
    if not chosen:
        return _back(request)
    form = DenialForm(request.POST if "record" in request.POST else None)
    refusal: DrypointError | None = None
    if "record" in request.POST and form.is_valid():
        try:
            deny_claims(claims=chosen, reason=form.cleaned_data["reason"], by=me(request), now=clock.now())
        except DrypointError as error:
            refusal = error
        else:
            messages.success(request, _("Noted. What is left is for the patient now; nothing is charged by itself."))
            return SeeOther(_address("denied"))
    status = refusal.status if refusal else 422 if form.errors else 200
    context = {"form": form, "claims": chosen, "refusal": refusal, "zone": clinic_or_refuse().time_zone}
    return page(request, "staff/claims_denied.html", context, status=status)


@for_roles(*DESK, methods=("GET", "HEAD", "POST"))
def taken_back(request: HttpRequest, claim_id: UUID) -> HttpResponse:
    """A payer takes back what it paid for a visit: how much."""
    claim = get_object_or_404(claims_among([claim_id]), paid_amount__gt=0)
    form = TakenBackForm(sent(request), claim=claim)
    if form.is_valid():
        try:
            record_taken_back(claim=claim, **form.cleaned_data, by=me(request), now=clock.now())
        except DrypointError as error:
            form.add_error("amount", str(error.message))
        else:
            messages.success(request, _("Noted. What is left is for the patient now; nothing is charged by itself."))
            return SeeOther(_address("denied"))
    status = 422 if form.errors else 200
    return page(request, "staff/claim_taken_back.html", {"form": form, "claim": claim}, status=status)


def _list(
    request: HttpRequest, shelf: Shelf, payer: Payer | None, *, refusal: DrypointError | None = None
) -> HttpResponse:
    zone, now = clinic_or_refuse().time_zone, clock.now()
    found = claims_on(shelf, payer=payer)
    shown = list(found[:SHOWN])
    counts = counts_by_shelf()
    dues = _dues(shown) if shelf == "denied" else {}
    context = {
        "shelf": shelf,
        "shelves": [(key, words, counts[key], _address(key, payer)) for key, words in _SHELVES.items()],
        "payer": payer,
        "payers": list(Payer.objects.filter(covers__claims__isnull=False).distinct()),
        "lines": [(line, dues.get(line.claim.appointment_id)) for line in lines_of(shown, zone=zone, now=now)],
        "more": max(0, found.count() - SHOWN),
        "sums": open_sum(found),
        "ageing": _ageing(zone, now) if shelf == "open" else [],
        "zone": zone,
        "refusal": refusal,
        "may_settle": me(request).role == Role.MANAGER,
    }
    return page(request, "staff/claims.html", context, status=refusal.status if refusal else 200)


def _ageing(zone: str, now: datetime) -> list[tuple[Ageing, list[tuple[Words, int]]]]:
    """What is open with each payer, every sum with the words of its age."""
    return [(row, list(zip(AGES.values(), row.sums, strict=True))) for row in ageing(zone=zone, now=now)]


def _dues(shown: list[Claim]) -> dict[UUID, int]:
    """What the patients still owe for the visits that nobody else pays."""
    return {pk: balance.due for pk, balance in balances_of([claim.appointment for claim in shown]).items()}


def _payment_page(request: HttpRequest, form: PayersPaymentForm, status: int = 200) -> HttpResponse:
    rows = [(claim, form[form.name_of(claim)]) for claim in form.claims]
    context = {
        "form": form,
        "rows": rows,
        "payer": form.claims[0].cover.payer,
        "expected": sum(claim.rest for claim in form.claims),
        "currency": form.currency,
    }
    return page(request, "staff/claims_paid.html", context, status=status)


def _gap(difference: int, form: PayersPaymentForm) -> str:
    said = {"gap": money(abs(difference), form.currency)}
    if difference > 0:
        return _("The sum is %(gap)s more than what you entered for the visits.") % said
    return _("The sum is %(gap)s less than what you entered for the visits.") % said


def _chosen(request: HttpRequest) -> list[Claim]:
    ids = []
    for text in request.POST.getlist("claim")[:MOST_AT_ONCE]:
        try:
            ids.append(UUID(text))
        except ValueError:
            continue
    return list(claims_among(ids)) if ids else []


def _back(request: HttpRequest) -> HttpResponse:
    if not request.POST.getlist("claim"):
        messages.warning(request, _("Choose at least one visit."))
    return SeeOther(_address(_shelf(request.POST.get("show", "")), _payer(request.POST.get("payer", ""))))


def _address(shelf: Shelf, payer: Payer | None = None) -> str:
    said = {"show": shelf} | ({"payer": str(payer.pk)} if payer else {})
    return f"{reverse('staff:claims')}?{urlencode(said)}"


def _shelf(text: str) -> Shelf:
    return next((one for one in get_args(Shelf) if one == text), "to-bill")


def _payer(text: str) -> Payer | None:
    try:
        return Payer.objects.filter(pk=UUID(text)).first()
    except ValueError:
        return None

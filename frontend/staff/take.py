"""Money of one visit changes hands: taken at the desk, given back, or asked for by mail."""

from collections.abc import Sequence
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from booking.errors import MoreThanDue, ReasonNeeded, RefundAboveLimit, RefundTooLarge
from booking.feeds.amounts import money
from booking.models import Appointment
from booking.payments.desk_gateway import Part
from booking.payments.ledger import balance_of
from booking.services.desk_money import ONLINE, give_back, take_payment
from booking.services.pay_links import end_pay_link, send_pay_link
from frontend.staff.frame import CLINIC, DESK, SeeOther, for_roles, me, prove_again
from frontend.staff.money_words import sums_in_words
from frontend.staff.visit_money import give_back_form_of, read_take_form
from frontend.staff.visits import render_visit, visible_visit
from intake import clock
from intake.errors import DrypointError


@for_roles(*CLINIC, methods=("POST",))
def paid(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """Write down what was paid at the desk."""
    visit = visible_visit(request, appointment_id)
    form = read_take_form(request.POST, visit)
    if not form.is_valid():
        return render_visit(request, visit, take_form=form, status=422)
    key = form.cleaned_data["request_key"]
    try:
        take_payment(appointment=visit, parts=form.parts, request_key=key, by=me(request), now=clock.now())
    except MoreThanDue as error:
        form.add_error("amount", _more_than_due(error, visit))
        return render_visit(request, visit, take_form=form, status=error.status)
    except DrypointError as error:
        visit.refresh_from_db()
        return render_visit(request, visit, refusal=error, status=error.status)
    messages.success(request, _taken(form.parts, visit.currency))
    return _back_to_money(visit)


@for_roles(*DESK, methods=("POST",))
def given_back(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """Give money back, at the desk or on the card, after showing once more who one is."""
    visit = visible_visit(request, appointment_id)
    prove_again(request)
    form = give_back_form_of(visit, balance_of(visit), request.POST)
    if form is None:
        return render_visit(request, visit, refusal=RefundTooLarge(left=0), status=RefundTooLarge.status)
    if not form.is_valid():
        return render_visit(request, visit, give_back_form=form, status=422)
    said = form.cleaned_data
    try:
        give_back(appointment=visit, **said, by=me(request), now=clock.now())
    except (RefundAboveLimit, RefundTooLarge, ReasonNeeded) as error:
        form.add_error("reason" if isinstance(error, ReasonNeeded) else "amount", _why_not_back(error, visit))
        return render_visit(request, visit, give_back_form=form, status=error.status)
    except DrypointError as error:
        visit.refresh_from_db()
        return render_visit(request, visit, refusal=error, status=error.status)
    words = _("%(sum)s is on its way back to the card.") if said["method"] == ONLINE else _("%(sum)s given back.")
    messages.success(request, words % {"sum": money(said["amount"], visit.currency)})
    return _back_to_money(visit)


@for_roles(*CLINIC, methods=("POST",))
def link_sent(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """Send a link to pay what is due, or the same link once more."""
    visit = visible_visit(request, appointment_id)
    try:
        send_pay_link(appointment=visit, by=me(request), now=clock.now())
    except DrypointError as error:
        return render_visit(request, visit, refusal=error, status=error.status)
    messages.success(request, _("The link to pay is on its way."))
    return _back_to_money(visit)


@for_roles(*CLINIC, methods=("POST",))
def link_ended(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """Let nobody pay by the link any more."""
    visit = visible_visit(request, appointment_id)
    end_pay_link(appointment=visit, by=me(request), now=clock.now())
    messages.success(request, _("The link does not work any more."))
    return _back_to_money(visit)


def _back_to_money(visit: Appointment) -> HttpResponse:
    return SeeOther(reverse("staff:visit", args=[visit.pk]) + "#money")


def _taken(parts: Sequence[Part], currency: str) -> str:
    said = {"sum": money(sum(part.amount for part in parts), currency)}
    if len(parts) == 1:
        return _("%(sum)s taken.") % said
    ways = sums_in_words(((part.method, part.amount) for part in parts), currency)
    return _("%(sum)s taken: %(ways)s.") % (said | {"ways": ways})


def _more_than_due(error: MoreThanDue, visit: Appointment) -> str:
    due = error.details["due"]
    if not due:
        return _("Nothing is due any more.")
    return _("Only %(sum)s is due.") % {"sum": money(due, visit.currency)}


def _why_not_back(error: DrypointError, visit: Appointment) -> str:
    if isinstance(error, RefundAboveLimit):
        limit = money(error.details["limit"], visit.currency)
        return _("Reception gives back up to %(sum)s for one visit. A manager can do this.") % {"sum": limit}
    if isinstance(error, RefundTooLarge):
        return _("Only %(sum)s can be given back this way.") % {"sum": money(error.details["left"], visit.currency)}
    if visit.status in (Appointment.Status.CANCELLED, Appointment.Status.NOSHOW):
        return _("This is kept as a fee. Waive the fee first.")
    return _("The patient does not overpay. Please say why this is given back.")

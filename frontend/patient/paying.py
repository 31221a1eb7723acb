"""Paying, or leaving a card, on Stripe's page, and coming back from it: what is shown is what is so."""

from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods

from booking.errors import BookingError, PaymentNotOffered, StripeUnavailable
from booking.models import Appointment
from booking.payments.models import Payment
from booking.selectors.cards import card_asked_for
from booking.selectors.terms import may_pay_at_desk
from booking.services.card_settlement import settle_card
from booking.services.cards import go_on_without_card
from booking.services.checkout import checkout_for, settle, switch_to_desk
from frontend.patient.pages import private
from frontend.patient.terms import terms_of_visit
from frontend.patient.times import times_of
from frontend.patient.way import Way
from intake.clock import now

State = Payment.State
LOOK_AGAIN_SECONDS = 5


class SeeOther(HttpResponseRedirect):
    """303: go and look there, by GET."""

    status_code = 303


@private
@require_http_methods(["GET", "HEAD", "POST"])
def pay(request: HttpRequest) -> HttpResponse:
    """The way to Stripe's page; if it can't be reached: try again, or pay at the clinic. The time stays held."""
    way, moment = Way(request), now()
    visit = way.visit
    if visit is None or not way.is_proven:
        return redirect("patient:visit")
    if visit.awaiting != Appointment.Awaiting.PAYMENT or (_deposit(visit) is None and card_asked_for(visit) is None):
        return redirect("patient:visit")
    if request.method != "POST":
        return _pay_page(request, visit)
    if request.POST.get("how") != "desk":
        return go_and_pay(request, visit, moment)
    try:
        if not may_pay_at_desk(visit):
            raise PaymentNotOffered
        at_desk = switch_to_desk if _deposit(visit) else go_on_without_card
        at_desk(appointment=visit, now=moment)
    except BookingError as problem:
        messages.warning(request, str(problem.message))
    return redirect("patient:visit")


def go_and_pay(request: HttpRequest, visit: Appointment, moment: datetime) -> HttpResponse:
    """On to Stripe's page; if it can't be reached, to the page that offers another try or the desk."""
    try:
        return SeeOther(checkout_for(appointment=visit, now=moment))
    except StripeUnavailable as problem:
        return _pay_page(request, visit, problem=problem)
    except BookingError as problem:
        messages.warning(request, str(problem.message))
        return redirect("patient:visit")


@private
@require_GET
def paid(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """Back from Stripe: booked, still being checked, or not paid. Never "failed" while it may still succeed."""
    way, moment = Way(request), now()
    visit = way.visit
    if visit is None or visit.pk != appointment_id or not way.is_proven:
        return render(request, "patient/paid_elsewhere.html")
    payment, card = _deposit(visit), card_asked_for(visit)
    if payment is None and card is None:
        return redirect("patient:visit")
    try:
        if payment is not None:
            payment = settle(payment=payment, now=moment)
        elif card is not None:
            settle_card(card=card, now=moment)
    except StripeUnavailable:
        return _waiting(request, visit)
    visit.refresh_from_db()
    if visit.awaiting != Appointment.Awaiting.PAYMENT and visit.status != Appointment.Status.CANCELLED:
        return redirect("patient:visit")
    if visit.status == Appointment.Status.CANCELLED and (payment is None or payment.state in Payment.FINAL):
        released = payment is not None and payment.state == State.VOIDED
        words = gettext("Your card was not charged.") if released else gettext("Nothing was charged.")
        messages.warning(request, f"{visit.get_cancel_reason_display().capitalize()}. {words}")
        return times_of(visit)
    return _waiting(request, visit)


@private
@require_GET
def unpaid(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """Back from Stripe without paying: to the ways to pay, or to the mail of whoever booked elsewhere."""
    way = Way(request)
    visit = way.visit
    if visit is None or visit.pk != appointment_id or not way.is_proven:
        return render(request, "patient/unpaid_elsewhere.html")
    return redirect("patient:pay")


def _waiting(request: HttpRequest, visit: Appointment) -> HttpResponse:
    context = {"visit": visit, "again_in": LOOK_AGAIN_SECONDS}
    return render(request, "patient/payment_waiting.html", context)


def _pay_page(request: HttpRequest, visit: Appointment, problem: BookingError | None = None) -> HttpResponse:
    context = {
        "visit": visit,
        "terms": terms_of_visit(visit, now=now()),
        "may_pay_at_desk": may_pay_at_desk(visit),
        "problem": problem,
    }
    return render(request, "patient/pay.html", context, status=problem.status if problem else 200)


def _deposit(visit: Appointment) -> Payment | None:
    """The online deposit of this visit, the latest one."""
    deposits = visit.payments.filter(purpose=Payment.Purpose.DEPOSIT, gateway=Payment.Gateway.STRIPE)
    return deposits.order_by("-created_at").first()

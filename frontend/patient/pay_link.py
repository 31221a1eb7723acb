"""Paying by the link of a mail: how much, what for in neutral words, on to Stripe's page, and back."""

from typing import Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from booking.errors import BookingError, StripeUnavailable
from booking.feeds.amounts import money
from booking.models import PayLink
from booking.payments.models import Payment
from booking.selectors.pay_links import link_by_id, link_by_token
from booking.services.paying_by_link import asked_by, look_after, page_to_pay
from frontend.patient.pages import private
from frontend.patient.paying import LOOK_AGAIN_SECONDS, SeeOther
from frontend.patient.visit import LINKS_AN_HOUR, WINDOW
from intake.clock import now
from intake.errors import TooManyAttempts
from intake.origin import address_of
from intake.services.limits import count_attempt

OPEN_LINK: Final = "pay.link"  # the link that this browser has opened


@private
@require_GET
def open_link(request: HttpRequest, token: str) -> HttpResponse:
    """Exchange the link for a cookie, so that its token stands in no later address, nor in Stripe's."""
    try:
        count_attempt(key=f"pay-link:{address_of(request)}", limit=LINKS_AN_HOUR, window=WINDOW, now=now())
    except TooManyAttempts as problem:
        return _nothing_here(request, problem.status)
    link = link_by_token(token)
    if link is None:
        return _nothing_here(request)
    request.session[OPEN_LINK] = str(link.pk)
    return redirect("patient:pay-link")


@private
@require_http_methods(["GET", "HEAD", "POST"])
def pay(request: HttpRequest) -> HttpResponse:
    """How much is due and what for; the button leads to Stripe's page."""
    link = _link(request)
    if link is None:
        return _nothing_here(request)
    if request.method != "POST":
        return _page(request, link)
    try:
        return SeeOther(page_to_pay(link=link, now=now()))
    except BookingError as problem:
        return _page(request, link, problem)


@private
@require_GET
def paid(request: HttpRequest) -> HttpResponse:
    """Back from Stripe: paid, or still being checked. Never "failed" while it may still succeed."""
    link = _link(request)
    if link is None:
        return _nothing_here(request)
    try:
        payment = look_after(link=link, now=now())
    except StripeUnavailable:
        return _checking(request)
    if payment is not None and payment.state == Payment.State.OPEN:
        return _checking(request)
    if payment is not None and payment.state == Payment.State.CAPTURED:
        said = {"sum": money(payment.amount, payment.currency)}
        messages.success(request, _("Thank you. We have received your %(sum)s.") % said)
    return redirect("patient:pay-link")


def _page(request: HttpRequest, link: PayLink, problem: BookingError | None = None) -> HttpResponse:
    visit = link.appointment
    known = visit.patient is not None and visit.patient.contact_verified_at is not None
    context = {
        "asked": asked_by(link, now=now()),
        "currency": visit.currency,
        "clinic_of_visit": visit.location,
        "day": visit.start if known else None,  # whose mailbox it is, nobody has shown yet
        "zone": visit.time_zone,
        "problem": problem,
    }
    return render(request, "patient/pay_link.html", context, status=problem.status if problem else 200)


def _checking(request: HttpRequest) -> HttpResponse:
    return render(request, "patient/pay_link_checking.html", {"again_in": LOOK_AGAIN_SECONDS})


def _nothing_here(request: HttpRequest, status: int = 404) -> HttpResponse:
    return render(request, "patient/pay_link_unknown.html", status=status)


def _link(request: HttpRequest) -> PayLink | None:
    known = request.session.get(OPEN_LINK)
    return link_by_id(UUID(known)) if known else None

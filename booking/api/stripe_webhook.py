"""Where Stripe's events arrive."""

from django.http import HttpRequest, HttpResponse


def receive_stripe_event(request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=503)

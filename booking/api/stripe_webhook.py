"""Where Stripe's events arrive."""

import logging

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from booking.errors import EventRefused
from booking.services.stripe_events import store_event
from intake.clock import now

LARGEST_BODY = 128 * 1024
log = logging.getLogger(__name__)


@csrf_exempt  # no browser and no cookie: the signature is the proof
@require_POST
def receive_stripe_event(request: HttpRequest) -> HttpResponse:
    """Keep a signed event and say so; 400 for everything else. What it means is looked into later."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST_BODY:
        return HttpResponse("too large", status=413, content_type="text/plain")
    try:
        store_event(payload=request.body, signature=request.headers.get("Stripe-Signature", ""), now=now())
    except EventRefused as refusal:
        why = type(refusal.__cause__).__name__ if refusal.__cause__ else "not signed, stale, or of the other mode"
        log.warning("An event refused: %s", why)
        return HttpResponse(refusal.code, status=refusal.status, content_type="text/plain")
    return HttpResponse("kept", content_type="text/plain")

"""Where the mail provider tells that a mail arrived, came back, or was reported as unwanted."""

import logging
from typing import Final

from anymail.exceptions import AnymailWebhookValidationFailure
from anymail.signals import AnymailTrackingEvent, EventType, RejectReason
from anymail.webhooks.base import AnymailCoreWebhookView
from anymail.webhooks.mailgun import MailgunTrackingWebhookView
from anymail.webhooks.postmark import PostmarkTrackingWebhookView
from anymail.webhooks.resend import ResendTrackingWebhookView
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from booking.errors import BookingError, EventRefused
from booking.reminders.models import DeliveryReport
from booking.services.delivery_reports import Report, note_report
from intake.clock import now

LARGEST_BODY: Final = 128 * 1024
log = logging.getLogger(__name__)

What = DeliveryReport.What
_PROVIDERS: Final[dict[str, type[AnymailCoreWebhookView]]] = {
    "mailgun": MailgunTrackingWebhookView,
    "postmark": PostmarkTrackingWebhookView,
    "resend": ResendTrackingWebhookView,
}
_WHAT: Final = {
    EventType.DELIVERED: What.DELIVERED,
    EventType.BOUNCED: What.BOUNCED,
    EventType.REJECTED: What.FAILED,
    EventType.FAILED: What.FAILED,
    EventType.COMPLAINED: What.COMPLAINED,
}
_NEVER: Final = (RejectReason.BOUNCED, RejectReason.INVALID)


@csrf_exempt  # no browser and no cookie: the provider's proof is checked
@require_POST
def receive_mail_event(request: HttpRequest) -> HttpResponse:
    """Keep proven reports; 400 for everything else, 404 for a message that we don't know (yet)."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST_BODY:
        return HttpResponse("too large", status=413, content_type="text/plain")
    try:
        for event in _events(request):
            if what := _WHAT.get(event.event_type):
                note_report(report=_report(event, what), now=now())
    except BookingError as refusal:
        log.warning("A mail event refused: %s", refusal.code)
        return HttpResponse(refusal.code, status=refusal.status, content_type="text/plain")
    return HttpResponse("kept", content_type="text/plain")


def _events(request: HttpRequest) -> list[AnymailTrackingEvent]:
    """The events of a request that the provider has proven to be its own, as anymail reads them."""
    view = _PROVIDERS.get(settings.MAIL_PROVIDER)
    if view is None or not settings.MAIL_WEBHOOK_SECRET:
        raise EventRefused
    reader = view()
    try:
        reader.run_validators(request)
        events: list[AnymailTrackingEvent] = reader.parse_events(request)
    except (AnymailWebhookValidationFailure, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise EventRefused from error
    return events


def _report(event: AnymailTrackingEvent, what: DeliveryReport.What) -> Report:
    fails = what == What.BOUNCED and event.reject_reason in _NEVER
    return Report(
        row=str((event.metadata or {}).get("communication", "")),
        provider_id=str(event.message_id or ""),
        what=what,
        words=str(event.reject_reason or ""),  # what servers say may hold the address or more
        address_fails=fails,
    )

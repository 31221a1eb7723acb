"""Where Twilio tells what became of a text, and what somebody texted us."""

import base64
import hashlib
import hmac
import logging
from typing import Final
from xml.sax.saxutils import escape

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from booking.errors import BookingError, EventRefused
from booking.reminders.models import DeliveryReport
from booking.services.delivery_reports import Report, note_report
from booking.services.incoming_texts import take_text
from intake.clock import now

log = logging.getLogger(__name__)

What = DeliveryReport.What
_ENDS: Final = {"delivered": What.DELIVERED, "undelivered": What.FAILED, "failed": What.FAILED}
# Twilio's errors that hold for good: 21211 no number, 21614 and 30006 a landline, 30005 nobody has it.
_NEVER: Final = frozenset({"21211", "21614", "30005", "30006"})


@csrf_exempt  # no browser and no cookie: the signature is the proof
@require_POST
def receive_sms_event(request: HttpRequest) -> HttpResponse:
    """Keep a signed report or text, answering a text at once; 400 for what is not signed."""
    try:
        _require_signature(request)
        return _report(request) if "MessageStatus" in request.POST else _text(request)
    except BookingError as refusal:
        log.warning("A text message event refused: %s", refusal.code)
        return HttpResponse(refusal.code, status=refusal.status, content_type="text/plain")


def signature_of(*, url: str, fields: list[tuple[str, str]], token: str) -> str:
    """Twilio's: the whole address and each name and value in order, keyed with the account's password."""
    signed = url + "".join(f"{name}{value}" for name, value in sorted(set(fields)))
    return base64.b64encode(hmac.digest(token.encode(), signed.encode(), hashlib.sha1)).decode()


def _require_signature(request: HttpRequest) -> None:
    token = settings.TWILIO_AUTH_TOKEN
    fields = [(name, value) for name, values in request.POST.lists() for value in values]
    wanted = signature_of(url=f"{settings.SITE_URL}{request.get_full_path()}", fields=fields, token=token)
    given = request.headers.get("X-Twilio-Signature", "")
    if not token or not hmac.compare_digest(wanted.encode(), given.encode()):
        raise EventRefused
    if request.POST.get("AccountSid") != settings.TWILIO_ACCOUNT_SID or not request.POST.get("MessageSid"):
        raise EventRefused


def _report(request: HttpRequest) -> HttpResponse:
    what, error = _ENDS.get(request.POST["MessageStatus"]), request.POST.get("ErrorCode", "")
    if what is not None:  # the steps on the way tell nothing
        report = Report(
            row=request.GET.get("row", ""),
            provider_id=request.POST["MessageSid"],
            what=What.BOUNCED if error in _NEVER else what,
            words=error,
            address_fails=error in _NEVER,
        )
        note_report(report=report, now=now())
    return HttpResponse("kept", content_type="text/plain")


def _text(request: HttpRequest) -> HttpResponse:
    answer = take_text(
        provider_id=request.POST["MessageSid"],
        sender=request.POST.get("From", "")[:32],
        text=request.POST.get("Body", ""),
        answered_there=request.POST.get("OptOutType", ""),
        now=now(),
    )
    message = f"<Message>{escape(answer)}</Message>" if answer else ""
    return HttpResponse(
        f'<?xml version="1.0" encoding="UTF-8"?><Response>{message}</Response>', content_type="text/xml; charset=utf-8"
    )

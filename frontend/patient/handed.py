"""A browser that asks the questions of one visit and shows nothing else: the clinic's device or the patient's."""

from datetime import UTC, datetime, timedelta
from typing import Final

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from booking.models import Appointment
from booking.selectors.appointments import with_relations
from frontend.patient.pages import private
from intake.clock import now
from intake.errors import TooManyAttempts
from intake.origin import address_of
from intake.services.limits import count_attempt

HANDED: Final = "recheck.handed"  # the visit that this browser was handed over for, until when, and whose device it is
ENDED: Final = "recheck.ended"  # how the questions ended on it
HANDED_FOR: Final = timedelta(minutes=20)
HOUR: Final = timedelta(hours=1)
CODES_AN_HOUR: Final = 60
_SIGNER: Final = signing.Signer(salt="recheck.own-phone")


def hand_over(request: HttpRequest, visit: Appointment, *, now: datetime) -> None:
    """From here on this browser asks the questions of one visit and shows nothing else; whoever was signed in must be
    signed out before.
    """
    request.session[HANDED] = {"visit": str(visit.pk), "until": (now + HANDED_FOR).isoformat()}


def link_for_own_phone(visit: Appointment, *, now: datetime) -> str:
    """An address for the phone of who stands at the desk: for 20 minutes it asks the questions of this visit, and shows
    nothing that was answered before.
    """
    token = _SIGNER.sign(f"{visit.pk.hex}.{int((now + HANDED_FOR).timestamp())}")
    return settings.SITE_URL + reverse("patient:own-phone", args=[token])


def is_handed(request: HttpRequest) -> bool:
    return HANDED in request.session


def is_own(request: HttpRequest) -> bool:
    return bool(request.session.get(HANDED, {}).get("own"))


@private
@require_GET
def own_phone(request: HttpRequest, token: str) -> HttpResponse:
    """Exchange the code of the desk for a session that asks these questions, whoever was signed in here before."""
    moment = now()
    try:
        count_attempt(key=f"own-phone:{address_of(request)}", limit=CODES_AN_HOUR, window=HOUR, now=moment)
        said, _dot, until = _SIGNER.unsign(token).partition(".")
        ends = datetime.fromtimestamp(int(until), UTC)
    except TooManyAttempts as problem:
        return render(request, "patient/no_visit.html", {"problem": problem}, status=problem.status)
    except signing.BadSignature:
        return render(request, "patient/no_visit.html", status=404)
    visit = with_relations().filter(pk=said).first()
    if visit is None or ends <= moment:
        return render(request, "patient/no_visit.html", status=404)
    request.session.flush()
    request.session[HANDED] = {"visit": str(visit.pk), "until": ends.isoformat(), "own": True}
    return redirect("patient:check-begin")

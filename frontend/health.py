"""Two addresses for whoever watches the machine."""

from datetime import datetime

from django.db import DatabaseError
from django.http import HttpRequest, JsonResponse

from booking.rules.health import problems_in
from booking.selectors.health import signs_of_work
from intake.clock import now


def healthz(request: HttpRequest) -> JsonResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


def readyz(request: HttpRequest) -> JsonResponse:
    """The database answers too, and what is done beside the pages gets done: seen at what the parts left behind. The
    broker is not asked: bookings go on without it, so who balances requests asks /healthz.
    """
    moment = now()
    try:
        signs = signs_of_work()
    except DatabaseError as error:
        return JsonResponse({"status": "unavailable", "reasons": [f"database: {type(error).__name__}"]}, status=503)
    problems = problems_in(signs, now=moment)
    ages = {
        "oldest_due_seconds": _age(signs.oldest_due_at, moment),
        "beat_seen_seconds": _age(signs.beat_seen_at, moment),
        "worker_seen_seconds": _age(signs.worker_seen_at, moment),
        "senders_held": signs.held,
    }
    status = "unavailable" if problems else "ok"
    return JsonResponse({"status": status, "reasons": list(problems), **ages}, status=503 if problems else 200)


def _age(since: datetime | None, moment: datetime) -> int | None:
    """Whole seconds since then; None if there is nothing, or only something to come."""
    return int((moment - since).total_seconds()) if since and since <= moment else None

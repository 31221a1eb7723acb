"""The calendar behind a secret address, for calendar programs; they have no cookie, so the address is the key."""

from datetime import timedelta
from typing import Final

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from booking.feeds.webcal import feed_calendar, feed_mark
from booking.selectors.feeds import feed_by_token, visits_in
from intake.clock import now
from intake.errors import TooManyAttempts
from intake.origin import address_of
from intake.services.limits import count_attempt
from intake.tokens import hash_token

WINDOW: Final = timedelta(hours=1)
READS: Final = 120  # of one calendar: several programs, each every few minutes
GUESSES: Final = 30  # from one network address


@require_safe
def calendar_feed(request: HttpRequest, token: str) -> HttpResponse:
    """The visits, or 304 if nothing changed since the program looked."""
    moment = now()
    feed = feed_by_token(token)
    try:
        if feed is None:
            count_attempt(key=f"feed-guess:{address_of(request)}", limit=GUESSES, window=WINDOW, now=moment)
            raise Http404
        count_attempt(key=f"feed:{hash_token(token)}", limit=READS, window=WINDOW, now=moment)
    except TooManyAttempts as refusal:
        return HttpResponse(status=refusal.status, headers={"Retry-After": str(refusal.details["retry_after"])})
    visits = list(visits_in(feed, now=moment))
    mark = feed_mark(feed, visits)
    response = get_conditional_response(request, etag=mark) or HttpResponse(feed_calendar(feed, visits, now=moment))
    response["Content-Type"] = "text/calendar; charset=utf-8"
    response["ETag"] = mark
    response["Cache-Control"] = "private, max-age=300"
    response["X-Robots-Tag"] = "noindex"
    return response

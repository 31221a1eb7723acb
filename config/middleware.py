"""What every request passes through: unreadable input is refused, and its origin remembered for the trail."""

from collections.abc import Callable
from urllib.parse import unquote_to_bytes

from django.http import HttpRequest, HttpResponse
from django.utils.decorators import sync_only_middleware

from config.problems import plain_problem
from intake.origin import address_of, coming_from

Handler = Callable[[HttpRequest], HttpResponse]


def _readable(raw: str) -> bool:
    """Whether a percent-encoded part of an address is UTF-8 without NUL."""
    decoded = unquote_to_bytes(raw)
    if b"\0" in decoded:
        return False
    try:
        decoded.decode()
    except UnicodeDecodeError:
        return False
    return True


@sync_only_middleware
def refuse_unreadable_input(get_response: Handler) -> Handler:
    """Answer 400 to a path or query with NUL or broken UTF-8 (each made a 500 on this stack when tried)."""

    def middleware(request: HttpRequest) -> HttpResponse:
        path = request.META.get("PATH_INFO", "")
        if "\0" in path or "\ufffd" in path or not _readable(request.META.get("QUERY_STRING", "")):
            title = "The address has characters that can't be read."
            if path.startswith("/api/"):
                return plain_problem(400, "invalid", title)
            return HttpResponse(title, status=400, content_type="text/plain")
        return get_response(request)

    return middleware


@sync_only_middleware
def remember_origin(get_response: Handler) -> Handler:
    """Every AuditEvent written while a request is answered says from which network address it came."""

    def middleware(request: HttpRequest) -> HttpResponse:
        with coming_from(address_of(request)):
            return get_response(request)

    return middleware

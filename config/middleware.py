"""Refuses input that no database can hold before any view reads it."""

from collections.abc import Callable
from urllib.parse import unquote_to_bytes

from django.http import HttpRequest, HttpResponse
from django.utils.decorators import sync_only_middleware

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
            return HttpResponse("The address has characters that can't be read.", status=400, content_type="text/plain")
        return get_response(request)

    return middleware

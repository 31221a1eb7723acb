"""An address that only takes what a form sends, opened as a link: reloaded, shared, or kept in a tab."""

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import is_valid_path, resolve, reverse
from django.utils.decorators import sync_only_middleware

Handler = Callable[[HttpRequest], HttpResponse]
_OURS: Final = ("patient", "staff")
_ELSEWHERE: Final = {  # whose button does not stand on the page above
    "patient:more-time": "patient:details",
    "patient:wait-step": "patient:wait",
    "patient:open-visit": "patient:visits",
}


@sync_only_middleware
def lead_to_the_page(get_response: Handler) -> Handler:
    """Lead to the page that the form stands on, instead of an empty "method not allowed"; nothing is changed."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if response.status_code == 405 and request.method in ("GET", "HEAD"):
            page = page_of(request.path)
            return redirect(page) if page else response
        return response

    return middleware


def page_of(path: str) -> str:
    """The page to which an address of ours belongs: the nearest one above it. Empty for what is no page."""
    match = resolve(path)
    if match.namespace not in _OURS:
        return ""
    if match.view_name in _ELSEWHERE:
        return reverse(_ELSEWHERE[match.view_name])
    parts = path.strip("/").split("/")[:-1]
    above = ("/".join(["", *parts[:count], ""]) for count in range(len(parts), 0, -1))
    return next(filter(is_valid_path, above), "/")

"""Errors as RFC 9457 problem+json: everywhere under /api/, with a stable `code`."""

import logging
from collections.abc import Callable
from dataclasses import asdict, is_dataclass
from typing import Any, Final

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

from frontend import errors as pages
from intake.errors import DrypointError

logger = logging.getLogger(__name__)

CONTENT_TYPE: Final = "application/problem+json"
_CODES: Final = {
    400: "invalid", 401: "not-signed-in", 403: "not-allowed", 404: "not-found", 405: "method-not-allowed",
    406: "not-acceptable", 413: "too-large", 415: "unsupported-media-type", 429: "too-many-attempts",
}  # fmt: skip
_KEPT_HEADERS: Final = ("WWW-Authenticate", "Retry-After", "Allow")


def problem_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: every foreseen error becomes a problem; the others go on and are a 500."""
    if isinstance(error, DrypointError):
        return _of_ours(error)
    if isinstance(error, OperationalError | InterfaceError):
        return _of_database(error)
    if isinstance(error, RequestDataTooBig):
        return problem(413, "too-large", _("The request is too large."))
    if isinstance(error, SuspiciousOperation | UnreadablePostError):
        return problem(400, "invalid", _("The request can't be read."))
    response = exception_handler(error, context)
    return None if response is None else _of_framework(error, response)


def problem(status: int, code: str, title: str, **more: Any) -> Response:
    """One problem; `more` are members of its own, `retry_after` (seconds) a header too."""
    response = Response(_body(status, code, title, more), status=status, content_type=CONTENT_TYPE)
    if "retry_after" in more:
        response.headers["Retry-After"] = str(more["retry_after"])
    return response


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, 400, _("The request can't be read."), lambda: pages.bad_request(request, exception))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, 403, _("You can't do this."), lambda: pages.forbidden(request, exception))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, 404, _("There is nothing here."), lambda: pages.not_found(request, exception))


def broken(request: HttpRequest) -> HttpResponse:
    return _answer(request, 500, _("Something went wrong on our side."), lambda: pages.broken(request))


def plain_problem(status: int, code: str, title: str) -> HttpResponse:
    """A problem outside DRF: from a middleware, or Django's own error handlers."""
    return JsonResponse(_body(status, code, title, {}), status=status, content_type=CONTENT_TYPE)


def _of_ours(error: DrypointError) -> Response:
    if error.status >= 500:
        logger.error("%s while answering a request", error.code)
    details = {name: _plain(value) for name, value in error.details.items()}
    return problem(error.status, error.code, str(error.message), **details)


def _of_database(error: OperationalError | InterfaceError) -> Response:
    """A lock waited for too long, a deadlock, a lost connection: nothing was written, so trying again is safe."""
    logger.error("The database did not answer: %s", type(error.__cause__ or error).__name__)
    return problem(503, "try-again", _("We are busy right now. Please try again in a moment."), retry_after=1)


def _of_framework(error: Exception, response: Response) -> Response:
    code = _CODES.get(response.status_code, "error")
    if isinstance(error, exceptions.ValidationError):
        return problem(response.status_code, code, _("Some fields are not right."), errors=response.data)
    if isinstance(error, Http404):
        title = _("There is nothing here.")
    elif isinstance(error, PermissionDenied):
        title = _("You can't do this.")
    else:
        title = str(getattr(error, "detail", "")) or _("The request can't be answered.")
    answer = problem(response.status_code, code, title)
    for header in _KEPT_HEADERS:
        if header in response.headers:
            answer.headers[header] = response.headers[header]
    return answer


def _plain(value: Any) -> Any:
    """Details as JSON has them: our frozen values become objects."""
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value


def _body(status: int, code: str, title: str, more: dict[str, Any]) -> dict[str, Any]:
    return {"type": "about:blank", "title": title, "status": status, "code": code, **more}


def _answer(request: HttpRequest, status: int, title: str, page: Callable[[], HttpResponse]) -> HttpResponse:
    is_api = request.path.startswith("/api/")
    return plain_problem(status, _CODES.get(status, "broken"), title) if is_api else page()

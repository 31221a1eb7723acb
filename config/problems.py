"""Errors as RFC 9457 problem+json."""

from typing import Any

from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

from intake.errors import DrypointError

_CODES = {400: "invalid", 401: "not-signed-in", 403: "not-allowed", 404: "not-found", 405: "method-not-allowed",
          406: "not-acceptable", 413: "too-large", 415: "unsupported-media-type", 429: "too-many-requests"}


def problem_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: every foreseen error becomes a problem with a stable code."""
    if isinstance(error, DrypointError):
        return problem(error.status, error.code, str(error.message), **error.details)
    if isinstance(error, Http404):
        return problem(404, "not-found", "There is nothing here.")
    response = exception_handler(error, context)
    if response is None:
        return None
    fields = response.data if isinstance(error, exceptions.ValidationError) else None
    detail = getattr(error, "detail", "")
    answer = problem(
        response.status_code,
        _CODES.get(response.status_code, "error"),
        "Some fields are not right." if fields else str(detail),
        **({"errors": fields} if fields else {}),
    )
    for header in ("WWW-Authenticate", "Retry-After", "Allow"):
        if header in response.headers:
            answer.headers[header] = response.headers[header]
    return answer


def problem(status: int, code: str, detail: str, **more: Any) -> Response:
    """One problem; `more` are members of its own."""
    body = {"type": "about:blank", "title": detail, "status": status, "code": code, **more}
    return Response(body, status=status, content_type="application/problem+json")

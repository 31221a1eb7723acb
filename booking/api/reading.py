"""Reading what a request asks for."""

from functools import cache
from typing import Any

from rest_framework.request import Request
from rest_framework.serializers import Serializer

from booking.errors import NotCleared
from intake.models import Screening
from intake.selectors.clearance import screening_by_token


def query_of(shape: type[Serializer[Any]], request: Request) -> dict[str, Any]:
    """What stands behind the question mark, checked."""
    return dict(_reader(shape).run_validation(request.query_params.dict()))


@cache
def _reader(shape: type[Serializer[Any]]) -> Serializer[Any]:
    """One of its kind for all requests: making one takes longer than reading with it, and it keeps nothing."""
    return shape()


def body_of(shape: type[Any], request: Request, **context: Any) -> dict[str, Any]:
    """The body, checked."""
    serializer = shape(data=request.data, context=context)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


def screening_with(token: str | None) -> Screening | None:
    """:raises NotCleared: the token is unknown, or its form was deleted"""
    if not token:
        return None
    screening = screening_by_token(token)
    if screening is None:
        raise NotCleared
    return screening

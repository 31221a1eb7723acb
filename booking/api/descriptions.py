"""What the schema says about every operation of booking."""

from collections.abc import Callable
from typing import Any

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema

from booking.api.serializers import ProblemOut

_PROBLEM_TYPE = "application/problem+json"
_KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="The same key and body again get the first answer. 1 to 255 printable ASCII characters.",
)
_MEANING = {
    400: "`invalid` (the fields stand in `errors`) or `unknown-key` (they stand in `keys`)",
    404: "`not-found`: there is none, or it is not yours",
    429: "`too-many-attempts`: wait `retry_after` seconds",
}


def described(answers: dict[int, Any], *problems: int, is_post: bool = False, **more: Any) -> Callable[[Any], Any]:
    """`extend_schema` with the problems that this operation may answer; `codes` says more about a status."""
    meaning = _MEANING | more.pop("codes", {})
    responses: dict[Any, Any] = dict(answers)
    for status in problems:
        responses[status, _PROBLEM_TYPE] = OpenApiResponse(ProblemOut, description=meaning[status])
    parameters = more.pop("parameters", [])
    return extend_schema(parameters=[*parameters, _KEY] if is_post else parameters, responses=responses, **more)

"""Stripe's own OpenAPI description as a contract for both sides of the wire.

`check_request` judges what our code sends, `check_response` what the simulator answers. The description is the public
one for the pinned version (see LICENCE-openapi.md). Unknown parameters and unknown members are errors on both sides.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from tests.simulators.stripe import schema
from tests.simulators.stripe.forms import decode
from tests.simulators.stripe.schema import Problem as Problem

VERSION = "2026-08-26.dahlia"
_FILE = Path(__file__).with_name("openapi-subset.json.gz")
_FORM = "application/x-www-form-urlencoded"


class Operation(NamedTuple):
    """One method on one path of the description."""

    template: str
    pattern: re.Pattern[str]
    description: dict[str, Any]
    request: dict[str, Any]


@cache
def document() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(gzip.decompress(_FILE.read_bytes()))
    return loaded


@cache
def _operations() -> dict[str, list[Operation]]:
    by_method: dict[str, list[Operation]] = {}
    # Longest fixed text first: /v1/customers/search must win over /v1/customers/{customer}.
    for template in sorted(document()["paths"], key=lambda path: (path.count("{"), path)):
        for method, description in document()["paths"][template].items():
            pattern = re.compile(re.sub(r"\{\w+\}", "([^/]+)", template))
            operation = Operation(template, pattern, description, _request_schema(method, description))
            by_method.setdefault(method.upper(), []).append(operation)
    return by_method


def _request_schema(method: str, description: dict[str, Any]) -> dict[str, Any]:
    if method == "post":
        body: dict[str, Any] = description["requestBody"]["content"][_FORM]["schema"]
        return body
    fields = [field for field in description.get("parameters", []) if field["in"] == "query"]
    return {
        "type": "object",
        "properties": {field["name"]: field["schema"] for field in fields},
        "required": [field["name"] for field in fields if field.get("required")],
    }


def find(method: str, path: str) -> tuple[Operation, tuple[str, ...]] | None:
    """The operation for an address and the values in its path."""
    for operation in _operations().get(method.upper(), []):
        if match := operation.pattern.fullmatch(path):
            return operation, match.groups()
    return None


def read_request(operation: Operation, form: Mapping[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    """The form with its values in the description's types, and what is wrong with it."""
    problems: list[Problem] = []
    value = schema.coerce(document(), operation.request, dict(form), "", problems)
    return (value if isinstance(value, dict) else {}), problems


def check_request(method: str, path: str, form: str | Mapping[str, Any]) -> list[Problem]:
    """What Stripe would refuse in this request; `form` is the encoded text or its nested form."""
    found = find(method, path)
    if found is None:
        return [Problem("url_invalid", path, f"Unrecognized request URL ({method}: {path}).")]
    return read_request(found[0], decode(form) if isinstance(form, str) else form)[1]


def check_response(method: str, path: str, status: int, body: Any) -> list[Problem]:
    """Where an answer differs from the description of this operation's answers."""
    found = find(method, path)
    if found is None:
        # An unknown address has only Stripe's general error shape.
        return schema.check(document(), {"$ref": "#/components/schemas/error"}, body)
    answers = found[0].description["responses"]
    answer = answers.get(str(status)) or answers["default"]
    return schema.check(document(), answer["content"]["application/json"]["schema"], body)

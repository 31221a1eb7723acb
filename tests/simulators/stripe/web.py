"""A request and an answer, as the rooms of the simulator see them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from email.message import Message
from typing import Any, NamedTuple


class Request(NamedTuple):
    """One HTTP request, read whole. `headers` is case-insensitive."""

    method: str
    path: str
    query: str
    body: str
    headers: Mapping[str, str] | Message


class Answer(NamedTuple):
    """One HTTP answer; a `cut` one ends in the middle of its body."""

    status: int
    body: bytes
    content_type: str
    headers: dict[str, str]
    cut: bool = False


class DropError(Exception):
    """End the connection without an answer."""


def json_answer(status: int, body: Any, headers: dict[str, str] | None = None) -> Answer:
    return Answer(status, json.dumps(body).encode(), "application/json", headers or {})


def redirect(location: str) -> Answer:
    return Answer(303, b"", "text/html; charset=utf-8", {"Location": location})

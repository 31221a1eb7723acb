"""Stripe's form encoding: `a[b][0][c]=x` and `a[]=x` become nested dictionaries of strings (lists keep index keys)."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

from tests.simulators.stripe.errors import StripeError

Form = dict[str, Any]
_PART = re.compile(r"\[([^\[\]]*)\]")
_MAX_DEPTH = 8


def decode(text: str) -> Form:
    """The nested form of a query string or a form body."""
    form: Form = {}
    for name, value in parse_qsl(text, keep_blank_values=True, max_num_fields=2000):
        _put(form, _path(name), value)
    return form


def _path(name: str) -> list[str]:
    head, bracket, _ = name.partition("[")
    parts = [head, *_PART.findall(name[len(head) :])]
    rebuilt = head + "".join(f"[{part}]" for part in parts[1:])
    if not head or rebuilt != name or len(parts) > _MAX_DEPTH or (bracket and not parts[1:]):
        raise StripeError(f"Invalid parameter name: {name[:80]}", code="parameter_unknown", param=name[:80])
    return parts


def _put(form: Form, path: list[str], value: str) -> None:
    here = form
    for part in path[:-1]:
        child = here.setdefault(part or str(len(here)), {})
        if not isinstance(child, dict):
            raise StripeError(f"Invalid hash: {path[0]}", code="parameter_invalid_type", param=path[0])
        here = child
    here[path[-1] or str(len(here))] = value

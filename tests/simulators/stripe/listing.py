"""Lists with Stripe's cursors and filters, searches with their lag, and `expand`."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any

from tests.simulators.stripe.errors import StripeError
from tests.simulators.stripe.store import Body
from tests.simulators.stripe.world import World

_COMPARISONS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
_PAGING = {"limit", "starting_after", "ending_before", "expand", "created", "types", "delivery_success"}
_CLAUSE = re.compile(r"""(-?)([a-z_]+)(?:\[["']([^"']+)["']\])?\s*(:|~|>=|<=|>|<)\s*(?:["']([^"']*)["']|(\S+))""")
_ORDERS: dict[str, Callable[[int, int], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
_PER_PAGE = 10


def list_objects(world: World, kind: str, url: str, form: Body, **fixed: Any) -> Body:
    """One page of a kind, newest first. Filters of the form compare a member of the same name."""
    limit = _limit(form)
    wanted = {name: value for name, value in form.items() if name not in _PAGING} | fixed
    where = "kind = ?"
    values: list[Any] = [kind]
    for name, value in _flat(wanted):
        # Which payout a movement went out with is known, and not shown.
        where += f" AND json_extract({'private' if name == 'payout' else 'body'}, '$.{name}') = ?"
        values.append(value)
    if form.get("types"):
        where += f" AND json_extract(body, '$.type') IN ({','.join('?' * len(form['types']))})"
        values += form["types"]
    for sign, moment in _created(form.get("created", {})):
        where += f" AND created {sign} ?"
        values.append(moment)
    backwards = "ending_before" in form
    for name, sign in (("starting_after", "<"), ("ending_before", ">")):
        if name in form:
            where += f" AND seq {sign} ?"
            values.append(_sequence(world, kind, form[name], name))
    order = "ASC" if backwards else "DESC"
    rows = world.store.rows(f"SELECT id FROM objects WHERE {where} ORDER BY seq {order} LIMIT ?", *values, limit + 1)
    ids = [row["id"] for row in rows[:limit]]
    data = [world.store.get(object_id) for object_id in (reversed(ids) if backwards else ids)]
    return {"object": "list", "data": data, "has_more": len(rows) > limit, "url": url}


def _flat(wanted: Body) -> list[tuple[str, Any]]:
    """`customer_details[email]` is looked up as `customer_details.email`."""
    return [
        (f"{name}.{part}" if part else name, inner)
        for name, value in wanted.items()
        for part, inner in (value.items() if isinstance(value, dict) else [("", value)])
    ]


def page_of(items: list[Body], url: str, form: Body) -> Body:
    """One page of a short list that stands inside another object."""
    ids = [item["id"] for item in items]
    start = ids.index(form["starting_after"]) + 1 if form.get("starting_after") in ids else 0
    limit = _limit(form)
    return {"object": "list", "data": items[start : start + limit], "has_more": len(items) > start + limit, "url": url}


def _limit(form: Body) -> int:
    limit: int = form.get("limit", _PER_PAGE)
    if not 1 <= limit <= 100:
        raise StripeError(
            "Invalid integer: limit must be between 1 and 100.", code="parameter_invalid_integer", param="limit"
        )
    return limit


def _created(wanted: Any) -> list[tuple[str, int]]:
    if isinstance(wanted, int):
        return [("=", wanted)]
    return [(_COMPARISONS[name], value) for name, value in wanted.items()]


def _sequence(world: World, kind: str, object_id: str, param: str) -> int:
    for row in world.store.rows("SELECT seq FROM objects WHERE id = ? AND kind = ?", object_id, kind):
        return int(row["seq"])
    raise StripeError(f"No such {kind}: '{object_id}'", code="resource_missing", param=param)


def search(world: World, kind: str, url: str, form: Body) -> Body:
    """Stripe's search: exact matches joined by AND or OR, and only over what is older than the search's lag."""
    joined = re.split(r"\s+(AND|OR)\s+", form["query"], flags=re.IGNORECASE)
    if len({word.upper() for word in joined[1::2]}) > 1:
        raise StripeError("You cannot combine AND and OR in one query.", param="query")
    clauses = [_clause(text) for text in joined[::2]]
    combine = any if len(joined) > 1 and joined[1].upper() == "OR" else all
    newest = world.now() - world.store.setting("search_lag", 60)
    found = [
        body
        for body in world.store.find(kind)
        if body["created"] <= newest and combine(_holds(body, *clause) for clause in clauses)
    ]
    limit = _limit(form)
    start = int(form["page"]) if form.get("page", "").isdecimal() else 0
    more = len(found) > start + limit
    return {
        "object": "search_result",
        "data": found[start : start + limit],
        "has_more": more,
        "next_page": str(start + limit) if more else None,
        "url": url,
    }


def _clause(text: str) -> tuple[bool, str, str | None, str, str]:
    match = _CLAUSE.fullmatch(text.strip())
    if match is None:
        raise StripeError(f"We were unable to parse your search query near: {text[:80]}", param="query")
    minus, name, key, sign, quoted, bare = match.groups()
    value = quoted if quoted is not None else bare
    if sign in _ORDERS and not value.lstrip("-").isdecimal():
        raise StripeError(f"The operator {sign} needs a number: {text[:80]}", param="query")
    return minus == "-", name, key, sign, value


def _holds(body: Body, negated: bool, name: str, key: str | None, sign: str, value: str) -> bool:
    actual = body.get(name)
    if key is not None:
        actual = (actual or {}).get(key)
    if value == "null":
        return (actual is None) != negated
    if actual is None:
        return negated
    if sign in (":", "~"):
        same = str(actual).lower() == value.lower() if sign == ":" else value.lower() in str(actual).lower()
        return same != negated
    if not isinstance(actual, int):
        raise StripeError(f"Field {name} does not support the operator {sign}.", param="query")
    return _ORDERS[sign](actual, int(value)) != negated


def expand(world: World, answer: Body, paths: list[str]) -> Body:
    """Put whole objects where `expand` asks for them instead of ids."""
    for path in paths:
        _expand(world, answer, path.split("."), path)
    return answer


def _expand(world: World, here: Any, parts: list[str], whole: str) -> None:
    if isinstance(here, list):
        for item in here:
            _expand(world, item, parts, whole)
        return
    if not isinstance(here, dict):
        return
    name = parts[0]
    if name == "line_items" and here.get("object") == "checkout.session":
        items = world.store.private(here["id"])["line_items"]
        here[name] = page_of(items, f"/v1/checkout/sessions/{here['id']}/line_items", {})
    elif name == "refunds" and here.get("object") == "charge":
        here[name] = list_objects(world, "refund", f"/v1/charges/{here['id']}/refunds", {}, charge=here["id"])
    elif name not in here:
        raise StripeError(f"This property cannot be expanded ({whole}).", param="expand")
    elif isinstance(here[name], str):
        found = world.store.get(here[name])
        if found is None:
            raise StripeError(f"This property cannot be expanded ({whole}).", param="expand")
        here[name] = found
    if parts[1:]:
        _expand(world, here[name], parts[1:], whole)

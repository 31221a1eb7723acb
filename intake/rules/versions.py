"""What is left of a questionnaire when a clinic doesn't ask some of its items.

An item that is switched off counts as one that was never asked: it is never active, has no answer and no result. The
combination rules that name it are rewritten to say exactly that, so that the data stays whole.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

Raw = dict[str, Any]


@dataclass(frozen=True, slots=True)
class RuleChange:
    """A combination rule that names a switched-off item: it can't hold any more ("lost"), or looks at less."""

    id: str
    alert: str
    kind: Literal["lost", "narrowed"]
    items: tuple[str, ...]


def without(
    items: Sequence[Mapping[str, Any]], rules: Mapping[str, Any], switched_off: Collection[str]
) -> tuple[list[Mapping[str, Any]], Raw]:
    """The items that are asked, and the rules with the conditions that are left; what is given stays as it is."""
    kept_rules = []
    for rule in rules.get("combination_rules", ()):
        when = _left_of(rule["when"], switched_off)
        if when is not False:
            kept_rules.append({**rule, "when": {"always": True} if when is True else when})
    return [item for item in items if item["id"] not in switched_off], {**rules, "combination_rules": kept_rules}


def rule_changes(rules: Mapping[str, Any], switched_off: Collection[str]) -> tuple[RuleChange, ...]:
    """The combination rules that change because of what is switched off, in the data's order."""
    changes = []
    for rule in rules.get("combination_rules", ()):
        named = tuple(sorted(_items_named(rule["when"]) & set(switched_off)))
        if named:
            kind: Literal["lost", "narrowed"] = "lost" if _left_of(rule["when"], switched_off) is False else "narrowed"
            changes.append(RuleChange(rule["id"], rule.get("alert", ""), kind, named))
    return tuple(changes)


def _left_of(condition: Raw, off: Collection[str]) -> Raw | bool:
    """The condition without the items; True where it always holds now, False where it never does."""
    key, value = next(iter(condition.items()))
    reduce = _REDUCERS.get(key)
    return reduce(condition, value, off) if reduce else condition


def _item_any(_condition: Raw, value: Any, off: Collection[str]) -> Raw | bool:
    kept = [item for item in value if item not in off]
    return {"item_any": kept} if kept else False


def _follow_up(condition: Raw, value: Any, off: Collection[str]) -> Raw | bool:
    return False if value["item"] in off else condition


def _not_follow_up(condition: Raw, value: Any, off: Collection[str]) -> Raw | bool:
    return True if value["item"] in off else condition


def _count(_condition: Raw, value: Any, off: Collection[str]) -> Raw | bool:
    left_out = [item for item in value.get("except", ()) if item not in off]
    return {"count_at_least": {**value, "except": left_out}}


def _all(_condition: Raw, value: Any, off: Collection[str]) -> Raw | bool:
    parts = [_left_of(part, off) for part in value]
    if any(part is False for part in parts):
        return False
    kept = [part for part in parts if part is not True]
    return {"all": kept} if kept else True


def _any(_condition: Raw, value: Any, off: Collection[str]) -> Raw | bool:
    parts = [_left_of(part, off) for part in value]
    if any(part is True for part in parts):
        return True
    kept = [part for part in parts if part is not False]
    return {"any": kept} if kept else False


def _items_named(condition: Any) -> set[str]:
    if isinstance(condition, list):
        return set[str]().union(*map(_items_named, condition))
    if not isinstance(condition, dict):
        return set()
    own = set(condition.get("item_any", ()))
    if isinstance(condition.get("item"), str):
        own.add(condition["item"])
    return own.union(*(_items_named(value) for value in condition.values()))


_REDUCERS: Final[Mapping[str, Callable[[Raw, Any, Collection[str]], Raw | bool]]] = {
    "item_any": _item_any,
    "follow_up": _follow_up,
    "not_follow_up": _not_follow_up,
    "count_at_least": _count,
    "all": _all,
    "any": _any,
}

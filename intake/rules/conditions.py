"""Conditions of the data, such as {"region_any": [...]} or {"all": [...]}, compiled once into functions."""

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field
from typing import Final

from intake.rules.entries import Entry
from intake.rules.validity import OUTCOMES, Outcome

Answer = object
"""What a follow-up may hold: str, int, float, date, or a tuple of str; the word "unknown" where it is allowed."""


@dataclass(slots=True)
class Facts:
    """What a condition may look at. `regions` holds the chosen and the likely ones together."""

    regions: Set[str]
    age: int
    modality: str
    stage: str
    visit: str
    results: Mapping[str, Outcome | None] = field(default_factory=dict)
    active: Set[str] = frozenset()
    visible: Mapping[str, Mapping[str, Answer]] = field(default_factory=dict)


Condition = Callable[[Facts], bool]


@dataclass(frozen=True)
class Vocabulary:
    """The words that conditions may use. Without items only the context may be asked."""

    regions: tuple[str, ...]
    modalities: tuple[str, ...]
    stages: tuple[str, ...]
    visits: tuple[str, ...]
    config: Mapping[str, object]
    follow_up_values: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)


def matches(answer: Answer, values: tuple[object, ...]) -> bool:
    """Whether the answer is one of the values, or, of several choices, any one is."""
    if isinstance(answer, tuple):
        return any(choice in values for choice in answer)
    return answer in values


def parse_condition(entry: Entry, words: Vocabulary) -> Condition:
    """The condition as a function of the facts.

    :raises QuestionnaireError: it is not exactly one known condition, or names what does not exist
    """
    if len(entry.raw) != 1:
        entry.fail("a condition has exactly one key")
    key = next(iter(entry.raw))
    parser = _CONTEXT_PARSERS.get(key) or (_ANSWER_PARSERS.get(key) if words.follow_up_values else None)
    if parser is None:
        entry.fail(f"unknown condition {key!r}")
    return parser(entry, words)


def regions_named(raw: object) -> frozenset[str]:
    """Every region that stands in a `region_any` anywhere inside the condition."""
    if isinstance(raw, list):
        return frozenset[str]().union(*map(regions_named, raw))
    if not isinstance(raw, dict):
        return frozenset()
    own = frozenset(map(str, raw.get("region_any", ())))
    return own.union(*map(regions_named, raw.values()))


def follow_ups_named(raw: object) -> frozenset[tuple[str, str]]:
    """Every (item, follow-up) that the condition compares."""
    if isinstance(raw, list):
        return frozenset[tuple[str, str]]().union(*map(follow_ups_named, raw))
    if not isinstance(raw, dict):
        return frozenset()
    compared = (raw.get(key) for key in ("follow_up", "not_follow_up"))
    own = frozenset((str(one.get("item")), str(one.get("id"))) for one in compared if isinstance(one, dict))
    return own.union(*map(follow_ups_named, raw.values()))


def _always(entry: Entry, _words: Vocabulary) -> Condition:
    if not entry.flag("always"):
        entry.fail("always can only be true")
    return lambda _facts: True


def _region_any(entry: Entry, words: Vocabulary) -> Condition:
    regions = frozenset(entry.words("region_any", words.regions))
    return lambda facts: not regions.isdisjoint(facts.regions)


def _modality_any(entry: Entry, words: Vocabulary) -> Condition:
    modalities = entry.words("modality_any", words.modalities)
    return lambda facts: facts.modality in modalities


def _stage_any(entry: Entry, words: Vocabulary) -> Condition:
    stages = entry.words("stage_any", words.stages)
    return lambda facts: facts.stage in stages


def _visit_any(entry: Entry, words: Vocabulary) -> Condition:
    visits = entry.words("visit_any", words.visits)
    return lambda facts: facts.visit in visits


def _age_below(entry: Entry, _words: Vocabulary) -> Condition:
    limit = entry.number("age_below")
    return lambda facts: facts.age < limit


def _age_below_config(entry: Entry, words: Vocabulary) -> Condition:
    limit = words.config.get(entry.text("age_below_config"))
    if not isinstance(limit, int | float):
        entry.fail("age_below_config must name a number in clinic_config")
    return lambda facts: facts.age < limit


def _parts(entry: Entry, key: str, words: Vocabulary) -> tuple[Condition, ...]:
    parts = tuple(parse_condition(part, words) for part in entry.entries(key, "part"))
    if not parts:
        entry.fail(f"{key} must not be empty")
    return parts


def _all(entry: Entry, words: Vocabulary) -> Condition:
    parts = _parts(entry, "all", words)
    return lambda facts: all(part(facts) for part in parts)


def _any(entry: Entry, words: Vocabulary) -> Condition:
    parts = _parts(entry, "any", words)
    return lambda facts: any(part(facts) for part in parts)


def _item_any(entry: Entry, words: Vocabulary) -> Condition:
    items = frozenset(entry.words("item_any", words.follow_up_values))
    return lambda facts: not items.isdisjoint(facts.active)


def _compared(entry: Entry, key: str, words: Vocabulary) -> tuple[str, str, tuple[object, ...]]:
    compared = entry.child(key)
    item = compared.word("item", words.follow_up_values)
    follow_up = compared.word("id", words.follow_up_values[item])
    return item, follow_up, parse_values(compared, "value", words.follow_up_values[item][follow_up])


def parse_values(entry: Entry, key: str, allowed: tuple[str, ...]) -> tuple[object, ...]:
    """The value or list of values under the key; where the follow-up has options, each must be one of them."""
    raw = entry.raw.get(key)
    values = tuple(raw) if isinstance(raw, list) else (raw,)
    if not values or not all(isinstance(value, str | int | float) for value in values):
        entry.fail(f"{key} must be a value or a list of values")
    unknown = [value for value in values if allowed and value not in allowed]
    if unknown:
        entry.fail(f"{key} names {unknown[0]!r}, which is no answer to it")
    return values


def _follow_up(entry: Entry, words: Vocabulary) -> Condition:
    item, follow_up, values = _compared(entry, "follow_up", words)

    def holds(facts: Facts) -> bool:
        return item in facts.active and matches(facts.visible[item].get(follow_up), values)

    return holds


def _not_follow_up(entry: Entry, words: Vocabulary) -> Condition:
    item, follow_up, values = _compared(entry, "not_follow_up", words)
    return lambda facts: not matches(facts.visible.get(item, {}).get(follow_up), values)


def _count_at_least(entry: Entry, words: Vocabulary) -> Condition:
    count = entry.child("count_at_least")
    triage = count.word("triage", OUTCOMES)
    least = count.number("n")
    left_out = frozenset(count.words("except", words.follow_up_values)) if count.has("except") else frozenset()

    def holds(facts: Facts) -> bool:
        counted = (item for item, result in facts.results.items() if result == triage and item not in left_out)
        return sum(1 for _ in counted) >= least

    return holds


_Parser = Callable[[Entry, Vocabulary], Condition]

_CONTEXT_PARSERS: Final[Mapping[str, _Parser]] = {
    "always": _always,
    "region_any": _region_any,
    "modality_any": _modality_any,
    "stage_any": _stage_any,
    "visit_any": _visit_any,
    "age_below": _age_below,
    "age_below_config": _age_below_config,
    "all": _all,
    "any": _any,
}
_ANSWER_PARSERS: Final[Mapping[str, _Parser]] = {
    "item_any": _item_any,
    "follow_up": _follow_up,
    "not_follow_up": _not_follow_up,
    "count_at_least": _count_at_least,
}

"""A questionnaire with its rules: parsed once, checked whole, then only read."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, cast

from intake.rules.conditions import Condition, Vocabulary, follow_ups_named, parse_condition, regions_named
from intake.rules.entries import Entry, QuestionnaireError, is_number
from intake.rules.items import Item, answer_values, parse_item
from intake.rules.validity import OUTCOMES, URGENCIES, Outcome, Urgency

__all__ = ["CombinationRule", "Questionnaire", "QuestionnaireError", "parse_questionnaire"]

MESSAGE_KINDS: Final = (*URGENCIES, *OUTCOMES)


@dataclass(frozen=True, slots=True)
class CombinationRule:
    """A rule over several answers. `regions` are those that its conditions name."""

    id: str
    holds: Condition
    raise_to: Outcome | None
    urgent: Urgency | None
    flag: str | None
    alert: str
    sources: tuple[str, ...]
    regions: frozenset[str]


@dataclass(frozen=True, eq=False)
class Questionnaire:
    """The items in the data's order, what joins them, and the words and settings that belong to them."""

    version: str
    items: tuple[Item, ...]
    by_id: Mapping[str, Item]
    rules: tuple[CombinationRule, ...]
    config: Mapping[str, object]
    regions: tuple[str, ...]
    likely_regions: Mapping[str, tuple[str, ...]]
    modalities: tuple[str, ...]
    stages: tuple[str, ...]
    visits: tuple[str, ...]
    outcome_messages: Mapping[str, str]
    notices: tuple[str, ...]


def parse_questionnaire(
    items: object, rules: object, *, config_overrides: Mapping[str, object] = MappingProxyType({})
) -> Questionnaire:
    """The questionnaire made of the two data sets; a clinic's own settings win over those in the data.

    :raises QuestionnaireError: anything in the data is malformed; the message names the item and the place
    """
    root = Entry(rules, "rules")
    _check_order(root)
    words = _context_words(root, config_overrides)
    compared = frozenset[tuple[str, str]]().union(*map(follow_ups_named, root.items("combination_rules")))
    parsed = _items(items, words, compared)
    all_words = Vocabulary(
        regions=words.regions,
        modalities=words.modalities,
        stages=words.stages,
        visits=words.visits,
        config=words.config,
        follow_up_values={item.id: {one.id: answer_values(one) for one in item.follow_ups} for item in parsed.values()},
    )
    return Questionnaire(
        version=root.text("rules_version"),
        items=tuple(parsed.values()),
        by_id=MappingProxyType(parsed),
        rules=_combination_rules(root, all_words),
        config=MappingProxyType(dict(words.config)),
        regions=words.regions,
        likely_regions=_likely_regions(root, words.regions),
        modalities=words.modalities,
        stages=words.stages,
        visits=words.visits,
        outcome_messages=_outcome_messages(root),
        notices=root.words("must_show_on_every_outcome") if root.has("must_show_on_every_outcome") else (),
    )


def _check_order(root: Entry) -> None:
    """The engine's order of outcomes and urgencies is fixed; data that means another must not be read with it."""
    if root.has("order_most_restrictive_first") and root.words("order_most_restrictive_first") != OUTCOMES:
        root.fail(f"order_most_restrictive_first must be {', '.join(OUTCOMES)}")
    if root.has("urgent_levels") and set(root.child("urgent_levels").raw) != set(URGENCIES):
        root.fail(f"urgent_levels must be {', '.join(URGENCIES)}")


def _context_words(root: Entry, overrides: Mapping[str, object]) -> Vocabulary:
    config = dict(root.child("clinic_config").raw)
    for key, value in overrides.items():
        if key not in config:
            root.fail(f"there is no setting {key!r} in clinic_config")
        if is_number(config[key]) != is_number(value) or isinstance(config[key], str) != isinstance(value, str):
            root.fail(f"the setting {key} must be of the same type as {config[key]!r}")
        config[key] = value
    return Vocabulary(
        regions=root.words("regions"),
        modalities=root.words("modalities"),
        stages=root.words("stages"),
        visits=root.words("visits"),
        config=config,
    )


def _items(items: object, words: Vocabulary, compared: frozenset[tuple[str, str]]) -> dict[str, Item]:
    parsed: dict[str, Item] = {}
    for entry in Entry({"items": items}, "questionnaire").entries("items", "item"):
        item = parse_item(entry, words, compared)
        if item.id in parsed:
            entry.fail("this id stands twice")
        parsed[item.id] = item
    return parsed


def _combination_rules(root: Entry, words: Vocabulary) -> tuple[CombinationRule, ...]:
    rules: dict[str, CombinationRule] = {}
    for entry in root.entries("combination_rules", "combination rule"):
        rule = CombinationRule(
            id=entry.name(),
            holds=parse_condition(entry.child("when"), words),
            raise_to=cast(Outcome | None, entry.optional_word("raise_to", OUTCOMES)),
            urgent=cast(Urgency | None, entry.optional_word("urgent", URGENCIES)),
            flag=entry.text("flag") if entry.has("flag") else None,
            alert=entry.text("alert", ""),
            sources=entry.words("sources") if entry.has("sources") else (),
            regions=regions_named(entry.raw["when"]),
        )
        if rule.id in rules:
            entry.fail("this id stands twice")
        rules[rule.id] = rule
    return tuple(rules.values())


def _likely_regions(root: Entry, regions: tuple[str, ...]) -> Mapping[str, tuple[str, ...]]:
    if not root.has("likely_treatment_regions"):
        return MappingProxyType({})
    likely = root.child("likely_treatment_regions")
    for region in likely.raw:
        if region not in regions:
            likely.fail(f"{region!r} is no region")
    return MappingProxyType({region: likely.words(region, regions) for region in likely.raw})


def _outcome_messages(root: Entry) -> Mapping[str, str]:
    if not root.has("messages"):
        return MappingProxyType({})
    by_outcome = root.child("messages").child("by_outcome")
    return MappingProxyType({kind: by_outcome.text(kind) for kind in MESSAGE_KINDS})

"""Which questions are asked, and how they are laid out on pages."""

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from intake.rules.answers import Answers, Context
from intake.rules.conditions import Answer, Facts, matches
from intake.rules.definitions import Questionnaire
from intake.rules.items import FollowUp, Item

MAX_ROWS: Final = 8
PRIVATE: Final = "private"  # the group of the page that a young person answers alone


@dataclass(frozen=True, slots=True)
class Page:
    """Some items of one group, of which "none of these" means the same answer: no, or yes where `safe_answer` says so.

    `key` is made for an address; it is stable as long as the context keeps the same items.
    """

    key: str
    group: str
    is_red_flags: bool
    safe_answer: str
    items: tuple[Item, ...]


def facts_of(context: Context) -> Facts:
    """What conditions on the context alone may look at."""
    return Facts(
        regions=frozenset(context.regions + context.likely_regions),
        age=context.age,
        modality=context.modality,
        stage=context.stage,
        visit=context.visit,
    )


def kept_items(questionnaire: Questionnaire, context: Context) -> tuple[Item, ...]:
    """The items that are asked in this context, in the data's order."""
    facts = facts_of(context)
    return tuple(item for item in questionnaire.items if item.applies(facts))


def fires(item: Item, gate: str | None) -> bool:
    """Whether the kept item fires: always without a gate, else when the answer is the one that it is triaged on."""
    return not item.gate_answers or gate == item.triage_on


def visible_follow_ups(item: Item, gate: str | None, answers: Mapping[str, Answer]) -> tuple[FollowUp, ...]:
    """The follow-ups that are to be asked now; none unless the item fires (so none after "not sure")."""
    if not fires(item, gate):
        return ()
    if not item.has_conditions:
        return item.follow_ups
    visible: dict[str, FollowUp] = {}
    for follow_up in item.follow_ups:
        if not follow_up.show_if or all(
            parent in visible and matches(answers.get(parent), values) for parent, values in follow_up.show_if
        ):
            visible[follow_up.id] = follow_up
    return tuple(visible.values())


def deciding_follow_ups(item: Item) -> tuple[FollowUp, ...]:
    """The follow-ups to ask before booking; the others only inform the therapist and may be asked after it."""
    return tuple(follow_up for follow_up in item.follow_ups if follow_up.id in item.deciding)


def informing_follow_ups(
    questionnaire: Questionnaire, context: Context, answers: Answers
) -> tuple[tuple[Item, tuple[FollowUp, ...]], ...]:
    """The fired items with the visible follow-ups that decide nothing, answered or not: to be asked after booking.

    A visit without needles asks the red flags only.
    """
    found: list[tuple[Item, tuple[FollowUp, ...]]] = []
    for item in kept_items(questionnaire, context):
        if context.modality == "none" and not _is_red_flag(item):
            continue
        visible = visible_follow_ups(item, answers.gates.get(item.id), answers.follow_ups.get(item.id, {}))
        informing = tuple(follow_up for follow_up in visible if follow_up.id not in item.deciding)
        if informing:
            found.append((item, informing))
    return tuple(found)


def pages(
    questionnaire: Questionnaire, context: Context, *, last: Set[str] = frozenset(), alone: Set[str] = frozenset()
) -> list[Page]:
    """Every kept item once: red flags first and by themselves, then the groups in the data's order.

    At most eight items a page, evenly spread; items whose safe answer is "yes" stand on pages of their own.
    `last`: items that wait for what the others of their group say; `alone`: items for pages of their own at the end.
    """
    kept = sorted(kept_items(questionnaire, context), key=lambda item: not _is_red_flag(item))
    groups: dict[tuple[bool, str], list[Item]] = {}
    for item in [item for item in kept if item.id not in alone] + [item for item in kept if item.id in alone]:
        groups.setdefault((_is_red_flag(item), PRIVATE if item.id in alone else item.group), []).append(item)
    laid_out: list[Page] = []
    for (is_red_flags, group), rows in groups.items():
        parts = ([item for item in rows if item.id not in last], [item for item in rows if item.id in last])
        chunks = [chunk for part in parts for alike in _by_safe_answer(part) for chunk in _spread(alike)]
        for number, chunk in enumerate(chunks, start=1):
            key = f"{group.lower().replace('_', '-')}-{number}"
            laid_out.append(Page(key, group, is_red_flags, _safe_answer(chunk[0]), chunk))
    return laid_out


def _is_red_flag(item: Item) -> bool:
    return item.category == "red_flag"


def _safe_answer(item: Item) -> str:
    return "yes" if item.triage_on == "no" else "no"


def _by_safe_answer(items: Iterable[Item]) -> Iterator[list[Item]]:
    for _, alike in groupby(sorted(items, key=_safe_answer), key=_safe_answer):
        yield list(alike)


def _spread(items: list[Item]) -> Iterator[tuple[Item, ...]]:
    """The items in as few chunks as fit, the earlier ones at most one longer than the later."""
    count = -(-len(items) // MAX_ROWS)
    short, longer = divmod(len(items), count)
    start = 0
    for number in range(count):
        end = start + short + (number < longer)
        yield tuple(items[start:end])
        start = end

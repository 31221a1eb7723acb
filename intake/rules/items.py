"""The questions of a questionnaire: items, their follow-ups and options, as frozen values read from the data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, cast

from intake.rules.conditions import Condition, Vocabulary, parse_condition, parse_values
from intake.rules.entries import Entry, is_number
from intake.rules.validity import OUTCOMES, URGENCIES, Outcome, Urgency

UNKNOWN: Final = "unknown"
UNSURE: Final = "unsure"
GATE_ANSWERS: Final[Mapping[str, tuple[str, ...]]] = {
    "yes_no": ("yes", "no"),
    "yes_no_unsure": ("yes", "no", UNSURE),
    "yes_no_unsure_na": ("yes", "no", UNSURE, "na"),
}
FOLLOW_UP_TYPES: Final = ("choice", "multi", "yes_no", "text", "number", "date")

# A number written in a rule is the default of the clinic's setting of the same meaning.
_SETTING_OF_RULE: Final[Mapping[tuple[str, str, str | None, str | None], str]] = {
    ("inr", ">", "STOP", "SAME_DAY"): "inr_same_day",
    ("inr", ">", "STOP", None): "inr_stop",
    ("inr", ">", "REVIEW", None): "inr_high_priority",
    ("inr_date", "older_than_days", "REVIEW", None): "inr_max_age_days",
}


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a follow-up; without a triage it only informs."""

    value: str
    label: str
    triage: Outcome | None
    urgent: Urgency | None
    flag: str | None


@dataclass(frozen=True, slots=True)
class AnswerRule:
    """What a number above, or a date older (in days) than `limit` means."""

    op: str
    limit: float
    triage: Outcome | None
    urgent: Urgency | None
    flag: str | None
    message: str


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A question that is asked when its item's gate fires.

    `bears`: its answer can change the result, so a screening without it is incomplete. `words` may answer it; empty
    where numbers, dates or free text do.
    """

    id: str
    question: str
    help: str
    type: str
    options: tuple[Option, ...]
    option_of: Mapping[str, Option]
    words: tuple[str, ...]
    show_if: tuple[tuple[str, tuple[object, ...]], ...]
    rules: tuple[AnswerRule, ...]
    unknown_allowed: bool
    low: float | None
    high: float | None
    has_triage_options: bool
    bears: bool


@dataclass(frozen=True, slots=True)
class Source:
    """Where a rule comes from."""

    id: str
    grade: str
    citation: str
    url: str


@dataclass(frozen=True, slots=True)
class Item:
    """One question of the screening. `gate_answers` is empty for items that have no gate; `has_conditions`: not all
    follow-ups are shown at once.

    `deciding` names the follow-ups that must be asked before booking: those that bear on the result, those that a
    combination rule compares, and those on which the visibility of such a one depends.
    """

    id: str
    label: str
    group: str
    question: str
    help: str
    answer_type: str
    gate_answers: tuple[str, ...]
    category: str
    scope: str
    triage: Outcome
    triage_on: str
    urgent: Urgency | None
    triage_if_unsure: Outcome
    decides: bool
    follow_ups: tuple[FollowUp, ...]
    follow_up_of: Mapping[str, FollowUp]
    has_conditions: bool
    deciding: frozenset[str]
    applies: Condition
    patient_message: str
    always_message: str
    therapist_alert: str
    reask: str
    rationale: str
    sources: tuple[Source, ...] = field(repr=False)


def parse_item(entry: Entry, words: Vocabulary, compared: frozenset[tuple[str, str]]) -> Item:
    """The item that the entry describes; `compared` are the (item, follow-up) that combination rules look at.

    :raises QuestionnaireError: something is missing, unknown or contradictory
    """
    gate_answers = _gate_answers(entry)
    follow_ups = _follow_ups(entry, words.config)
    name = entry.name()
    triage = cast(Outcome, entry.word("triage", OUTCOMES))
    unsure_is_asked = UNSURE in gate_answers or entry.has("triage_if_unsure")
    return Item(
        id=name,
        label=entry.text("label", ""),
        group=entry.text("group", ""),
        question=entry.text("question"),
        help=entry.text("help", ""),
        answer_type=entry.text("answer_type"),
        gate_answers=gate_answers,
        category=entry.text("category", ""),
        scope=entry.word("scope", ("booking", "region", "modality")),
        triage=triage,
        triage_on=entry.word("triage_on", ("yes", "no") if gate_answers else ("applies", "follow_up")),
        urgent=_urgency(entry),
        triage_if_unsure=cast(Outcome, entry.word("triage_if_unsure", OUTCOMES)) if unsure_is_asked else triage,
        decides=entry.word("follow_up_mode", ("raise", "decide")) == "decide",
        follow_ups=follow_ups,
        follow_up_of={follow_up.id: follow_up for follow_up in follow_ups},
        has_conditions=any(follow_up.show_if for follow_up in follow_ups),
        deciding=_deciding(follow_ups, {follow_up for item, follow_up in compared if item == name}),
        applies=parse_condition(entry.child("applies_when"), words),
        patient_message=entry.text("patient_message", ""),
        always_message=entry.text("always_message", ""),
        therapist_alert=entry.text("therapist_alert", ""),
        reask=entry.text("reask", ""),
        rationale=entry.text("rationale", ""),
        sources=tuple(map(_source, entry.entries("sources", "source"))),
    )


def answer_values(follow_up: FollowUp) -> tuple[str, ...]:
    """The words that may answer the follow-up; empty where numbers, dates or free text do."""
    return follow_up.words


def _gate_answers(entry: Entry) -> tuple[str, ...]:
    answer_type = entry.text("answer_type")
    if answer_type in GATE_ANSWERS:
        return GATE_ANSWERS[answer_type]
    if not answer_type.startswith("derived_") and answer_type != "follow_up_only":
        entry.fail(f"unknown answer_type {answer_type!r}")
    return ()


def _follow_ups(entry: Entry, config: Mapping[str, object]) -> tuple[FollowUp, ...]:
    follow_ups: dict[str, FollowUp] = {}
    for one in entry.entries("follow_ups", "follow-up"):
        follow_up = _follow_up(one, config, follow_ups)
        if follow_up.id in follow_ups:
            one.fail("this id stands twice")
        follow_ups[follow_up.id] = follow_up
    return tuple(follow_ups.values())


def _follow_up(entry: Entry, config: Mapping[str, object], earlier: Mapping[str, FollowUp]) -> FollowUp:
    kind = entry.word("type", FOLLOW_UP_TYPES)
    options = tuple(map(_option, entry.entries("options", "option")))
    option_of = {option.value: option for option in options}
    if len(option_of) != len(options):
        entry.fail("two options have the same value")
    if bool(options) != (kind in ("choice", "multi")) and kind != "yes_no":
        entry.fail("options belong to choice and multi, and those need some")
    rules = tuple(_answer_rule(rule, kind, entry.name(), config) for rule in entry.entries("rules", "rule"))
    unknown_allowed = entry.flag("unknown_allowed")
    low, high = _range(entry)
    has_triage_options = any(option.triage for option in options)
    return FollowUp(
        id=entry.name(),
        question=entry.text("question", ""),
        help=entry.text("help", ""),
        type=kind,
        options=options,
        option_of=option_of,
        words=_words(kind, option_of, unknown_allowed),
        show_if=_show_if(entry, earlier),
        rules=rules,
        unknown_allowed=unknown_allowed,
        low=low,
        high=high,
        has_triage_options=has_triage_options,
        bears=has_triage_options or bool(rules),
    )


def _words(kind: str, option_of: Mapping[str, Option], unknown_allowed: bool) -> tuple[str, ...]:
    words = tuple(option_of) or (("yes", "no") if kind == "yes_no" else ())
    return (*words, UNKNOWN) if words and unknown_allowed else words


def _option(entry: Entry) -> Option:
    triage, urgent = _triage(entry), _urgency(entry)
    if urgent and not triage:
        entry.fail("an urgency needs a triage")
    return Option(
        value=entry.text("value"),
        label=entry.text("label", ""),
        triage=triage,
        urgent=urgent,
        flag=entry.text("flag") if entry.has("flag") else None,
    )


def _answer_rule(entry: Entry, kind: str, follow_up: str, config: Mapping[str, object]) -> AnswerRule:
    op = entry.word("op", {"number": (">",), "date": ("older_than_days",)}.get(kind, ()))
    triage, urgent = _triage(entry), _urgency(entry)
    if urgent and not triage:
        entry.fail("an urgency needs a triage")
    limit = config.get(_SETTING_OF_RULE.get((follow_up, op, triage, urgent), ""), entry.number("value"))
    if not is_number(limit):
        entry.fail("the clinic's setting for this number must be a number")
    flag = entry.text("flag") if entry.has("flag") else None
    return AnswerRule(op=op, limit=limit, triage=triage, urgent=urgent, flag=flag, message=entry.text("message", ""))


def _range(entry: Entry) -> tuple[float | None, float | None]:
    if not entry.has("range"):
        return None, None
    bounds = entry.items("range")
    low, high = bounds if len(bounds) == 2 else (None, None)
    if not is_number(low) or not is_number(high) or low > high:
        entry.fail("range must be two numbers, the lower first")
    return low, high


def _show_if(entry: Entry, earlier: Mapping[str, FollowUp]) -> tuple[tuple[str, tuple[object, ...]], ...]:
    if not entry.has("show_if"):
        return ()
    conditions = entry.child("show_if")
    if not conditions.raw:
        conditions.fail("names no follow-up")
    for parent in conditions.raw:
        if parent not in earlier or earlier[parent].type in ("text", "date"):
            conditions.fail(f"{parent!r} is no earlier follow-up of this item with answers to compare")
    return tuple((key, parse_values(conditions, key, answer_values(earlier[key]))) for key in conditions.raw)


def _deciding(follow_ups: tuple[FollowUp, ...], compared: set[str]) -> frozenset[str]:
    deciding = set(compared)
    for follow_up in reversed(follow_ups):
        if follow_up.bears or follow_up.id in deciding:
            deciding.update((follow_up.id, *(parent for parent, _ in follow_up.show_if)))
    return frozenset(deciding)


def _triage(entry: Entry) -> Outcome | None:
    return cast(Outcome | None, entry.optional_word("triage", OUTCOMES))


def _urgency(entry: Entry) -> Urgency | None:
    return cast(Urgency | None, entry.optional_word("urgent", URGENCIES))


def _source(entry: Entry) -> Source:
    return Source(
        id=entry.text("id"),
        grade=entry.text("grade", ""),
        citation=entry.text("citation", ""),
        url=entry.text("url") if entry.has("url") else "",
    )

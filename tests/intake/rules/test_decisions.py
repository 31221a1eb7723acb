"""Which decision counts, and when a yes to earlier answers covers new ones."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from intake.rules.decisions import can_be_stored, is_covered, standing

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Made:
    decision: str
    decided_at: datetime = NOON


def later(decision: str, hours: int = 1) -> Made:
    return Made(decision, NOON + timedelta(hours=hours))


@pytest.mark.parametrize(
    ("decisions", "counts"),
    [
        ([], None),
        ([Made("asked")], None),
        ([Made("approved"), later("asked")], "approved"),
        ([Made("declined"), later("approved")], "approved"),
        ([Made("approved"), later("declined")], "declined"),
        ([Made("approved"), Made("declined")], "declined"),
        ([Made("lowered"), Made("declined")], "declined"),
        ([Made("raised"), later("approved"), later("lowered", 2)], "raised"),
    ],
)
def test_the_latest_counts_of_two_at_once_the_refusal_and_a_raise_for_good(
    decisions: list[Made], counts: str | None
) -> None:
    found = [standing(order) for order in (decisions, decisions[::-1])]
    assert [one.decision if one else None for one in found] == [counts, counts]


def result(**over: Any) -> dict[str, Any]:
    context = {"regions": ["knee", "thigh"], "modality": "manual", "age": 40, "visit": "first", "on": "2026-11-23"}
    made: dict[str, Any] = {
        "line": {"context": context, "answers": {"drug": "yes"}, "follow_ups": {"drug": {"which": ["a"]}}},
        "items": {"drug": "REVIEW", "other": "CLEAR"},
        "rules": ["two_drugs"],
    }
    made["line"]["context"] = context | over.pop("context", {})
    made["line"] |= over.pop("line", {})
    return made | over


@pytest.mark.parametrize(
    "over",
    [
        {},
        {"context": {"age": 41, "visit": "return", "on": "2026-12-23"}},
        {"context": {"regions": ["thigh", "knee"]}},
        {"items": {"drug": "REVIEW", "asked_since": "CLEAR"}},
        {"rules": []},
    ],
)
def test_a_yes_covers_the_same_answers_given_again(over: dict[str, Any]) -> None:
    assert is_covered(result(**over), result())


@pytest.mark.parametrize(
    "over",
    [
        {"context": {"regions": ["knee"]}},
        {"context": {"likely_regions": ["thigh"]}},
        {"context": {"modality": "electrical"}},
        {"line": {"answers": {"drug": "unsure"}}},
        {"line": {"follow_ups": {"drug": {"which": ["a", "b"]}}}},
        {"items": {"drug": "STOP", "other": "CLEAR"}},
        {"items": {"drug": "REVIEW", "other": "CAUTION"}},
        {"items": {"drug": "REVIEW", "asked_since": "CAUTION"}},
        {"items": {"drug": "REVIEW", "asked_since": None}},
        {"rules": ["two_drugs", "deep_region"]},
    ],
)
def test_and_nothing_else(over: dict[str, Any]) -> None:
    assert not is_covered(result(**over), result())


def test_what_the_database_can_not_hold_is_found() -> None:
    assert [can_be_stored(text) for text in ("fine", "é\n", "a\0b", "\ud800")] == [True, True, False, False]

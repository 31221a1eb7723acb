"""What therapists' decisions make of answers that need one. Pure.

Software may only raise; only a therapist may lower, with a reason, and never a STOP.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final, Protocol, TypeVar

ALLOWING: Final = frozenset({"approved", "lowered"})
REFUSING: Final = frozenset({"declined", "raised"})
MAX_VISITS: Final = 20
MAX_DAYS: Final = 365
_UNWRITABLE: Final = re.compile("[\0\ud800-\udfff]")
OFFERS: Final = ("without-needles", "call", "other-care")


class Made(Protocol):
    """A decision and when it was made."""

    @property
    def decision(self) -> str: ...
    @property
    def decided_at(self) -> datetime: ...


One = TypeVar("One", bound=Made)


def standing(decisions: Iterable[One]) -> One | None:
    """The decision that counts: the latest, of two at once the refusal; a raise to STOP stands for good. Questions
    decide nothing.
    """
    deciding = [one for one in decisions if one.decision in ALLOWING | REFUSING]
    return max(
        deciding,
        key=lambda one: (one.decision == "raised", one.decided_at, one.decision in REFUSING),
        default=None,
    )


def can_be_stored(text: str) -> bool:
    """Whether the database takes it: no NUL, no half of a character."""
    return not _UNWRITABLE.search(text)


def is_covered(now: Mapping[str, Any], then: Mapping[str, Any]) -> bool:
    """Whether what was decided about the stored result `then` holds of `now`: the same places and technique, everything
    that matters now was answered the same way then, and no combination of answers is new.

    Questions that were not asked then may have been asked since, as long as their answers don't matter.
    """
    same_place = _context(now["line"]) == _context(then["line"])
    known = set(then["rules"]) >= set(now["rules"])
    return same_place and known and all(_said(now, item) == _said(then, item) for item in _matters(now))


def _context(line: Mapping[str, Any]) -> tuple[object, ...]:
    context = line["context"]
    return sorted(context["regions"]), sorted(context.get("likely_regions", ())), context["modality"]


def _matters(result: Mapping[str, Any]) -> list[str]:
    return [item for item, outcome in result["items"].items() if outcome != "CLEAR"]


def _said(result: Mapping[str, Any], item: str) -> tuple[object, ...]:
    line, outcome = result["line"], result["items"].get(item, "not asked")
    return outcome, line.get("answers", {}).get(item), line.get("follow_ups", {}).get(item, {})

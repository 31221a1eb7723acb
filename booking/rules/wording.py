"""A clinic's own words for a message: which placeholders they may and must hold, and what they may not say. Pure."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from booking.rules.kinds import EMAIL, kind_of

LONGEST_SUBJECT: Final = 120
LONGEST_TEXT: Final = 4000

_ALWAYS: Final = frozenset({"given_name", "clinic", "phone", "emergency", "nurse", "link"})
_OF_VISIT: Final = frozenset({"date", "time", "zone", "place", "therapist", "visit", "manage"})
_UNTIL: Final = frozenset({"another-time", "waitlist-offer", "fee-coming", "pay-link", "package-expiring"})
_TIMES: Final = frozenset({"another-time", "time-released", "paid-too-late"})
_SAYS_WHEN: Final = frozenset(
    {
        "confirmation",
        "payment-waiting",
        "request-received",
        "approved",
        "reminder",
        "moved",
        "changed",
        "visit-stays",
        "cancellation",
        "waitlist-offer",
    }
)
_SAYS_HELP: Final = frozenset({"aftercare", "next-day-check", "outcome-questions"})
# The beginnings of words that would tell others why somebody comes, in both languages.
CLINICAL: Final = re.compile(
    r"\b(needl|acupunct|physio|diagnos|treat|therap(?:y|ies)\b|pain|ache|injur|symptom|screening|questionnaire"
    r"|aiguill|traite|soin|thérapie|douleur|mal\b|maux|blessure|symptôme|dépistage)",
    re.IGNORECASE,
)
_FORM: Final = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a text; `names` are the placeholders or words it speaks of."""

    code: str
    names: tuple[str, ...] = ()


def may_be_reworded(code: str) -> bool:
    """Whether a clinic may put its own words in place of ours: what goes to patients, not codes and not staff mail."""
    return kind_of(code).of in ("visit", "patient")


def placeholders_of(code: str) -> frozenset[str]:
    """What a text of this kind may hold in braces."""
    of_visit = _OF_VISIT if kind_of(code).of == "visit" else frozenset()
    named = {"until": _UNTIL, "times": _TIMES}
    return _ALWAYS | of_visit | {name for name, kinds in named.items() if code in kinds}


def needed_in(code: str) -> tuple[tuple[frozenset[str], ...], ...]:
    """What a text of this kind must hold: of each group one of its sets, whole."""
    groups: list[tuple[frozenset[str], ...]] = []
    if code in _SAYS_WHEN:
        groups.append((frozenset({"visit"}), frozenset({"date", "time"})))
    if code in _UNTIL:
        groups.append((frozenset({"until"}),))
    if code == "another-time":
        groups.append((frozenset({"times"}),))
    if code in _SAYS_HELP:
        groups.append((frozenset({"emergency", "nurse"}),))
    ways = (frozenset({"link"}), frozenset({"manage"})) if kind_of(code).of == "visit" else (frozenset({"link"}),)
    return (*groups, ways)


def faults_of(code: str, *, channel: str, subject: str, text: str) -> list[Fault]:
    """What keeps this text from being sent as a message of the kind, in the order in which it is read."""
    if not text.strip():
        return [Fault("no-text")]
    whole = f"{subject}\n{text}"
    used = set(_FORM.findall(whole))
    missing = [_shown(group) for group in needed_in(code) if not any(names <= used for names in group)]
    clinical = CLINICAL.findall(whole)
    found = {
        "no-subject": () if channel == EMAIL and not subject.strip() else None,
        "two-lines": () if "\n" in subject.strip() or "\r" in subject.strip() else None,
        "too-long": () if len(subject) > LONGEST_SUBJECT or len(text) > LONGEST_TEXT else None,
        "brace": () if re.search(r"[{}]", _FORM.sub("", whole)) else None,
        "unknown": tuple(sorted(used - placeholders_of(code))) or None,
        "missing": tuple(missing) or None,
        "clinical": tuple(dict.fromkeys(word.lower() for word in clinical)) or None,
        "address": () if "://" in whole or "www." in whole else None,
    }
    return [Fault(fault, names) for fault, names in found.items() if names is not None]


def _shown(group: Collection[frozenset[str]]) -> str:
    return " / ".join(" + ".join(f"{{{name}}}" for name in sorted(names)) for names in group)


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with each placeholder's value in its place, once: what a value says is not read again."""
    return _FORM.sub(lambda found: values.get(found[1], ""), text)

"""A clinic's own numbers and time limits: of which kind they are, between which values, and which way is looser.

The ranges are wide enough for any clinic and narrow enough to catch a slip of the finger; they are no clinical advice.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

from intake.rules.entries import is_number

MAX_LINE: Final = 60


@dataclass(frozen=True, slots=True)
class Setting:
    """A number from `low` to `high`; `looser` says which direction lets more people through."""

    name: str
    whole: bool
    low: float
    high: float
    unit: Literal["years", "hours", "days", "INR"]
    looser: Literal["lower", "higher", ""]


NUMBERS: Final = (
    Setting("min_age_online_dry_needling", True, 14, 25, "years", "lower"),
    Setting("screening_valid_days", True, 1, 365, "days", "higher"),
    Setting("review_response_hours", True, 1, 72, "hours", ""),
    Setting("inr_high_priority", False, 1.5, 4, "INR", "higher"),
    Setting("inr_stop", False, 2, 4.5, "INR", "higher"),
    Setting("inr_same_day", False, 3, 6, "INR", "higher"),
    Setting("inr_max_age_days", True, 1, 90, "days", "higher"),
)
LINES: Final = ("emergency_number", "nurse_line", "crisis_line")
ORDERED: Final = ("inr_high_priority", "inr_stop", "inr_same_day")


@dataclass(frozen=True, slots=True)
class Looser:
    """A setting that lets more people through than the one that was shipped."""

    name: str
    shipped: float
    chosen: float


def settings_problems(config: Mapping[str, object]) -> dict[str, str]:
    """What is wrong, by setting: "no-number", "not-whole", "out-of-range", "out-of-order", "empty" or "too-long".

    Settings that this page doesn't know are left to the reading of the data.
    """
    problems = {one.name: _number_problem(one, config[one.name]) for one in NUMBERS if one.name in config}
    problems |= {name: _line_problem(config[name]) for name in LINES if name in config}
    found = {name: problem for name, problem in problems.items() if problem}
    return found or _order_problems(config)


def looser_than_shipped(config: Mapping[str, object], shipped: Mapping[str, object]) -> tuple[Looser, ...]:
    """The settings of `config` that let more people through than the shipped ones do."""
    found = []
    for one in NUMBERS:
        chosen, default = config.get(one.name), shipped.get(one.name)
        if not is_number(chosen) or not is_number(default) or not one.looser:
            continue
        if (chosen > default) if one.looser == "higher" else (chosen < default):
            found.append(Looser(one.name, default, chosen))
    return tuple(found)


def _number_problem(setting: Setting, value: object) -> str:
    if not is_number(value):
        return "no-number"
    if setting.whole and type(value) is not int:
        return "not-whole"
    return "" if setting.low <= value <= setting.high else "out-of-range"


def _line_problem(value: object) -> str:
    if not isinstance(value, str) or not any(letter.isdigit() for letter in value):
        return "empty"
    return "too-long" if len(value) > MAX_LINE else ""


def _order_problems(config: Mapping[str, object]) -> dict[str, str]:
    problems = {}
    for lower, upper in pairwise(ORDERED):
        below, above = config.get(lower), config.get(upper)
        if is_number(below) and is_number(above) and below > above:
            problems[upper] = "out-of-order"
    return problems

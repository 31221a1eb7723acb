"""Pain and daily life in numbers, and what a change of them means. Pure.

Pain (NPRS): 0 none to 10 the worst one can think of; the score is the mean of now, best and worst in 24 hours where
all three are given; lower is better. Daily life (PSFS): up to three activities that somebody names, each 0 can't do it
to 10 as before; the score is their mean; higher is better. An activity that was not scored before is never a change.
Change beyond error and change that matters are two facts. Sources: Abbott & Schmitt, JOSPT 2014;44:560; Farrar 2001;
Stratford 1995.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

MOST_ACTIVITIES: Final = 3
PAIN_ERROR: Final = 1.77
PAIN_MATTERS: Final = 2.0
PAIN_MATTERS_SHARE: Final = 0.3
LIFE_ERROR: Final = 2.0  # of a mean; 3 for a single activity
LIFE_ERROR_SINGLE: Final = 3.0
LIFE_MATTERS: Final = 2.0
# How it is in all since the first visit, asked at the end of a course.
CHANGE_WORDS: Final = ("much-better", "better", "same", "worse", "much-worse")


@dataclass(frozen=True, slots=True)
class Change:
    """From `first` to `last`: by how much, and whether that is beyond error of measurement and whether it matters.

    `better` is None where nothing changed beyond error and nothing that matters.
    """

    first: float
    last: float
    beyond_error: bool
    matters: bool
    better: bool | None

    @property
    def by(self) -> float:
        return round(self.last - self.first, 1)


def is_score(value: object) -> bool:
    """Whether this is a whole number from 0 to 10."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 10


def pain_score(now: int, best: int | None = None, worst: int | None = None) -> float:
    """The pain as one number: of all three the mean, else that of now."""
    if best is None or worst is None:
        return float(now)
    return round((now + best + worst) / 3, 1)


def life_score(activities: Mapping[str, int]) -> float | None:
    """The mean over the activities; None without any."""
    return round(sum(activities.values()) / len(activities), 1) if activities else None


def pain_change(first: float, last: float) -> Change:
    """How pain changed: two points or a third less matter."""
    by = round(last - first, 1)
    matters = abs(by) >= PAIN_MATTERS or (first > 0 and abs(by) / first >= PAIN_MATTERS_SHARE)
    return _change(first, last, beyond_error=abs(by) >= PAIN_ERROR, matters=matters, better=by < 0)


def life_change(first: Mapping[str, int], last: Mapping[str, int]) -> Change | None:
    """How daily life changed, over the activities that were scored both times; None if there are none."""
    same = [name for name in first if name in last]
    if not same:
        return None
    before, after = (life_score({name: scores[name] for name in same}) or 0.0 for scores in (first, last))
    by = round(after - before, 1)
    error = LIFE_ERROR if len(same) > 1 else LIFE_ERROR_SINGLE
    return _change(before, after, beyond_error=abs(by) >= error, matters=abs(by) >= LIFE_MATTERS, better=by > 0)


def _change(first: float, last: float, *, beyond_error: bool, matters: bool, better: bool) -> Change:
    return Change(first, last, beyond_error, matters, better if (beyond_error or matters) and first != last else None)

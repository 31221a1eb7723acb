"""How past forms ended, and what fires how often: an alert that always fires is one that nobody reads."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Sum

from intake.clock import clinic_date
from intake.models import Questionnaire, ScreeningCount, User
from intake.rules.validity import OUTCOMES
from intake.selectors.audit import write_event
from intake.selectors.stored_screenings import screenings_of_last

FIRES_TOO_OFTEN: Final = 0.4  # of the forms that ask it
ENOUGH_TO_TELL: Final = 20  # forms


@dataclass(frozen=True, slots=True)
class Share:
    """How many of how many, with what they came to (items only)."""

    count: int
    of: int
    outcomes: tuple[tuple[str, int], ...] = ()

    @property
    def percent(self) -> int:
        return round(100 * self.count / self.of) if self.of else 0

    @property
    def is_too_often(self) -> bool:
        return self.of >= ENOUGH_TO_TELL and self.count > FIRES_TOO_OFTEN * self.of


@dataclass(frozen=True, slots=True)
class Shares:
    """Of the last `days`: `forms` that were finished, `unfinished` ones that nobody finished within a day.

    `stored` are the forms that are still kept: items and rules are counted in them. Of the others only the outcome is.
    """

    days: int
    forms: int
    stored: int
    unfinished: int
    outcomes: Mapping[str, Share]
    items: Mapping[str, Share]
    rules: Mapping[str, Share]


@dataclass
class _Tally:
    stored: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    fired: dict[str, Counter[str]] = field(default_factory=dict)
    rules: Counter[str] = field(default_factory=Counter)


def shares_of(questionnaire: Questionnaire, *, days: int, by: User, now: datetime) -> Shares:
    """The shares of the last days, whatever version those forms had. One event in the trail says that they were read.

    A form counts on the day of its evaluation; a form that was deleted, because nobody booked with it, by its outcome.
    """
    tally = _Tally()
    for screening in screenings_of_last(days, now=now):
        tally.stored += 1
        tally.outcomes[screening.effective_outcome] += 1
        _count(screening.result, tally)
    gone = _deleted(days, now)
    unfinished = gone.pop("unfinished", 0)
    total = tally.outcomes + gone
    forms = total.total()
    write_event(
        action="counted",
        entity=questionnaire,
        patient_id=None,
        by=by,
        role=by.role,
        details={"days": days, "screenings": tally.stored},
        now=now,
    )
    return Shares(
        days=days,
        forms=forms,
        stored=tally.stored,
        unfinished=unfinished,
        outcomes={outcome: Share(total[outcome], forms) for outcome in reversed(OUTCOMES)},
        items={name: _item_share(tally, name) for name in tally.asked},
        rules={name: Share(count, tally.stored) for name, count in tally.rules.most_common()},
    )


def _count(result: Mapping[str, Any], tally: _Tally) -> None:
    open_items = {name.partition(".")[0] for name in result["unanswered"]}
    for name, outcome in result["items"].items():
        if outcome is None or name in open_items:
            continue
        tally.asked[name] += 1
        if outcome != "CLEAR":
            tally.fired.setdefault(name, Counter())[outcome] += 1
    tally.rules.update(result["rules"])


def _item_share(tally: _Tally, name: str) -> Share:
    fired = tally.fired.get(name, Counter())
    by_outcome = tuple((outcome, fired[outcome]) for outcome in OUTCOMES if fired[outcome])
    return Share(fired.total(), tally.asked[name], by_outcome)


def _deleted(days: int, now: datetime) -> Counter[str]:
    since = clinic_date(now - timedelta(days=days))
    rows = ScreeningCount.objects.filter(date__gt=since, date__lte=clinic_date(now)).order_by()
    return Counter(dict(rows.values_list("outcome").annotate(Sum("count"))))

"""Settings: whether what Drypoint does by itself goes on. Only looked at: the machine is mended elsewhere."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from booking.rules import health
from booking.selectors.health import (
    Reached,
    messages_waiting,
    providers_reached,
    signs_of_work,
    standstills,
    sweeps_queued,
    switch_held,
)
from frontend.staff.frame import clinic_or_refuse, for_roles, page
from frontend.staff.hours import SETTLES
from intake import clock

STANDSTILLS_SHOWN = 10
PROBLEMS: Final[dict[str, str | Promise]] = {
    health.BEAT_SILENT: gettext_lazy("The clock that starts all work (beat) is silent."),
    health.WORKER_SILENT: gettext_lazy("No worker has done anything."),
    health.MESSAGES_LATE: gettext_lazy("Messages are due and have not gone out."),
}
PROVIDERS: Final[dict[str, str | Promise]] = {
    "email": gettext_lazy("Mail server"),
    "sms": gettext_lazy("Text messages"),
    "stripe": gettext_lazy("Stripe"),
}


@dataclass(frozen=True, slots=True)
class Sign:
    """One line of the page: what, how it is, and whether that is a problem."""

    name: str | Promise
    words: str
    bad: bool = False


@for_roles(*SETTLES)
def operations(request: HttpRequest) -> HttpResponse:
    """Clock, workers, messages and providers, as they were last heard of."""
    now = clock.now()
    signs = signs_of_work()
    problems = health.problems_in(signs, now=now)
    context = {
        "problems": [PROBLEMS[code] for code in problems],
        "signs": _signs(signs, problems, now),
        "held": switch_held(),
        "waiting": messages_waiting(now=now),
        "providers": [_provider(one, now) for one in providers_reached()],
        "standstills": [
            (one, [PROBLEMS.get(code, code) for code in one.problems]) for one in standstills(limit=STANDSTILLS_SHOWN)
        ],
        "zone": clinic_or_refuse().time_zone,
    }
    return page(request, "staff/operations.html", context)


def _signs(signs: health.Signs, problems: tuple[str, ...], now: datetime) -> list[Sign]:
    queued = sweeps_queued()
    oldest = signs.oldest_due_at if signs.oldest_due_at and signs.oldest_due_at <= now else None
    return [
        Sign(_("Clock (beat)"), _seen(signs.beat_seen_at, now), health.BEAT_SILENT in problems),
        Sign(_("Worker"), _seen(signs.worker_seen_at, now), health.WORKER_SILENT in problems),
        Sign(_("Work waiting for a worker"), _("not known yet") if queued is None else str(queued)),
        Sign(
            _("Oldest message that is due"),
            _("due %(ago)s") % {"ago": ago(now - oldest)} if oldest else _("none is waiting"),
            health.MESSAGES_LATE in problems,
        ),
    ]


def _seen(at: datetime | None, now: datetime) -> str:
    return _("last seen %(ago)s") % {"ago": ago(now - at)} if at else _("never seen yet")


def _provider(reached: Reached, now: datetime) -> Sign:
    took = _("last took something %(ago)s") % {"ago": ago(now - reached.last_at)} if reached.last_at else ""
    bad = reached.problem_at is not None and (reached.last_at is None or reached.problem_at > reached.last_at)
    problem = f"{_(reached.problem)} ({ago(now - reached.problem_at)})" if bad and reached.problem_at else ""
    return Sign(PROVIDERS[reached.provider], " · ".join(filter(None, (problem, took))) or _("not used yet"), bad)


def ago(age: timedelta) -> str:
    """How long since, as people say it."""
    minutes = int(age.total_seconds()) // 60
    if minutes < 1:
        return _("less than a minute ago")
    if minutes < 120:
        return ngettext("%(n)s minute ago", "%(n)s minutes ago", minutes) % {"n": minutes}
    if minutes < 48 * 60:
        return _("%(n)s hours ago") % {"n": minutes // 60}
    return _("%(n)s days ago") % {"n": minutes // 1440}

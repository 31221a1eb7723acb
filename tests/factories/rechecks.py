"""The questions before a visit, answered."""

from datetime import datetime
from typing import Any

from booking.models import Appointment
from booking.selectors.rechecks import stage_now
from booking.services.rechecks import begin_questions, extent_for, finish_questions
from intake.models import QuestionnaireResponse, User
from intake.rules.answers import to_line
from intake.rules.rechecks import is_about_this_visit
from intake.selectors.rechecks import Recheck, recheck_of
from intake.services.responses import save_answers


def begin_again(visit: Appointment, now: datetime, by: User | None = None) -> tuple[QuestionnaireResponse, Recheck]:
    """The form just begun, and what it asks."""
    form = begin_questions(appointment=visit, language="en", by=by, now=now)
    due = extent_for(visit, by=by, now=now)
    return form, recheck_of(form, due=due, stage=stage_now(visit, now=now), now=now)


def answer_again(
    visit: Appointment,
    now: datetime,
    answers: dict[str, str] | None = None,
    follow_ups: dict[str, Any] | None = None,
    by: User | None = None,
) -> Appointment:
    """As last time, safe where it is about today, but for these answers; the visit with its new answers."""
    form, recheck = begin_again(visit, now, by)
    save_answers(response=form, **as_last_time(recheck, answers or {}, follow_ups or {}), now=now)
    return finish_questions(appointment=visit, response=form, by=by, now=now)


def as_last_time(recheck: Recheck, answers: dict[str, str], follow_ups: dict[str, Any]) -> dict[str, Any]:
    known: dict[str, Any] = to_line(recheck.context, recheck.known)
    gates, given = dict(answers), dict(follow_ups)
    for item in recheck.asked:
        is_new = is_about_this_visit(item, recheck.context) or item.id not in known["answers"]
        if item.gate_answers and item.id not in gates:
            gates[item.id] = ("yes" if item.triage_on == "no" else "no") if is_new else known["answers"][item.id]
        if item.id in known["follow_ups"] and item.id not in given and not is_new:
            given[item.id] = known["follow_ups"][item.id]
        if not item.gate_answers and item.id not in given:
            given[item.id] = known["follow_ups"].get(item.id)
    return {"answers": gates, "follow_ups": {name: value for name, value in given.items() if value is not None}}

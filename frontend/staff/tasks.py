"""What was promised or has to be looked at: a list to work off, the overdue first."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from phonenumber_field.phonenumber import PhoneNumber, to_python

from booking.models import Location, Task, TaskAttempt
from booking.rules.walltime import wall_date
from booking.selectors.authorisations import renewals_for
from booking.selectors.errands import open_tasks
from booking.selectors.incidents import replies_due
from booking.services.errands import cancel_task, complete_task, log_attempt, take_task
from frontend.staff.frame import CLINIC, SeeOther, clinic_or_refuse, for_roles, me, page
from intake import clock
from intake.access import cares_for
from intake.errors import DrypointError
from intake.models import Role, User

Step = Callable[[Task, Location, User, datetime], Task]
_TRIED: Final = TaskAttempt.Outcome
_AFTER_VISIT: Final = (Task.Kind.AFTER_VISIT_URGENT, Task.Kind.AFTER_VISIT)
_CALLS_OF_A_PATIENT: Final = (Task.Kind.DISPLACED, Task.Kind.CLAIM_DENIED, *_AFTER_VISIT)


@dataclass(frozen=True, slots=True)
class Line:
    """A task as the list shows it."""

    task: Task
    name: str
    number: PhoneNumber | None
    best_time: str
    is_late: bool
    is_mine: bool
    is_call: bool
    is_after_visit: bool
    may_read: bool  # what the patient said after the visit


@for_roles(*CLINIC)
def tasks(request: HttpRequest) -> HttpResponse:
    """Everything open, by its hour."""
    now, user, clinic = clock.now(), me(request), clinic_or_refuse()
    found = open_tasks(by=user, now=now).prefetch_related("attempts__made_by", "notices__user")
    lines = [_line(task, user, now) for task in found]
    context = {
        "lines": lines,
        "late": sum(line.is_late for line in lines),
        "zone": clinic.time_zone,
        "renewals": renewals_for(user, location=clinic, now=now),
        "settles": user.role == Role.MANAGER,
        "in_clinic": True,
        "replies_due": replies_due(by=user, today=wall_date(now, clinic.time_zone), now=now),
    }
    return page(request, "staff/tasks.html", context)


@for_roles(*CLINIC, methods=("POST",))
def task(request: HttpRequest, task_id: UUID) -> HttpResponse:
    """Take it, write down a try, or close it; one press each."""
    now, user = clock.now(), me(request)
    found = get_object_or_404(open_tasks(by=user, now=now), pk=task_id)
    step, words = _STEPS.get(request.POST.get("step", ""), (None, ""))
    if step is None:
        raise DrypointError
    try:
        step(found, clinic_or_refuse(), user, now)
    except DrypointError as problem:
        messages.warning(request, str(problem.message))
    else:
        messages.success(request, str(words))
    return SeeOther(reverse("staff:calls" if request.GET.get("stood") == "calls" else "staff:tasks"))


def _tried(outcome: TaskAttempt.Outcome) -> Step:
    return lambda task, clinic, by, now: log_attempt(task=task, outcome=outcome, location=clinic, by=by, now=now)


_STEPS: dict[str, tuple[Step, str | Promise]] = {
    "take": (lambda task, _clinic, by, now: take_task(task=task, by=by, now=now), _("It is yours now.")),
    "reached": (_tried(_TRIED.REACHED), _("Noted: reached. It is done.")),
    "left-message": (_tried(_TRIED.LEFT_MESSAGE), _("Noted: you left a message. It comes up again.")),
    "no-answer": (_tried(_TRIED.NO_ANSWER), _("Noted: no answer. It comes up again.")),
    "done": (lambda task, _clinic, by, now: complete_task(task=task, by=by, now=now), _("Done.")),
    "close": (lambda task, _clinic, by, now: cancel_task(task=task, by=by, now=now), _("Closed without a result.")),
}


def _line(task: Task, user: User, now: datetime) -> Line:
    contact, calls_patient = task.contact or {}, task.kind in _CALLS_OF_A_PATIENT
    after = task.kind in _AFTER_VISIT
    known = task.patient.phone if calls_patient and task.patient else None
    return Line(
        task=task,
        name=contact.get("name", ""),
        number=to_python(contact["phone"]) if contact.get("phone") else known or None,
        best_time=contact.get("best_time", ""),
        is_late=task.due_at <= now,
        is_mine=task.owner_id == user.pk,
        is_call=calls_patient or task.kind == Task.Kind.CALL_BACK,
        is_after_visit=after,
        may_read=after
        and task.patient is not None
        and (user.role == Role.MANAGER or cares_for(user, task.patient, now)),
    )

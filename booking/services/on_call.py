"""Who answers after visits: the turns, and telling one after the other until somebody says "I have it"."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from booking.models import AfterCareSettings, Location, OnCallNotice, OnCallTurn, Task
from booking.reminders.of_care import call_somebody, was_called
from booking.rules.on_call import times_reminded, waited_enough, whom_to_tell
from booking.selectors.after_care import settings_of
from booking.selectors.on_call import MAY_ANSWER, on_duty_at, who_answers_for_the_clinic
from intake.access import manages, owns
from intake.errors import InvalidAnswers, NotAllowed
from intake.models import User
from intake.services.audit import record_event

URGENT: Final = Task.Kind.AFTER_VISIT_URGENT
MOST_FLYING_HOURS: Final = 336
_FIRST, _AGAIN, _UNFINISHED = "care-waiting", "care-still-waiting", "care-not-finished"
_NEXT_TOO: Final = 3


@dataclass(frozen=True, slots=True)
class TurnDetails:
    """When somebody answers. `weekdays` 0 is Monday; an `end_time` not after the start is of the next day."""

    user: User
    weekdays: Iterable[int]
    start_time: time
    end_time: time
    rank: int


def add_turn(*, location: Location, details: TurnDetails, by: User, now: datetime) -> OnCallTurn:
    """Let somebody answer at these hours.

    :raises NotAllowed: neither a manager nor the owner
    :raises InvalidAnswers: no therapist or manager, no day, or a rank that is none
    """
    _require_settler(by)
    days = sorted(set(details.weekdays))
    if details.user.role not in MAY_ANSWER or not details.user.is_active:
        raise InvalidAnswers(_("Only therapists and managers may see what a patient says, so only they can answer."))
    if not days or not set(days) <= set(range(7)) or not 1 <= details.rank <= 9:
        raise InvalidAnswers(_("Please choose the days, and who is told first."))
    with transaction.atomic(durable=True):
        turn = OnCallTurn.objects.create(
            location=location,
            user=details.user,
            weekdays=days,
            start_time=details.start_time,
            end_time=details.end_time,
            rank=details.rank,
        )
        record_event(action="on-call-added", entity=turn, by=by, now=now)
        return turn


def remove_turn(*, turn: OnCallTurn, by: User, now: datetime) -> None:
    """They answer no more at these hours.

    :raises NotAllowed: neither a manager nor the owner
    """
    _require_settler(by)
    with transaction.atomic(durable=True):
        record_event(action="on-call-removed", entity=turn, by=by, now=now)
        OnCallTurn.objects.filter(pk=turn.pk).delete()


def save_after_care(
    *,
    location: Location,
    heat: str,
    ice: str,
    no_flying_hours: int | None,
    answer_minutes: int,
    by: User,
    now: datetime,
) -> AfterCareSettings:
    """Set what the notes say where sources differ, and how long those who are told have to answer.

    :raises NotAllowed: neither a manager nor the owner
    :raises InvalidAnswers: a value that is none, or out of range
    """
    _require_settler(by)
    warmth = set(AfterCareSettings.Warmth.values)
    hours_fit = no_flying_hours is None or 1 <= no_flying_hours <= MOST_FLYING_HOURS
    if not {heat, ice} <= warmth or not hours_fit or not 5 <= answer_minutes <= 240:
        raise InvalidAnswers(_("Please give 5 to 240 minutes to answer, and at most 336 hours without flying."))
    with transaction.atomic(durable=True):
        kept, _new = AfterCareSettings.objects.update_or_create(
            location=location,
            defaults={
                "heat": heat,
                "ice": ice,
                "no_flying_hours": no_flying_hours,
                "answer_minutes": answer_minutes,
            },
        )
        record_event(action="after-care-set", entity=location, by=by, now=now)
        return kept


def raise_alarm(*, task: Task, about: str, now: datetime) -> None:
    """Tell whoever has it that there is more; if nobody has it, tell the next one. Joins the caller's transaction."""
    if task.owner is not None and task.status == Task.Status.IN_PROGRESS:
        _call(task, [task.owner], kind=_AGAIN, about=about, now=now)
    elif task.notices.exists():
        told = [notice.user for notice in task.notices.select_related("user")]
        _call(task, told, kind=_AGAIN, about=about, now=now)
    else:
        _tell_next(task, now=now)


def escalate_unanswered(*, now: datetime) -> int:
    """Tell the next one where nobody said "I have it" in time, and remind whoever said so of what is not finished;
    answers how many tasks went on. Safe side by side.
    """
    urgent = Task.objects.filter(kind=URGENT).order_by("pk")
    waiting = urgent.filter(status=Task.Status.REQUESTED).values_list("pk", flat=True)
    taken = urgent.filter(status=Task.Status.IN_PROGRESS).values_list("pk", flat=True)
    return sum(_escalate(task_id, now) for task_id in waiting) + sum(_remind(task_id, now) for task_id in taken)


def _escalate(task_id: UUID, now: datetime) -> bool:
    with transaction.atomic(durable=True):
        rows = Task.objects.select_for_update(no_key=True, skip_locked=True, of=("self",))
        task = rows.select_related("appointment__location").filter(pk=task_id, status=Task.Status.REQUESTED).first()
        if task is None or task.appointment is None:
            return False
        minutes = settings_of(task.appointment.location).answer_minutes
        if not waited_enough(since=_last_told(task), minutes=minutes, now=now):
            return False
        return _tell_next(task, now=now)


def _remind(task_id: UUID, now: datetime) -> bool:
    """Remind who took it; from the third time on the next one is told as well, once. A reminder's number is in its key,
    so each goes out once however often this runs.
    """
    with transaction.atomic(durable=True):
        rows = Task.objects.select_for_update(no_key=True, skip_locked=True, of=("self",))
        taken = rows.select_related("appointment__location", "owner").filter(status=Task.Status.IN_PROGRESS)
        task = taken.filter(pk=task_id).first()
        if task is None or task.appointment is None or task.owner is None or task.taken_at is None:
            return False
        minutes = settings_of(task.appointment.location).answer_minutes
        times = times_reminded(taken_at=task.taken_at, minutes=minutes, now=now)
        about = f"/taken/{task.pk}/{task.taken_at:%Y%m%d%H%M%S}/{times}"
        if not times or was_called(appointment=task.appointment, about=about):
            return False
        _call(task, [task.owner], kind=_UNFINISHED, about=about, now=now)
        if times >= _NEXT_TOO and not task.notices.filter(told_at__gt=task.taken_at).exists():
            _tell_next(task, now=now)
        return True


def _tell_next(task: Task, *, now: datetime) -> bool:
    """Tell the next on duty, or at last everybody who answers for the clinic; whether there was anybody left."""
    visit = task.appointment
    assert visit is not None
    told = set(task.notices.values_list("user_id", flat=True))
    last = [*who_answers_for_the_clinic(), visit.practitioner.user_id]
    following = whom_to_tell(duty=on_duty_at(visit.location, now=now), last=last, told=told)
    users = list(User.objects.filter(pk__in=following.user_ids, is_active=True))
    OnCallNotice.objects.bulk_create(
        [OnCallNotice(task=task, user=user, told_at=now, is_last=following.is_last) for user in users],
        ignore_conflicts=True,
    )
    _call(task, users, kind=_AGAIN if told else _FIRST, about=f"/on-call/{task.pk}", now=now)
    if users:
        record_event(
            action="on-call-told",
            entity=visit,
            patient=visit.patient,
            details={"number": len(told) + len(users)},
            now=now,
        )
    return bool(users)


def _call(task: Task, users: Iterable[User], *, kind: str, about: str, now: datetime) -> None:
    visit = task.appointment
    assert visit is not None
    for user in users:
        path = "/desk/" if owns(user) else f"/tasks/#task-{task.pk}"  # the owner sees no patient, and calls who does
        call_somebody(kind=kind, recipients=[user], appointment=visit, path=path, about=about, now=now)


def _last_told(task: Task) -> datetime:
    """Since when those who were told, or who tried to call, have had the time to say that they have it."""
    moments = [*task.notices.values_list("told_at", flat=True), *task.attempts.values_list("made_at", flat=True)]
    return max([task.created_at, *moments])


def _require_settler(by: User) -> None:
    if not manages(by) and not owns(by):
        raise NotAllowed

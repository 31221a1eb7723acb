"""What staff promised or have to look at: opened, taken, tried and closed."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from booking.errors import NotPossibleNow
from booking.models import Appointment, Location, Task, TaskAttempt
from booking.payments.findings import resolve_finding
from booking.payments.ledger import balances_of
from booking.payments.models import Finding
from booking.rules.errands import call_back_by
from booking.rules.lifecycle import COMING
from booking.selectors.outside_hours import uncovered
from booking.selectors.time_off import displacing, room_closing
from booking.services.records import answer_on_call
from booking.services.states import require_clinic
from intake.access import is_therapist
from intake.models import Patient, User
from intake.origin import network_of
from intake.services.audit import record_event
from intake.services.limits import count_attempt
from intake.tokens import hash_token

Status = Task.Status
CONTACT_KEPT: Final = timedelta(days=30)  # after the task is closed
ON_CALL_FOR: Final = timedelta(days=7)  # so long sees the record who took an urgent call
URGENT_AGAIN: Final = timedelta(minutes=15)  # after a try that reached nobody
CALL_BACKS_A_DAY: Final = 5  # of one browser
CALL_BACKS_OF_A_PLACE: Final = 10  # an hour from one network address: a family, or an office
DAY: Final = timedelta(days=1)
HOUR: Final = timedelta(hours=1)
_OPEN = (Status.REQUESTED, Status.IN_PROGRESS)


def open_task(
    *,
    kind: Task.Kind,
    due_at: datetime,
    appointment: Appointment | None = None,
    patient: Patient | None = None,
    finding: Finding | None = None,
    contact: Mapping[str, str] | None = None,
    asked_by: str = "",
    now: datetime,
) -> Task:
    """Write down what staff have to do by `due_at`; joins the caller's transaction.

    There is one open task of a kind for a visit, for a patient without one, for a finding, and for a browser
    (`asked_by`, a hash): opened again, it is the same one. `contact` holds name, phone and best_time, and is stored
    encrypted.
    """
    task = Task(
        kind=kind,
        due_at=due_at,
        appointment=appointment,
        patient=patient or (appointment.patient if appointment else None),
        finding=finding,
        contact=dict(contact) if contact else None,
        asked_by=asked_by,
        created_at=now,
    )
    try:
        with transaction.atomic():
            task.save(force_insert=True)
    except IntegrityError:
        return _open_one_like(task)
    record_event(action="task-opened", entity=task, patient=task.patient, details={"kind": str(kind)}, now=now)
    return task


def ask_for_call_back(
    *, contact: Mapping[str, str], location: Location, session_hash: str, address: str, now: datetime
) -> Task:
    """Promise a call to somebody who left a name and a number. Asked again, the number is corrected and the time stays.

    :raises TooManyAttempts: too many from this browser or network address
    """
    asked_by = hash_token(f"call-back:{session_hash}")  # of its own: a number is not led back to a form
    count_attempt(key=f"call-back:{asked_by}", limit=CALL_BACKS_A_DAY, window=DAY, now=now)
    count_attempt(key=f"call-back-from:{network_of(address)}", limit=CALL_BACKS_OF_A_PLACE, window=HOUR, now=now)
    due_at = call_back_by(now, weekly=location.weekly_hours, zone=location.time_zone)
    with transaction.atomic(durable=True):
        kind = Task.Kind.CALL_BACK
        task = _locked(open_task(kind=kind, due_at=due_at, contact=contact, asked_by=asked_by, now=now))
        if task.contact != contact:
            task.contact = dict(contact)
            task.save(update_fields=["contact"])
        return task


def take_task(*, task: Task, by: User, now: datetime) -> Task:
    """Say that one does it now, so that nobody else calls as well. A therapist who takes an urgent call after a visit
    sees that record for a week.

    :raises NotPossibleNow: a colleague has it, or it is closed
    """
    require_clinic(by)
    with transaction.atomic(durable=True):
        locked = _open_or_refuse(task)
        if locked.status == Status.IN_PROGRESS and locked.owner_id != by.pk:
            raise NotPossibleNow(_("A colleague has just taken this."))
        locked.status, locked.owner, locked.taken_at = Status.IN_PROGRESS, by, now
        locked.save(update_fields=["status", "owner", "taken_at"])
        if locked.kind == Task.Kind.AFTER_VISIT_URGENT and locked.patient is not None and is_therapist(by):
            answer_on_call(user=by, patient=locked.patient, until=now + ON_CALL_FOR, now=now)
        record_event(action="task-taken", entity=locked, patient=locked.patient, by=by, now=now)
        return locked


def log_attempt(*, task: Task, outcome: TaskAttempt.Outcome, location: Location, by: User, now: datetime) -> Task:
    """Write down a try to call. Reached: it is done. If not, it is open for everybody again, due as if asked for now.

    :raises NotPossibleNow: it is closed
    """
    require_clinic(by)
    with transaction.atomic(durable=True):
        locked = _open_or_refuse(task)
        TaskAttempt.objects.create(task=locked, outcome=outcome, made_by=by, made_at=now)
        record_event(
            action="task-tried",
            entity=locked,
            patient=locked.patient,
            by=by,
            details={"outcome": str(outcome)},
            now=now,
        )
        if outcome == TaskAttempt.Outcome.REACHED:
            return _close(locked, Status.COMPLETED, by, now)
        locked.status, locked.owner, locked.taken_at = Status.REQUESTED, None, None
        locked.due_at = call_back_by(now, weekly=location.weekly_hours, zone=location.time_zone)
        if locked.kind == Task.Kind.AFTER_VISIT_URGENT:
            locked.due_at = now + URGENT_AGAIN
        locked.save(update_fields=["status", "owner", "taken_at", "due_at"])
        return locked


def complete_task(*, task: Task, by: User, now: datetime) -> Task:
    """Done.

    :raises NotPossibleNow: it is closed already
    """
    require_clinic(by)
    with transaction.atomic(durable=True):
        return _close(_open_or_refuse(task), Status.COMPLETED, by, now)


def cancel_task(*, task: Task, by: User, now: datetime) -> Task:
    """Close it undone: nobody could be reached, or it is no longer needed.

    :raises NotPossibleNow: it is closed already
    """
    require_clinic(by)
    with transaction.atomic(durable=True):
        return _close(_open_or_refuse(task), Status.CANCELLED, by, now)


def close_settled_tasks(*, now: datetime) -> int:
    """Close what was settled in the meantime: calls about visits that were mended or have ended, talks about what a
    payer does not pay once it is paid; returns how many.
    """
    return _close_settled(Task.Kind.DISPLACED, _mended, now) + _close_settled(Task.Kind.CLAIM_DENIED, _paid, now)


def _close_settled(kind: Task.Kind, settled: Callable[[list[Appointment]], Collection[UUID]], now: datetime) -> int:
    about = Task.objects.filter(kind=kind, status__in=_OPEN)
    visits = Appointment.objects.filter(pk__in=about.values("appointment")).select_related("service", "practitioner")
    done = settled(list(visits))
    with transaction.atomic(durable=True):
        rows = about.filter(appointment__in=done).select_for_update(no_key=True, skip_locked=True, of=("self",))
        return len([_close(task, Status.COMPLETED, None, now) for task in rows.select_related("patient")])


def _mended(called_about: list[Appointment]) -> set[UUID]:
    ids = {visit.pk for visit in called_about}
    hindered = Appointment.objects.filter(displacing() | room_closing(), pk__in=ids, status__in=COMING)
    return ids - set(hindered.values_list("pk", flat=True)) - set(uncovered(called_about))


def _paid(talked_about: list[Appointment]) -> set[UUID]:
    return {pk for pk, balance in balances_of(talked_about).items() if balance.due <= 0}


def close_tasks_of_findings(*, by: User | None = None, finding: Finding | None = None, now: datetime) -> int:
    """Close the tasks about what agrees by now, or about this finding, in the caller's transaction; how many."""
    about = Task.objects.filter(kind=Task.Kind.MONEY, status__in=_OPEN)
    done = about.filter(finding=finding) if finding else about.filter(finding__resolved_at__isnull=False)
    rows = done.select_for_update(no_key=True, skip_locked=finding is None, of=("self",))
    return len([_close(task, Status.COMPLETED, by, now) for task in rows.select_related("finding")])


def forget_contacts(*, now: datetime) -> int:
    """Blank the names and numbers of tasks that were closed 30 days ago; returns how many. Not on a held record."""
    closed = Task.objects.filter(contact__isnull=False, closed_at__lte=now - CONTACT_KEPT)
    closed = closed.exclude(patient__kept_on_hold=True)
    return closed.update(contact=None)


def _close(task: Task, status: Task.Status, by: User | None, now: datetime) -> Task:
    task.status, task.owner, task.closed_at = status, by, now
    task.save(update_fields=["status", "owner", "closed_at"])
    if task.finding is not None:
        resolve_finding(finding=task.finding, by=by, now=now)
    record_event(action=f"task-{status}", entity=task, patient=task.patient, by=by, now=now)
    return task


def _open_one_like(task: Task) -> Task:
    found = Task.objects.filter(kind=task.kind, status__in=_OPEN)
    if task.finding is not None:
        return found.get(finding=task.finding)
    if task.asked_by:
        return found.get(asked_by=task.asked_by)
    if task.appointment is not None:
        return found.get(appointment=task.appointment)
    return found.get(appointment=None, patient=task.patient)


def _locked(task: Task) -> Task:
    return (
        Task.objects.select_related("patient", "finding").select_for_update(no_key=True, of=("self",)).get(pk=task.pk)
    )


def _open_or_refuse(task: Task) -> Task:
    locked = _locked(task)
    if locked.status not in _OPEN:
        raise NotPossibleNow(_("This is closed already."))
    return locked

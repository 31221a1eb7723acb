"""Complaints and incidents at visits: logged by anyone on staff, looked after by managers, with their history."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from booking.errors import NotPossibleNow
from booking.models import Appointment, Incident, IncidentEntry
from booking.rules.walltime import wall_date
from booking.services.constraints import named_constraints
from booking.services.states import require_clinic
from intake.access import manages
from intake.errors import InvalidAnswers, NotAllowed
from intake.models import User
from intake.services.audit import record_event

MAX_WORDS: Final = 4000
LONGEST_DUE: Final = timedelta(days=366)
Step = IncidentEntry.Step


@dataclass(frozen=True, slots=True)
class Logged:
    """What somebody writes down. `words` are kept encrypted; `happened_at` is a moment that has passed."""

    kind: str
    severity: str
    happened_at: datetime
    words: str
    reply_due_date: date | None = None


def log_incident(*, appointment: Appointment, said: Logged, request_key: UUID, by: User, now: datetime) -> Incident:
    """Write down a complaint, or what went wrong, at a visit. Sent twice with one key, it is one.

    :raises NotAllowed: nobody who works with visits, or there is no patient
    :raises InvalidAnswers: an unknown kind, no words, or a moment that has not come or was before the visit
    """
    require_clinic(by)
    _check(appointment, said, now)
    with named_constraints(), transaction.atomic(durable=True):
        made, new = Incident.objects.get_or_create(
            request_key=request_key,
            defaults={
                "appointment": appointment,
                "kind": said.kind,
                "severity": said.severity,
                "happened_at": said.happened_at,
                "logged_at": now,
                "logged_by": by,
                "reply_due_date": said.reply_due_date,
            },
        )
        if new:
            _write(made, Step.LOGGED, said.words, by, now)
        return made


def add_note(*, incident: Incident, words: str, by: User, now: datetime) -> Incident:
    """Add to the history: by a manager, or by who logged it.

    :raises NotAllowed: somebody else
    :raises InvalidAnswers: no words, or too many
    """
    if not manages(by) and incident.logged_by_id != by.pk:
        raise NotAllowed
    return _change(incident, Step.NOTED, words, by, now)


def change_incident(
    *, incident: Incident, severity: str, reply_due_date: date | None, words: str, by: User, now: datetime
) -> Incident:
    """Set how serious it is and by when somebody is owed an answer; what stood there before stays in the history.

    :raises NotAllowed: not a manager
    :raises InvalidAnswers: an unknown severity, a date too far away, or no words that say why
    """
    _require_manager(by)
    if severity not in Incident.Severity.values or _is_far(reply_due_date, incident.appointment, now):
        raise InvalidAnswers(_("Please choose how serious it is, and a date within a year."))
    return _change(incident, Step.CHANGED, words, by, now, severity=severity, reply_due_date=reply_due_date)


def close_incident(*, incident: Incident, words: str, by: User, now: datetime) -> Incident:
    """It is settled; `words` say how.

    :raises NotAllowed: not a manager
    :raises NotPossibleNow: it is closed already
    :raises InvalidAnswers: no words
    """
    _require_manager(by)
    return _change(incident, Step.CLOSED, words, by, now, closed_at=now, closed_by=by)


def reopen_incident(*, incident: Incident, words: str, by: User, now: datetime) -> Incident:
    """It is not settled after all.

    :raises NotAllowed: not a manager
    :raises NotPossibleNow: it is open
    :raises InvalidAnswers: no words
    """
    _require_manager(by)
    return _change(incident, Step.REOPENED, words, by, now, closed_at=None, closed_by=None)


def _change(incident: Incident, step: Step, words: str, by: User, now: datetime, **fields: object) -> Incident:
    _check_words(words)
    with named_constraints(), transaction.atomic(durable=True):
        rows = Incident.objects.select_for_update(no_key=True, of=("self",)).select_related("appointment__patient")
        locked = rows.get(pk=incident.pk)
        if (step == Step.REOPENED) != (locked.closed_at is not None) and step != Step.NOTED:
            raise NotPossibleNow(_("This has changed in the meantime. Please look at it again."))
        for name, value in fields.items():
            setattr(locked, name, value)
        locked.save()
        _write(locked, step, words, by, now)
        return locked


def _write(incident: Incident, step: Step, words: str, by: User, now: datetime) -> None:
    IncidentEntry.objects.create(
        incident=incident,
        step=step,
        made_at=now,
        made_by=by,
        severity=incident.severity,
        reply_due_date=incident.reply_due_date,
        content={"words": words.strip()},
    )
    patient = incident.appointment.patient
    record_event(action=f"incident-{step}", entity=incident, patient=patient, by=by, now=now)


def _check(appointment: Appointment, said: Logged, now: datetime) -> None:
    if appointment.patient is None or appointment.patient.erased_at is not None:
        raise NotAllowed
    if said.kind not in Incident.Kind.values or said.severity not in Incident.Severity.values:
        raise InvalidAnswers(_("Please choose what it is, and how serious it is."))
    if said.happened_at > now:
        raise InvalidAnswers(_("This time has not come yet."))
    began = wall_date(appointment.start, appointment.time_zone)
    if said.kind == Incident.Kind.INCIDENT and wall_date(said.happened_at, appointment.time_zone) < began:
        raise InvalidAnswers(_("It can't have happened before the day of the visit."))
    if _is_far(said.reply_due_date, appointment, now):
        raise InvalidAnswers(_("Please give a day from today on, within a year."))
    _check_words(said.words)


def _check_words(words: str) -> None:
    if not words.strip() or len(words) > MAX_WORDS:
        raise InvalidAnswers(_("Please say what happened, in at most 4,000 characters."))


def _is_far(day: date | None, appointment: Appointment, now: datetime) -> bool:
    today = wall_date(now, appointment.time_zone)
    return day is not None and not today <= day <= today + LONGEST_DUE


def _require_manager(by: User) -> None:
    if not manages(by):
        raise NotAllowed

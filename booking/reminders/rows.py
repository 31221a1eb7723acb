"""How a message becomes rows, one for each channel it goes by: their keys, their language, and the link in them."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from booking.models import Appointment
from booking.reminders.models import Communication
from booking.reminders.settings import message_language, messages_of
from booking.reminders.subjects import key_of, subject_of
from booking.reminders.ways import NO_ADDRESS, Way, WhyNot, reach_of
from booking.rules.reminders import Planned
from intake.models import Patient

_MAIL = Communication.Channel.EMAIL


def write_messages(
    *,
    appointment: Appointment,
    planned: Iterable[Planned],
    token: str | None = None,
    content: Mapping[str, Any] | None = None,
    about: str = "",
    now: datetime,
) -> None:
    """Write what is planned for a visit's patient; what was written under the same key before stays as it is."""
    patient = appointment.patient
    if patient is None:  # a hold: nobody to write to
        return
    kept = {"token": token or _kept_token(appointment)} | dict(content or {})
    reach, clinic = reach_of(patient), messages_of(appointment.location)
    rows = [
        row
        for one in planned
        for row in patient_rows(
            subject=f"{subject_of(appointment, one.kind, now=now)}{about}",
            planned=one,
            patient=patient,
            ways=reach.ways_of(one.kind, channels=clinic.channels(one.kind)),
            appointment=appointment,
            content=kept,
            now=now,
        )
    ]
    Communication.objects.bulk_create(rows, ignore_conflicts=True)


def patient_rows(
    *,
    subject: str,
    planned: Planned,
    patient: Patient,
    ways: Iterable[Way | WhyNot],
    appointment: Appointment | None = None,
    content: Mapping[str, Any] | None = None,
    now: datetime,
) -> Iterator[Communication]:
    """One message to a patient as rows, unsaved: one for each way it goes, or for each that it can't go, and why."""
    for way in ways:
        row = message_row(
            subject=subject,
            planned=planned,
            way=way,
            language=patient.language,
            appointment=appointment,
            content=content,
            now=now,
        )
        row.patient = patient
        yield row


def message_row(
    *,
    subject: str,
    planned: Planned,
    language: str,
    recipient: str = "",
    way: Way | WhyNot | None = None,
    appointment: Appointment | None = None,
    content: Mapping[str, Any] | None = None,
    now: datetime,
) -> Communication:
    """One message as a row, unsaved, by `way` or as mail to `recipient`; if it can't be sent, it says why."""
    way = way or (Way(_MAIL, recipient) if recipient else WhyNot(_MAIL, NO_ADDRESS))
    version = appointment.schedule_version if appointment else 0
    reason = way.words if isinstance(way, WhyNot) else ""
    return Communication(
        dedupe_key=key_of(subject, kind=planned.kind, channel=way.channel, version=version),
        kind=planned.kind,
        channel=way.channel,
        appointment=appointment,
        schedule_version=version,
        recipient=way.address if isinstance(way, Way) else "",
        language=message_language(language),
        content=content,
        status=Communication.Status.NOT_DONE if reason else Communication.Status.PREPARATION,
        status_reason=reason,
        created_at=now,
        due_at=planned.due_at,
        not_after=planned.not_after,
    )


def _kept_token(appointment: Appointment) -> str | None:
    """The token that an earlier message was given; for a session of a course any of its sessions' opens them all."""
    written = Communication.objects.filter(patient__isnull=False, content__isnull=False).order_by("-created_at")
    rows = list(written.filter(appointment=appointment))
    if appointment.course_id:
        rows += written.filter(appointment__course=appointment.course_id).exclude(appointment=appointment)
    tokens = ((row.content or {}).get("token") for row in rows)
    return next((token for token in tokens if token), None)

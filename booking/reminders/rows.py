"""How a message becomes a row: its key, its language, the link in it, and that there is no address."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_noop

from booking.models import Appointment
from booking.reminders.models import Communication
from booking.reminders.subjects import key_of, subject_of
from booking.rules.reminders import Planned

NO_ADDRESS = gettext_noop("There is no e-mail address.")


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
    rows = [
        message_row(
            subject=f"{subject_of(appointment, one.kind, now=now)}{about}",
            planned=one,
            appointment=appointment,
            recipient=patient.email,
            language=patient.language,
            content=kept,
            now=now,
        )
        for one in planned
    ]
    for row in rows:
        row.patient = patient
    Communication.objects.bulk_create(rows, ignore_conflicts=True)


def message_row(
    *,
    subject: str,
    planned: Planned,
    recipient: str,
    language: str,
    appointment: Appointment | None = None,
    content: Mapping[str, Any] | None = None,
    now: datetime,
) -> Communication:
    """One message as a row, unsaved; without an address it says that none can be sent."""
    version = appointment.schedule_version if appointment else 0
    channel = Communication.Channel.EMAIL
    return Communication(
        dedupe_key=key_of(subject, kind=planned.kind, channel=channel, version=version),
        kind=planned.kind,
        channel=channel,
        appointment=appointment,
        schedule_version=version,
        recipient=recipient,
        language=language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE,
        content=content,
        status=Communication.Status.PREPARATION if recipient else Communication.Status.NOT_DONE,
        status_reason="" if recipient else NO_ADDRESS,
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

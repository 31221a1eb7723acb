"""Telling those who wait for a time, as rows. Nothing is sent from here."""

from datetime import datetime

from booking.models import Appointment, WaitlistEntry
from booking.reminders.models import Communication
from booking.reminders.rows import message_row
from booking.rules.reminders import NEWS_KEEPS, Planned
from intake.models import Patient


def tell_of_waiting(*, entry: WaitlistEntry, token: str, now: datetime) -> Communication:
    """Tell somebody that they are in line; `token` opens the page to look at it and to leave."""
    row = message_row(
        subject=f"waitlist/{entry.pk}",
        planned=Planned(now, "waitlist-joined", now + NEWS_KEEPS),
        recipient=entry.patient.email,
        language=entry.patient.language,
        content={"path": f"/wait/{token}/"},
        now=now,
    )
    row.patient = entry.patient
    row.save(force_insert=True)
    return row


def send_offer(
    *, kind: str, hold: Appointment, patient: Patient, token: str, until: datetime, now: datetime
) -> Communication:
    """Tell the patient of a held time that is theirs `until` then; `token` opens the page to answer. What is about the
    hold is no longer true once it is accepted, declined or over.
    """
    row = message_row(
        subject=f"appointment/{hold.pk}/patient/{patient.pk}",
        planned=Planned(now, kind, until),
        appointment=hold,
        recipient=patient.email,
        language=patient.language,
        content={"path": f"/wait/offer/{token}/"},
        now=now,
    )
    row.patient = patient
    row.save(force_insert=True)
    return row

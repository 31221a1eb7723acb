"""Telling those who wait for a time, as rows. Nothing is sent from here."""

from datetime import datetime

from booking.models import Appointment, WaitlistEntry
from booking.reminders.models import Communication
from booking.reminders.rows import patient_rows
from booking.reminders.settings import messages_of
from booking.reminders.ways import reach_of
from booking.rules.kinds import kind_of
from booking.rules.reminders import Planned
from intake.models import Patient


def tell_of_waiting(*, entry: WaitlistEntry, token: str, now: datetime) -> None:
    """Tell somebody that they are in line; `token` opens the page to look at it and to leave."""
    clinic = messages_of(entry.location)
    rows = patient_rows(
        subject=f"waitlist/{entry.pk}",
        planned=Planned(now, "waitlist-joined", now + kind_of("waitlist-joined").keeps),
        patient=entry.patient,
        ways=reach_of(entry.patient).ways_of("waitlist-joined", channels=clinic.channels("waitlist-joined")),
        content={"path": f"/wait/{token}/", "place": str(entry.location_id)},
        now=now,
    )
    Communication.objects.bulk_create(rows)


def send_offer(*, kind: str, hold: Appointment, patient: Patient, token: str, until: datetime, now: datetime) -> None:
    """Tell the patient of a held time that is theirs `until` then; `token` opens the page to answer. What is about the
    hold is no longer true once it is accepted, declined or over.
    """
    clinic = messages_of(hold.location)
    rows = patient_rows(
        subject=f"appointment/{hold.pk}/patient/{patient.pk}",
        planned=Planned(now, kind, until),
        patient=patient,
        ways=reach_of(patient).ways_of(kind, channels=clinic.channels(kind)),
        appointment=hold,
        content={"path": f"/wait/offer/{token}/"},
        now=now,
    )
    Communication.objects.bulk_create(rows)

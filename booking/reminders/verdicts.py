"""Whether a message that was written some time ago may go out now: the world is looked at again before each try."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext_noop

from booking.models import Appointment, Location
from booking.reminders.models import Communication
from booking.reminders.of_stories import night_of_readers, why_not_told
from booking.reminders.quiet import quiet_hours
from booking.reminders.services import CANCELLED, MOVED
from booking.reminders.settings import SWITCHED_OFF, messages_of
from booking.reminders.ways import NO_ADDRESS, Way, WhyNot, reach_of, way_to_number
from booking.rules.kinds import kind_of, still_true
from booking.rules.reminders import morning_after
from intake.models import Patient

UNSETTLED_PAUSE = timedelta(seconds=5)

TOO_LATE = gettext_noop("It could not be sent while it was useful.")
ERASED = gettext_noop("The record was erased.")
OUT_OF_DATE = gettext_noop("It was no longer true.")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do with a row now: "send" (to `address`), "later" (at `due_at`), "stop" or "skip", with the reason for
    people.
    """

    action: str
    reason: str = ""
    due_at: datetime | None = None
    address: str = ""


def still_due(communication: Communication, *, now: datetime) -> Verdict:
    """Look again at what has happened since the row was written."""
    if kind_of(communication.kind).marketing:
        return _of_story(communication, now)
    visit, patient = communication.appointment, communication.patient
    if patient and patient.erased_at:
        return Verdict("stop", ERASED)
    way = _way(communication, patient)
    if isinstance(way, WhyNot):
        return Verdict("skip", way.words)
    address = way.address if way else communication.recipient  # corrected, perhaps, since the row was written
    if not address:
        return Verdict("skip", NO_ADDRESS)
    if now >= communication.not_after:
        return Verdict("skip", TOO_LATE)
    if kind_of(communication.kind).switchable and not _clinic_sends(communication):
        return Verdict("stop", SWITCHED_OFF)
    over = _out_of_date(communication, visit, now) if visit else None
    if over is not None:
        return over
    morning = _morning(communication, visit, now)
    return Verdict("later", due_at=morning) if morning else Verdict("send", address=address)


def _of_story(communication: Communication, now: datetime) -> Verdict:
    why_not = why_not_told(communication)
    if why_not or communication.subscriber is None:
        return Verdict("stop", why_not)
    if now >= communication.not_after:
        return Verdict("skip", TOO_LATE)
    quiet = night_of_readers(Location.objects.order_by("name").first())
    night = quiet.around(now) if quiet else None
    return Verdict("later", due_at=night[1]) if night else Verdict("send", address=communication.subscriber.address)


def _way(communication: Communication, patient: Patient | None) -> Way | WhyNot | None:
    """The patient's way as it is now; who texted us is answered at that number. None: it goes where its row says."""
    if kind_of(communication.kind).of == "text":
        return way_to_number(communication.recipient)
    return reach_of(patient).by[communication.channel] if patient else None


def _clinic_sends(communication: Communication) -> bool:
    visit = communication.appointment
    place = visit.location if visit else Location.objects.order_by("name").first()
    return bool(messages_of(place).channels(communication.kind))


def _out_of_date(communication: Communication, visit: Appointment, now: datetime) -> Verdict | None:
    if kind_of(communication.kind).of == "text":  # it answers to what somebody wrote, whatever becomes of the visit
        return None
    if visit.cancel_settles_at is not None:  # it may be undone; if it isn't, that is when its messages are stopped
        return Verdict("later", due_at=max(visit.cancel_settles_at, now + UNSETTLED_PAUSE))
    if visit.schedule_version != communication.schedule_version:
        return Verdict("stop", MOVED)
    if not still_true(communication.kind, status=visit.status, awaiting=visit.awaiting):
        return Verdict("stop", CANCELLED if visit.status == "cancelled" else OUT_OF_DATE)
    if visit.start <= now and not kind_of(communication.kind).outlives:
        return Verdict("skip", TOO_LATE)
    return None


def _morning(communication: Communication, visit: Appointment | None, now: datetime) -> datetime | None:
    """When the reader's night ends, if this message waits for that. What would lose its use by then goes now."""
    if communication.patient is None:
        return None
    place = visit.location if visit else Location.objects.order_by("name").first()
    quiet = quiet_hours(patient=communication.patient, place=place, channel=communication.channel)
    start = visit.start if visit else now
    morning = morning_after(communication.kind, channel=communication.channel, start=start, quiet=quiet, now=now)
    if morning is None or kind_of(communication.kind).quiet:
        return morning
    return morning if morning < communication.not_after else None

"""People who said yes to texts, and addresses that fail."""

from datetime import datetime

from booking.models import Appointment
from booking.reminders.models import AddressMark, Communication
from booking.services.contact_choices import agree_to_texts, note_consent
from intake.models import Patient
from tests.booking.reminders.visits import NOW, make_visit

PHONE = "+14035550123"
EMAIL, SMS = Communication.Channel.EMAIL, Communication.Channel.SMS


def says_yes_to_texts(patient: Patient, *, now: datetime = NOW) -> Patient:
    agree_to_texts(patient=patient, how="account", now=now)
    return patient


def wants_no_mail(patient: Patient) -> Patient:
    note_consent(patient=patient, channel=EMAIL, given=False, wording="No mail.", how="account", now=NOW)
    return patient


def make_texted_visit(**over: object) -> Appointment:
    """A visit of somebody who gets mail and texts."""
    visit = make_visit(**over)  # type: ignore[arg-type]
    assert visit.patient is not None
    says_yes_to_texts(visit.patient)
    return visit


def fails(channel: str, address: str, what: str = "bounced") -> None:
    AddressMark.objects.create(channel=channel, address=address, what=what, marked_at=NOW)

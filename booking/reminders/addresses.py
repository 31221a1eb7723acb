"""What we learn of mailboxes and numbers: noted once, and whoever was to be reached there is reached otherwise."""

from datetime import datetime

from django.db.models import QuerySet

from booking.reminders.models import (
    AddressMark,
    Communication,
    ContactConsent,
    ContactPreference,
    DeliveryReport,
    IncomingMessage,
    Subscriber,
)
from booking.reminders.rerouting import replan_ways
from booking.reminders.subscribers import end_subscription_at, forget_subscriber
from booking.reminders.ways import plain
from intake.models import Patient, User

EMAIL, SMS = Communication.Channel.EMAIL, Communication.Channel.SMS


def mark_address(
    channel: str, address: str, *, what: str, words: str = "", by: User | None = None, now: datetime
) -> None:
    """Note what is known of an address, unless that is what was known last; what waits takes another way if it can."""
    known = plain(channel, address)
    last = AddressMark.objects.filter(channel=channel, address=known).order_by("-id").first()
    if not known or (last.what if last else AddressMark.What.CLEARED) == what:
        return
    AddressMark.objects.create(channel=channel, address=known, what=what, words=words[:255], by=by, marked_at=now)
    if channel == EMAIL:
        end_subscription_at(known, what=what, now=now)
    for patient in patients_at(channel, known):
        replan_ways(patient=patient, now=now)


def forget_reach(*, patient: Patient) -> None:
    """Take out how a patient was reached and what came back, before their record is erased. What is known of an address
    stays where somebody else has it too.
    """
    IncomingMessage.objects.filter(patient=patient).delete()
    ContactConsent.objects.filter(patient=patient).delete()
    ContactPreference.objects.filter(patient=patient).delete()
    DeliveryReport.objects.filter(communication__patient=patient).delete()
    for channel, address in ((EMAIL, patient.email), (SMS, str(patient.phone or ""))):
        if address and not patients_at(channel, address).exclude(pk=patient.pk).exists():
            AddressMark.objects.filter(channel=channel, address=plain(channel, address)).delete()
            IncomingMessage.objects.filter(sender=address).delete()
            Communication.objects.filter(kind="reply", recipient=address).update(recipient="", content=None)
            for reader in Subscriber.objects.filter(address=plain(channel, address)):
                forget_subscriber(reader)


def patients_at(channel: str, address: str) -> QuerySet[Patient]:
    """Whoever is reached there: families share a mailbox or a number."""
    by = {"email__iexact": address} if channel == EMAIL else {"phone": address}
    return Patient.objects.filter(**by, erased_at=None).order_by("created_at", "id")

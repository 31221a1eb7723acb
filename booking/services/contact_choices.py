"""How somebody wishes to be reached: consent to a channel with the words it was given to, quiet hours, language."""

from dataclasses import dataclass
from datetime import datetime, time
from typing import Final
from zoneinfo import available_timezones

from django.db import transaction
from django.utils.translation import gettext, override
from django.utils.translation import gettext_noop as _noop

from booking.errors import NotPossibleNow
from booking.reminders.addresses import mark_address
from booking.reminders.channels.sms import texts_are_set_up
from booking.reminders.models import AddressMark, Communication, ContactConsent, ContactPreference
from booking.reminders.rerouting import replan_ways
from booking.services.states import require_clinic
from intake.models import Patient, User
from intake.services.audit import record_event
from intake.services.patients import PatientDetails, update_contact

SMS: Final = Communication.Channel.SMS
# What is read before saying yes. A change of the words needs another version beside it.
WORDING_VERSION: Final = "1"
YES_TO_TEXTS: Final = _noop(
    "Text me about my appointments at this number: reminders, changes and answers. Texts carry no health details. "
    "How many depends on my visits; my phone plan's rates apply. I can stop them at any time by answering STOP."
)
YES_TO_MAIL: Final = _noop("Send me e-mail about my appointments.")


@dataclass(frozen=True, slots=True)
class ContactWishes:
    """What somebody chose on their page. Quiet hours: both or none (the clinic's); `time_zone` empty: the clinic's."""

    by_email: bool
    by_text: bool
    language: str
    quiet_from: time | None = None
    quiet_until: time | None = None
    time_zone: str = ""
    by_call: bool = False  # before each visit
    on_paper: bool = False  # a card with their times


def choose_contact(
    *, patient: Patient, wishes: ContactWishes, how: str = ContactConsent.How.ACCOUNT, by: User | None, now: datetime
) -> None:
    """Keep how a patient wishes to be reached; what waits already goes by those ways.

    :raises NotPossibleNow: texts were wished for, and there is no number
    """
    with transaction.atomic(durable=True):
        locked = Patient.objects.select_for_update(no_key=True).get(pk=patient.pk)
        if wishes.by_text and not locked.phone:
            raise NotPossibleNow
        _keep_preference(locked, wishes, now)
        said = {SMS: (wishes.by_text, YES_TO_TEXTS), Communication.Channel.EMAIL: (wishes.by_email, YES_TO_MAIL)}
        for channel, (given, wording) in said.items():
            if is_agreed(patient=locked, channel=channel) != given:
                note_consent(patient=locked, channel=channel, given=given, wording=wording, how=how, by=by, now=now)
        replan_ways(patient=locked, now=now)
        record_event(action="contact-chosen", entity=locked, patient=locked, by=by, role=by.role if by else "", now=now)


@transaction.atomic
def agree_to_texts(*, patient: Patient, how: str, by: User | None = None, now: datetime) -> None:
    """Note that a patient said yes to texts to the number they have now; what waits goes that way too. Safe twice."""
    if patient.phone and not is_agreed(patient=patient, channel=SMS):
        note_consent(patient=patient, channel=SMS, given=True, wording=YES_TO_TEXTS, how=how, by=by, now=now)
        replan_ways(patient=patient, now=now)


def may_be_asked_for_texts(who: Patient | PatientDetails) -> bool:
    """Whether somebody with a phone could get texts from this clinic and has not said yes to them yet."""
    if not who.phone or not texts_are_set_up():
        return False
    return not (isinstance(who, Patient) and is_agreed(patient=who, channel=SMS))


def is_agreed(*, patient: Patient, channel: str) -> bool:
    """Whether the last that was said about a channel is yes. Mail about a visit needs no yes, so long as nobody said
    no; texts need one, for the number that the patient has now.
    """
    last = ContactConsent.objects.filter(patient=patient, channel=channel).order_by("-id").first()
    if channel != SMS:
        return last is None or last.given
    return last is not None and last.given and last.address == str(patient.phone)


def note_consent(
    *, patient: Patient, channel: str, given: bool, wording: str, how: str, by: User | None = None, now: datetime
) -> None:
    """Write down one yes or no, in the words and the language that were read."""
    address = str(patient.phone or "") if channel == SMS else patient.email
    with override(patient.language):
        read = gettext(wording)
    ContactConsent.objects.create(
        patient=patient,
        channel=channel,
        given=given,
        address=address,
        wording=read,
        wording_version=WORDING_VERSION,
        how=how,
        by=by,
        recorded_at=now,
    )


def correct_contact(*, patient: Patient, email: str, phone: str, by: User, now: datetime) -> None:
    """Correct a patient's address and number at their word; what waits goes there. A yes to texts was said about the
    old number, so it is asked for anew.

    :raises NotAllowed: it is not somebody who works with visits
    """
    require_clinic(by)
    with transaction.atomic(durable=True):
        corrected = update_contact(patient=patient, email=email, phone=phone, by=by, now=now)
        replan_ways(patient=corrected, now=now)


def use_address_again(*, patient: Patient, channel: str, by: User, now: datetime) -> None:
    """Somebody at the desk has made sure that an address works that came back before.

    :raises NotAllowed: it is not somebody who works with visits
    :raises NotPossibleNow: its owner answered STOP: only their START ends that
    """
    require_clinic(by)
    address = str(patient.phone or "") if channel == SMS else patient.email
    with transaction.atomic(durable=True):
        last = AddressMark.objects.filter(channel=channel, address=address.lower()).order_by("-id").first()
        if last is not None and last.what == AddressMark.What.STOPPED:
            raise NotPossibleNow
        mark_address(channel, address, what=AddressMark.What.CLEARED, by=by, now=now)
        record_event(action="address-cleared", entity=patient, patient=patient, by=by, role=by.role, now=now)


def _keep_preference(patient: Patient, wishes: ContactWishes, now: datetime) -> None:
    if wishes.time_zone and wishes.time_zone not in available_timezones():
        raise NotPossibleNow
    ContactPreference.objects.update_or_create(
        patient=patient,
        defaults={
            "quiet_from": wishes.quiet_from,
            "quiet_until": wishes.quiet_until,
            "time_zone": wishes.time_zone,
            "by_call": wishes.by_call,
            "on_paper": wishes.on_paper,
            "changed_at": now,
        },
    )
    if wishes.language != patient.language and wishes.language in Patient.LANGUAGES:
        patient.language = wishes.language
        patient.save(update_fields=["language"])

"""Texts that people send us: kept beside the visit they are probably about, and answered at once."""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from booking.models import Appointment, Location
from booking.reminders.addresses import mark_address, patients_at
from booking.reminders.answers import words_of_answer
from booking.reminders.models import AddressMark, Communication, ContactConsent, IncomingMessage
from booking.rules.texting import is_french, keyword_of
from booking.services.contact_choices import note_consent
from intake.models import Patient

SMS: Final = Communication.Channel.SMS
# Whoever has just been told that nobody watches this need not hear it after each line; nor must two machines chat.
SAID_A_WHILE_AGO: Final = timedelta(hours=1)
Keyword = IncomingMessage.Keyword


@transaction.atomic
def take_text(*, provider_id: str, sender: str, text: str, answered_there: bool = False, now: datetime) -> str:
    """Keep what somebody texted, once; answers the words to send back, empty if none are.

    STOP and START hold for everybody with this number. `answered_there`: the provider has answered such a word itself.
    """
    provider_id = provider_id[:200]
    known = IncomingMessage.objects.filter(provider_id=provider_id).first()
    if known is not None:
        return known.answer
    people = list(patients_at(SMS, sender))
    visit = _visit_of(people, now)
    patient = visit.patient if visit else next(iter(people), None)
    keyword = keyword_of(text)
    _obey(keyword, sender, people, text.strip(), now)
    said = "" if answered_there else _answer(keyword, sender, patient, visit, text, now)
    message = IncomingMessage(
        provider_id=provider_id,
        sender=sender,
        text=text,
        keyword=keyword,
        answer=said,
        patient=patient,
        appointment=visit,
        received_at=now,
    )
    IncomingMessage.objects.bulk_create([message], ignore_conflicts=True)
    return said


def _visit_of(people: list[Patient], now: datetime) -> Appointment | None:
    """The next visit of these people, or the one that was last."""
    visits = Appointment.objects.filter(patient__in=people).select_related("patient", "location")
    living = visits.exclude(status__in=[Appointment.Status.CANCELLED, Appointment.Status.ENTERED_IN_ERROR])
    coming = living.filter(end__gt=now).order_by("start").first()
    return coming or visits.filter(start__lte=now).order_by("-start").first()


def _obey(keyword: str, sender: str, people: list[Patient], words: str, now: datetime) -> None:
    if keyword not in (Keyword.STOP, Keyword.START):
        return
    given = keyword == Keyword.START
    for patient in people:
        if ContactConsent.objects.filter(patient=patient, channel=SMS).exists():
            note_consent(patient=patient, channel=SMS, given=given, wording=words, how="reply", now=now)
    mark = AddressMark.What.CLEARED if given else AddressMark.What.STOPPED
    mark_address(SMS, sender, what=mark, words=words, now=now)


def _answer(
    keyword: str, sender: str, patient: Patient | None, visit: Appointment | None, text: str, now: datetime
) -> str:
    before = IncomingMessage.objects.filter(sender=sender, keyword="", received_at__gt=now - SAID_A_WHILE_AGO)
    if not keyword and before.exclude(answer="").exists():
        return ""
    place = visit.location if visit else Location.objects.order_by("name").first()
    language = "fr" if is_french(text) else (patient.language if patient else "en")
    return words_of_answer(keyword or "not-watched", place=place, language=language)

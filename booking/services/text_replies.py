"""What staff do with the texts that people send: read them, answer, see to them, and say whose they are."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from booking.errors import NotPossibleNow
from booking.models import Appointment
from booking.reminders.models import Communication, IncomingMessage
from booking.reminders.models.reports import TO_ANSWER
from booking.reminders.rows import message_row
from booking.reminders.ways import WhyNot, way_to_number
from booking.rules.kinds import kind_of
from booking.rules.reminders import Planned
from booking.selectors.incoming_texts import Line, conversation_with, texts_to_answer
from booking.services.states import require_clinic
from intake.errors import InvalidAnswers
from intake.models import Patient, User
from intake.services.audit import record_event

REPLY: Final = "reply"
STRANGERS_KEPT: Final = timedelta(days=90)
MAX_WORDS: Final = 280  # two parts of a text, beside the clinic's name


def read_texts(*, text: IncomingMessage, by: User, now: datetime) -> list[Line]:
    """What was said both ways with the number of a text, in order. Texts may tell of health: who read them is kept.

    :raises NotAllowed: nobody who works with visits
    """
    require_clinic(by)
    with transaction.atomic(durable=True):
        lines = conversation_with(text, by=by, now=now)
        record_event(action="texts-read", entity=text, patient=text.patient, by=by, now=now)
        return lines


def answer_text(*, text: IncomingMessage, words: str, request_key: UUID, by: User, now: datetime) -> Communication:
    """Answer a text in words of one's own, kept encrypted, at once and to its number alone; what waited from there is
    seen to. Sent twice with one key, it is one.

    :raises NotAllowed: nobody who works with visits
    :raises InvalidAnswers: no words, or too many
    :raises NotPossibleNow: no text can go to this number
    """
    require_clinic(by)
    if not words.strip() or len(words) > MAX_WORDS:
        raise InvalidAnswers
    way = way_to_number(text.sender)
    if isinstance(way, WhyNot):
        raise NotPossibleNow(_("No text can go to this number. Please call."))
    with transaction.atomic(durable=True):
        row = message_row(
            subject=f"{_subject(text)}/{request_key}",
            planned=Planned(now, REPLY, now + kind_of(REPLY).keeps),
            way=way,
            language=text.patient.language if text.patient else "en",
            appointment=text.appointment,
            content={"text": words.strip()},
            now=now,
        )
        row.patient = text.patient
        known = Communication.objects.filter(dedupe_key=row.dedupe_key).first()
        if known is not None:
            return known
        row.save(force_insert=True)
        record_event(action="text-answered", entity=text, patient=text.patient, by=by, now=now)
        _deal_with(text, by, now)
        return row


def deal_with_text(*, text: IncomingMessage, by: User, now: datetime) -> None:
    """Note that somebody has seen to what this number texted until now. Safe twice.

    :raises NotAllowed: nobody who works with visits
    """
    require_clinic(by)
    with transaction.atomic(durable=True):
        _deal_with(text, by, now)


def attach_text(
    *, text: IncomingMessage, patient: Patient, appointment: Appointment | None, by: User, now: datetime
) -> IncomingMessage:
    """Put a text, and what was answered to it, beside whoever really wrote it and the visit they meant.

    :raises NotAllowed: nobody who works with visits
    :raises NotPossibleNow: the visit is somebody else's
    """
    require_clinic(by)
    if appointment is not None and appointment.patient_id != patient.pk:
        raise NotPossibleNow
    with transaction.atomic(durable=True):
        found = IncomingMessage.objects.select_for_update(no_key=True, of=("self",)).get(pk=text.pk)
        found.patient, found.appointment = patient, appointment
        found.save(update_fields=["patient", "appointment"])
        answers = Communication.objects.filter(kind=REPLY, dedupe_key__startswith=f"{_subject(found)}/")
        answers.update(patient=patient, appointment=appointment)
        record_event(action="text-attached", entity=found, patient=patient, by=by, now=now)
        return found


def forget_strangers(*, now: datetime) -> int:
    """Delete what somebody texted who is no patient of ours, three months after it came, and empty what was answered;
    answers how many were deleted. What waits for an answer stays.
    """
    before = now - STRANGERS_KEPT
    answered = Communication.objects.filter(kind=REPLY, patient=None, created_at__lte=before)
    answered.exclude(recipient="").update(recipient="", content=None)
    deleted, _by_model = (
        IncomingMessage.objects.filter(patient=None, received_at__lte=before).exclude(TO_ANSWER).delete()
    )
    return deleted


def _subject(text: IncomingMessage) -> str:
    return f"text/{text.pk}"


def _deal_with(text: IncomingMessage, by: User, now: datetime) -> None:
    waiting = texts_to_answer(by=by, now=now).filter(sender=text.sender, received_at__lte=now)
    for one in list(waiting):
        record_event(action="text-dealt-with", entity=one, patient=one.patient, by=by, now=now)
    waiting.update(dealt_at=now, dealt_by=by)

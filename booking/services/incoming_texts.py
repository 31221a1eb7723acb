"""Texts that people send us: kept beside the visit they are probably about, and answered at once.

One word can stop our texts, or say of the visit that a reminder asked about that somebody is coming. Nothing is ever
cancelled by a text: "can't come" is answered with the visit's link. What no word settles, reception answers.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Coalesce

from booking.errors import NotPossibleNow
from booking.models import Appointment, Location
from booking.reminders.addresses import mark_address, patients_at
from booking.reminders.answers import LINK, words_of_answer
from booking.reminders.models import AddressMark, Communication, ContactConsent, IncomingMessage
from booking.rules.texting import Written, is_french, keyword_of, visits_asked_about
from booking.selectors.incoming_texts import coming_visits, visit_probably_meant
from booking.services.coming import accept, may_accept, take_back_acceptance
from booking.services.contact_choices import note_consent
from booking.services.links import manage_token
from booking.services.locks import lock_appointment, take_turns
from intake.models import Patient
from intake.tokens import hash_token

SMS: Final = Communication.Channel.SMS
# Whoever has just been told that nobody watches this need not hear it after each line; nor must two machines chat.
SAID_A_WHILE_AGO: Final = timedelta(hours=1)
_LOOKED_AT: Final = 40  # texts to one number
Keyword = IncomingMessage.Keyword


@dataclass(frozen=True, slots=True)
class _Text:
    """A text as it came: whose number it is, which word it is, and when."""

    sender: str
    words: str
    keyword: str
    people: list[Patient]
    now: datetime


@dataclass(frozen=True, slots=True)
class _Meant:
    """What it was taken for: kept under which keyword, about which visit, and what is answered."""

    keyword: str
    visit: Appointment | None
    answer: str


@transaction.atomic
def take_text(*, provider_id: str, sender: str, text: str, answered_there: str = "", now: datetime) -> str:
    """Keep what somebody texted, once; answers the words to send back, empty if none are.

    STOP and START hold for everybody with this number. `answered_there`: which word the provider took it for and has
    answered itself ("STOP": it lets no text of ours through any more).
    """
    take_turns(f"text/{sender}")  # one that comes twice at once is one
    provider_id = provider_id[:200]
    known = IncomingMessage.objects.filter(provider_id=provider_id).select_related("appointment").first()
    if known is not None:
        return _with_link(known.answer, known.appointment)
    came = _Text(sender, text, keyword_of(text), list(patients_at(SMS, sender)), now)
    _obey(Keyword.STOP if answered_there == "STOP" else came.keyword, came)
    meant = _understand(came)
    patient = meant.visit.patient if meant.visit else next(iter(came.people), None)
    said = "" if answered_there else _answer(meant, came, patient)
    IncomingMessage.objects.create(
        provider_id=provider_id,
        sender=sender,
        text=text,
        keyword=meant.keyword,
        answer=said,
        patient=patient,
        appointment=meant.visit,
        received_at=now,
    )
    return _with_link(said, meant.visit)


def _obey(keyword: str, came: _Text) -> None:
    if keyword not in (Keyword.STOP, Keyword.START):
        return
    given, words = keyword == Keyword.START, came.words.strip()
    for patient in came.people:
        if ContactConsent.objects.filter(patient=patient, channel=SMS).exists():
            note_consent(patient=patient, channel=SMS, given=given, wording=words, how="reply", now=came.now)
    mark = AddressMark.What.CLEARED if given else AddressMark.What.STOPPED
    mark_address(SMS, came.sender, what=mark, words=words, now=came.now)


def _understand(came: _Text) -> _Meant:
    probably = visit_probably_meant(came.people, now=came.now)
    if came.keyword in (Keyword.STOP, Keyword.START, Keyword.HELP):
        return _Meant(came.keyword, probably, came.keyword)
    if came.keyword in (Keyword.CONFIRM, "yes"):
        return _confirmed(came) or _Meant("", probably, "which" if len(_asked_about(came)) > 1 else "not-watched")
    if came.keyword == Keyword.CANNOT:
        return _cant_come(came) or _Meant(Keyword.CANNOT, probably, "which" if probably else "not-watched")
    return _Meant("", probably, "not-watched")


def _confirmed(came: _Text) -> _Meant | None:
    """The one visit that was asked about is accepted; None if it is not one, or has just changed."""
    asked = _asked_about(came)
    if len(asked) != 1:
        return None
    try:
        visit = _locked(next(iter(asked)))
        accept(visit, how=Appointment.Accepted.TEXT, by=None, now=came.now)
    except NotPossibleNow:
        return None
    return _Meant(Keyword.CONFIRM, visit, "confirmed")


def _cant_come(came: _Text) -> _Meant | None:
    """The one visit that was asked about, or else the only one ahead; None if there are several, or none."""
    asked = _asked_about(came) or {one.pk for one in coming_visits(came.people, now=came.now)}
    if len(asked) != 1:
        return None
    try:
        visit = _locked(next(iter(asked)))
    except NotPossibleNow:
        return None
    take_back_acceptance(visit, now=came.now)
    return _Meant(Keyword.CANNOT, visit, "cannot")


def _locked(visit: UUID) -> Appointment:
    return lock_appointment(Appointment(pk=visit), stays=True)


def _asked_about(came: _Text) -> frozenset[UUID]:
    """Of which visits a "C" from this number may speak."""
    at = Coalesce("sent_at", "maybe_sent_at")
    rows = Communication.objects.filter(channel=SMS, recipient=came.sender).annotate(at=at).filter(at__isnull=False)
    latest = rows.select_related("appointment").order_by("-at")[:_LOOKED_AT]
    said = IncomingMessage.objects.filter(sender=came.sender).order_by("-received_at")
    return visits_asked_about(
        [_written(row, row.at, came) for row in latest],
        bare_yes=came.keyword == "yes",
        said_before=said.values_list("received_at", flat=True).first(),
    )


def _written(row: Communication, at: datetime, came: _Text) -> Written:
    visit = row.appointment
    theirs = visit is not None and visit.patient_id in {one.pk for one in came.people}
    return Written(
        kind=row.kind,
        visit=row.appointment_id,
        at=at,
        is_open=visit is not None
        and theirs
        and visit.schedule_version == row.schedule_version
        and may_accept(visit, now=came.now),
        is_accepted=visit is not None and visit.is_accepted,
    )


def _answer(meant: _Meant, came: _Text, patient: Patient | None) -> str:
    """What is said, as it is kept: `LINK` stands for the visit's link."""
    told = IncomingMessage.objects.filter(sender=came.sender, keyword="", received_at__gt=came.now - SAID_A_WHILE_AGO)
    if meant.answer == "not-watched" and not meant.keyword and told.exclude(answer="").exists():
        return ""
    return words_of_answer(
        meant.answer,
        place=meant.visit.location if meant.visit else Location.objects.order_by("name").first(),
        visit=meant.visit,
        link=bool(_url(meant.visit)),
        language="fr" if is_french(came.words) else (patient.language if patient else "en"),
    )


def _with_link(answer: str, visit: Appointment | None) -> str:
    return answer.replace(LINK, _url(visit))


def _url(visit: Appointment | None) -> str:
    """The address that opens the visit for whoever has it; empty if its link is not ours to make."""
    token = manage_token(visit) if visit else ""
    known = visit is not None and visit.manage_token_hash == hash_token(token)
    return f"{settings.SITE_URL}/visit/{token}/" if known else ""

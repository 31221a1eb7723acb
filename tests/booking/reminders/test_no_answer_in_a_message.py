"""A patient all of whose secrets hold one word, and every message there is: the word comes out of none of them."""

import json
import logging
from collections.abc import Iterator
from dataclasses import asdict
from typing import Final

import pytest
from django.apps import apps
from django.conf import settings as ours
from django.db.models import Model

from booking.models import Appointment, Encounter, Location, PatientTerms, Task, TreatmentRecord
from booking.reminders.channels.email import EmailChannel
from booking.reminders.channels.sms import SmsChannel
from booking.reminders.letters import letter_of
from booking.reminders.models import Communication, IncomingMessage
from booking.reminders.samples import sample_of
from booking.reminders.wording import MessageForm
from booking.rules.kinds import EMAIL, KINDS, SMS
from intake.crypto import EncryptedField
from intake.models import Consent, Observation, PatientReply, QuestionnaireResponse, RecordHold
from tests.booking.reminders.contacts import PHONE
from tests.factories.booking import NOW
from tests.factories.intake import make_questionnaire
from tests.security.house import MAIL, House, make_house
from tests.simulators.mail.smtp import Mailbox
from tests.simulators.sms import SmsSimulator

pytestmark = pytest.mark.django_db
CANARY: Final = "canary"
# By words, and by the name of what was answered with yes.
SECRETS: Final = (CANARY, "joint_replacement", "Joint replacement")
WORDS: Final = {"words": CANARY, "why": CANARY, "text": CANARY, "note": CANARY, "reason": CANARY}
# Encrypted, and of nobody's health: keys of links, and the answer to a program that asks twice.
OF_OTHER_THINGS: Final = {"reminders.Communication", "reminders.Subscriber", "intake.StoredAnswer"}


@pytest.fixture
def house() -> House:
    """The house of the permission table, where whatever else can be known of its patient's health is known."""
    make_questionnaire(NOW)
    house = make_house()
    patient, visit, anna = house.patient, house.visit, house.clinic.anna.user
    fill(patient, guardian_sees_why=CANARY, phone=PHONE)
    for form in QuestionnaireResponse.objects.all():
        fill(form, haste={CANARY: 1}, resume_person={"name": CANARY})
    fill(Task.objects.get(), contact=WORDS)
    yes = Consent.objects.create(
        patient=patient, status="inactive", created_at=NOW, ended_at=NOW, withdrawn_at=NOW, content=WORDS,
        withdrawal=WORDS,
    )  # fmt: skip
    begun = Encounter.objects.create(appointment=visit, started_at=NOW, started_by=anna, plan=WORDS)
    TreatmentRecord.objects.create(
        encounter=begun, needling="done", consent=yes, recorded_at=NOW, recorded_by=anna, content=WORDS
    )
    PatientTerms.objects.create(patient=patient, reason=CANARY, set_at=NOW, set_by=anna)
    Observation.objects.create(patient=patient, focus_id=visit.pk, effective_at=NOW, content=WORDS)
    RecordHold.objects.create(patient=patient, placed_at=NOW, placed_by=anna, content=WORDS)
    IncomingMessage.objects.create(
        provider_id="SM1", sender=PHONE, text=CANARY, patient=patient, appointment=visit, received_at=NOW
    )
    PatientReply.objects.create(question=house.screening.decisions.get(), content=WORDS, replied_at=NOW)
    return house


def fill(row: Model, **fields: object) -> None:
    for name, value in fields.items():
        setattr(row, name, value)
    row.save(update_fields=list(fields))


def secrets_kept() -> Iterator[tuple[str, bool]]:
    """Every field that is stored encrypted, and whether one of its rows holds a secret."""
    models: list[type[Model]] = list(apps.get_models())
    for model in models:
        for field in model._meta.get_fields():
            if isinstance(field, EncryptedField) and model._meta.label not in OF_OTHER_THINGS:
                kept = str([getattr(row, field.name) for row in model._base_manager.all()])
                yield f"{model._meta.label}.{field.name}", any(word in kept for word in SECRETS)


def every_message(house: House, language: str) -> Iterator[Communication]:
    """Each kind by each channel, about the visit of this patient."""
    for code, kind in KINDS.items():
        for channel in [EMAIL, SMS] if kind.sms else [EMAIL]:
            row = sample_of(MessageForm(house.visit.location, code, channel, language), now=NOW)
            if row.appointment is not None:
                row.appointment = visit_for(house, ended=kind.tells_end)
            row.patient = house.patient if row.patient is not None else None
            row.recipient = MAIL if channel == EMAIL else PHONE
            yield row


def visit_for(house: House, *, ended: bool) -> Appointment:
    visit = Appointment.objects.get(pk=house.visit.pk)
    visit.location = house.visit.location
    if ended:
        visit.status, visit.cancel_reason, visit.cancelled_at = "cancelled", "clinic", NOW
    return visit


def send_all(house: House) -> int:
    """Hand everything over in both languages; answers how many."""
    providers = {EMAIL: EmailChannel(), SMS: SmsChannel()}
    number = 0
    for code, _name in ours.MESSAGE_LANGUAGES:
        for row in every_message(house, code):
            provider = providers[row.channel]
            provider.open()
            provider.send(letter_of(row, now=NOW))
            number += 1
    providers[EMAIL].close()
    return number


def mailed(mailbox: Mailbox) -> str:
    """All mails as a reader's program has them: every header, and every part decoded."""
    whole = []
    for mail in mailbox.store.messages():
        for part in mail.content.walk():
            whole += [f"{name}: {value}" for name, value in part.items() if value != MAIL]
            whole += [] if part.is_multipart() else [part.get_payload(decode=True).decode().replace("\r\n ", "")]  # type: ignore[union-attr]
    return "\n".join(whole)


def texted(phones: SmsSimulator) -> str:
    return json.dumps([asdict(text) for text in phones.texts()], default=str)


def found_in(said: str) -> list[str]:
    return [word for word in SECRETS if word.lower() in said.replace(MAIL, "").lower()]


def test_every_secret_that_can_be_kept_of_a_patient_is_kept_of_this_one(house: House) -> None:
    assert [name for name, is_kept in secrets_kept() if not is_kept] == []


def test_no_message_of_any_kind_by_any_way_says_any_of_it(
    house: House, mailbox: Mailbox, phones: SmsSimulator, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    Location.objects.update(name="Riverside Clinic")
    house.visit.location.refresh_from_db()
    number = send_all(house)
    assert len(mailbox.store.messages()) + len(phones.texts()) == number > 100
    mails, texts = mailed(mailbox), texted(phones)
    assert ("BEGIN:VCALENDAR" in mails, "Riverside" in mails, "/visit/" in texts) == (True, True, True)
    assert [found_in(said) for said in (mails, texts, caplog.text)] == [[], [], []]


def test_a_secret_that_got_into_them_would_be_found(house: House, mailbox: Mailbox, phones: SmsSimulator) -> None:
    """The negative control: the name of the clinic stands in subjects, letters, calendar files and texts."""
    house.visit.location.name = "Canary"
    house.visit.location.save()
    send_all(house)
    mails = mailed(mailbox)
    assert [found_in(said) for said in (mails, texted(phones))] == [[CANARY], [CANARY]]
    for line in ("SUMMARY:", "Subject: ", "</"):
        assert any(line in one and "canary" in one.lower() for one in mails.split("\n")), line

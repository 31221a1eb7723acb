import pytest
from pytest_django import Settings

from booking.reminders.addresses import mark_address
from booking.reminders.delivery import deliver_due
from booking.reminders.models import AddressMark, Communication, ContactConsent, DeliveryReport, IncomingMessage
from booking.reminders.services import plan_booking_messages
from booking.reminders.ways import Way, WhyNot, ways_to_reach
from booking.services.contact_choices import note_consent
from booking.services.retention import erase_record
from tests.booking.reminders.contacts import (
    EMAIL,
    PHONE,
    SMS,
    fails,
    make_texted_visit,
    says_yes_to_texts,
    wants_no_mail,
)
from tests.booking.reminders.visits import NOW, make_visit
from tests.factories.intake import make_patient
from tests.simulators.mail.smtp import Faults, Mailbox

pytestmark = pytest.mark.django_db
ADA = "ada@example.com"


def rows(visit: object) -> set[tuple[str, str, str, str]]:
    found = Communication.objects.filter(appointment=visit)
    return {(row.kind, row.channel, row.status, row.status_reason) for row in found}


def test_whoever_said_nothing_gets_mail_only() -> None:
    assert ways_to_reach(make_patient(), "reminder-1") == (Way(EMAIL, ADA),)


def test_whoever_said_yes_to_texts_is_reminded_by_both_and_confirmed_by_mail() -> None:
    patient = says_yes_to_texts(make_patient())
    assert ways_to_reach(patient, "reminder-1") == (Way(EMAIL, ADA), Way(SMS, PHONE))
    assert ways_to_reach(patient, "confirmation") == (Way(EMAIL, ADA),)


def test_what_can_t_go_by_mail_goes_as_a_text() -> None:
    patient = says_yes_to_texts(make_patient(email=""))
    assert ways_to_reach(patient, "confirmation") == (Way(SMS, PHONE),)


def test_who_wants_no_mail_gets_texts() -> None:
    patient = wants_no_mail(says_yes_to_texts(make_patient()))
    assert ways_to_reach(patient, "confirmation") == (Way(SMS, PHONE),)


def test_whoever_wants_nothing_is_sent_nothing() -> None:
    assert ways_to_reach(wants_no_mail(make_patient()), "reminder-1") == (
        WhyNot(EMAIL, "They asked us to send no e-mail."),
    )


def test_a_mailbox_that_fails_leaves_the_texts() -> None:
    patient = says_yes_to_texts(make_patient(email="Ada@Example.com"))
    fails(EMAIL, ADA)
    assert ways_to_reach(patient, "reminder-1") == (Way(SMS, PHONE),)


def test_if_nothing_works_each_wish_says_why_not() -> None:
    patient = says_yes_to_texts(make_patient())
    fails(EMAIL, ADA, "complained")
    fails(SMS, PHONE, "stopped")
    assert ways_to_reach(patient, "reminder-1") == (
        WhyNot(EMAIL, "They reported our mail as unwanted."),
        WhyNot(SMS, "They answered STOP to our texts."),
    )


def test_a_yes_was_said_for_one_number() -> None:
    patient = says_yes_to_texts(make_patient(email=""))
    patient.phone = "+14035550199"
    patient.save()
    assert ways_to_reach(patient, "reminder-1") == (
        WhyNot(EMAIL, "There is no e-mail address."),
        WhyNot(SMS, "They agreed to texts to another number."),
    )


def test_an_address_can_be_used_again_once_that_is_noted() -> None:
    patient = make_patient()
    mark_address(EMAIL, ADA, what="bounced", now=NOW)
    assert isinstance(ways_to_reach(patient, "reminder-1")[0], WhyNot)
    mark_address(EMAIL, ADA, what="cleared", now=NOW)
    assert ways_to_reach(patient, "reminder-1") == (Way(EMAIL, ADA),)


def test_a_clinic_without_an_account_sends_no_texts(settings: Settings) -> None:
    patient = says_yes_to_texts(make_patient())
    settings.TWILIO_ACCOUNT_SID = settings.TWILIO_AUTH_TOKEN = settings.SMS_FROM = ""
    assert ways_to_reach(patient, "reminder-1") == (Way(EMAIL, ADA),)


def test_a_message_is_a_row_for_each_channel_it_goes_by() -> None:
    visit = make_texted_visit()
    plan_booking_messages(appointment=visit, manage_token="secret", now=NOW)
    assert {(kind, channel) for kind, channel, *_ in rows(visit)} == {
        ("confirmation", EMAIL),
        ("recheck", EMAIL),
        ("reminder-1", EMAIL),
        ("reminder-1", SMS),
        ("reminder-2", EMAIL),
        ("reminder-2", SMS),
    }
    assert set(Communication.objects.filter(channel=SMS).values_list("recipient", flat=True)) == {PHONE}


def test_what_waits_takes_another_way_when_the_mailbox_fails_and_comes_back_when_it_works() -> None:
    visit = make_texted_visit(email=ADA)
    plan_booking_messages(appointment=visit, manage_token="secret", now=NOW)
    mark_address(EMAIL, ADA, what="bounced", now=NOW)
    assert rows(visit) == {
        ("confirmation", EMAIL, "stopped", "It goes by another way."),
        ("confirmation", SMS, "preparation", ""),
        ("recheck", EMAIL, "stopped", "It goes by another way."),
        ("recheck", SMS, "preparation", ""),
        ("reminder-1", EMAIL, "stopped", "It goes by another way."),
        ("reminder-1", SMS, "preparation", ""),
        ("reminder-2", EMAIL, "stopped", "It goes by another way."),
        ("reminder-2", SMS, "preparation", ""),
    }
    mark_address(EMAIL, ADA, what="cleared", now=NOW)
    assert {row for row in rows(visit) if row[2] == "preparation"} == {
        ("confirmation", EMAIL, "preparation", ""),
        ("recheck", EMAIL, "preparation", ""),
        ("reminder-1", EMAIL, "preparation", ""),
        ("reminder-1", SMS, "preparation", ""),
        ("reminder-2", EMAIL, "preparation", ""),
        ("reminder-2", SMS, "preparation", ""),
    }


def test_what_can_go_by_no_way_any_more_says_so_at_once_and_waits_again_when_it_can() -> None:
    visit = make_texted_visit(email="")
    plan_booking_messages(appointment=visit, manage_token="secret", now=NOW)
    mark_address(SMS, PHONE, what="stopped", now=NOW)
    assert {row[1:] for row in rows(visit)} == {(SMS, "not-done", "They answered STOP to our texts.")}
    mark_address(SMS, PHONE, what="cleared", now=NOW)
    assert {row[1:] for row in rows(visit)} == {(SMS, "preparation", "")}


def test_a_no_after_a_yes_counts_and_both_are_kept_in_their_words() -> None:
    visit = make_visit()
    patient = says_yes_to_texts(visit.patient)
    note_consent(patient=patient, channel=SMS, given=False, wording="STOP", how="reply", now=NOW)
    assert ways_to_reach(patient, "reminder-1") == (Way(EMAIL, patient.email),)
    kept = patient.contact_consents.order_by("id").values_list("given", "address", "how", "wording_version")
    assert list(kept) == [(True, PHONE, "account", "1"), (False, PHONE, "reply", "1")]
    assert patient.contact_consents.order_by("id")[0].wording.startswith("Text me about my appointments")


def test_what_a_mailbox_refuses_for_good_goes_as_a_text(mailbox: Mailbox) -> None:
    visit = make_texted_visit(email=ADA)
    plan_booking_messages(appointment=visit, manage_token="secret", now=NOW)
    Communication.objects.exclude(kind="confirmation").delete()
    mailbox.faults = Faults(refuse=550)
    assert deliver_due(now=NOW) == 0
    assert rows(visit) == {
        ("confirmation", EMAIL, "not-done", "The mail server refused it: 550 5.1.1 No such mailbox"),
        ("confirmation", SMS, "preparation", ""),
    }
    assert ways_to_reach(visit.patient, "confirmation") == (Way(SMS, PHONE),)


def test_an_erased_record_keeps_nothing_of_how_it_was_reached() -> None:
    visit = make_texted_visit(email=ADA)
    fails(EMAIL, ADA)
    sent = Communication.objects.create(
        dedupe_key="x", kind="confirmation", appointment=visit, patient=visit.patient, recipient=ADA,
        created_at=NOW, due_at=NOW, not_after=NOW,
    )  # fmt: skip
    DeliveryReport.objects.create(communication=sent, what="bounced", provider_id="1", reported_at=NOW)
    IncomingMessage.objects.create(
        provider_id="SM1", sender=PHONE, text="Hello", patient=visit.patient, received_at=NOW
    )
    erase_record(patient=visit.patient, by=None, now=NOW)
    for left in (AddressMark, ContactConsent, DeliveryReport, IncomingMessage):
        assert not left.objects.exists()

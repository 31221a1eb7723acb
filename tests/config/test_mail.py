"""The mail catcher keeps what Django sends, and fails when told to."""

import smtplib
from email.utils import make_msgid

import pytest
from django.core.mail import EmailMultiAlternatives

from tests.simulators.mail.client import MailCatcher

pytestmark = pytest.mark.usefixtures("mail_catcher")


def send(to: str, subject: str = "Your appointment") -> str:
    message_id = make_msgid()
    message = EmailMultiAlternatives(
        subject, "See https://clinic.example/a?b=1&c=2.", "clinic@example.com", [to], headers={"Message-ID": message_id}
    )
    message.attach_alternative("<p>See <a href='https://clinic.example/'>here</a>", "text/html")
    message.send()
    return message_id


def test_a_sent_message_can_be_read_back_whole(mail_catcher: MailCatcher) -> None:
    message_id = send("ada@example.com", "Votre rendez-vous à 9 h")
    (kept,) = mail_catcher.messages()
    assert (kept["to"], kept["subject"], kept["message_id"]) == (
        ["ada@example.com"],
        "Votre rendez-vous à 9 h",
        message_id,
    )
    assert kept["text"].strip() == "See https://clinic.example/a?b=1&c=2."
    assert kept["html"].strip() == "<p>See <a href='https://clinic.example/'>here</a>"


def test_messages_come_newest_first_and_can_be_asked_for_by_recipient(mail_catcher: MailCatcher) -> None:
    for to in ("ada@example.com", "bo@example.com", "ada@example.com"):
        send(to, f"for {to}")
    assert [one["to"] for one in mail_catcher.messages(to="BO@")] == [["bo@example.com"]]
    assert len(mail_catcher.messages(to="ada@example.com")) == 2
    assert mail_catcher.messages()[-1]["subject"] == "for ada@example.com"


@pytest.mark.parametrize("code", [451, 550])
def test_it_refuses_as_often_as_it_was_told(mail_catcher: MailCatcher, code: int) -> None:
    mail_catcher.fail(refuse=code, times=1)
    with pytest.raises(smtplib.SMTPDataError) as refusal:
        send("ada@example.com")
    assert refusal.value.smtp_code == code
    send("ada@example.com")
    assert len(mail_catcher.messages()) == 1


def test_a_dropped_connection_leaves_the_sender_unsure_and_the_message_kept(mail_catcher: MailCatcher) -> None:
    mail_catcher.fail(drop=True, times=1)
    with pytest.raises(smtplib.SMTPServerDisconnected):
        send("ada@example.com")
    assert len(mail_catcher.messages(to="ada@example.com")) == 1

"""E-mail through the backend that the settings name, which is SMTP outside of tests."""

import smtplib
from email.mime.text import MIMEText

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.smtp import EmailBackend as SmtpBackend
from django.core.mail.message import BadHeaderError
from django.core.validators import validate_email

from booking.reminders.channels.base import Letter, NotNow, Refused, Unclear, Unreachable


class EmailChannel:
    """One connection for a batch of mails."""

    def __init__(self) -> None:
        self._connection = get_connection(fail_silently=False)

    def open(self) -> None:
        """Connect, and make sure that a connection kept from the last mail still answers."""
        try:
            if self._stale():
                self._connection.close()
            self._connection.open()
        except (OSError, smtplib.SMTPException) as error:
            raise Unreachable(_words(error)) from error

    def close(self) -> None:
        self._connection.close()

    def send(self, letter: Letter) -> None:
        """Hand one mail to the server. SMTP has no idempotency key: the Message-ID is the row's and never changes."""
        try:
            validate_email(letter.recipient)
            _mail(letter, self._connection).send()
        except (ValidationError, BadHeaderError, UnicodeError, smtplib.SMTPNotSupportedError):
            raise Refused("The e-mail address can't be used.") from None
        except smtplib.SMTPRecipientsRefused as error:
            code, words = next(iter(error.recipients.values()))
            _refuse(code, words)
        except smtplib.SMTPSenderRefused as error:  # our own sender's fault, not this letter's
            raise NotNow(f"The mail server refused our sender ({error.smtp_code}).") from error
        except (smtplib.SMTPDataError, smtplib.SMTPHeloError) as error:
            _refuse(error.smtp_code, error.smtp_error)
        except (OSError, smtplib.SMTPException) as error:
            self._connection.close()
            raise Unclear(_words(error)) from error

    def _stale(self) -> bool:
        server = self._connection.connection if isinstance(self._connection, SmtpBackend) else None
        if server is None:
            return False
        try:
            return server.noop()[0] != 250
        except (OSError, smtplib.SMTPException):
            return True


def _refuse(code: int, words: bytes | str) -> None:
    said = words.decode(errors="replace") if isinstance(words, bytes) else words
    text = f"The mail server refused it: {code} {' '.join(said.split())}"[:250]
    raise Refused(text) if code >= 500 else NotNow(text)


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:250]


def _mail(letter: Letter, connection: object) -> EmailMultiAlternatives:
    headers = {"Message-ID": letter.message_id, "Auto-Submitted": "auto-generated"}
    mail = EmailMultiAlternatives(
        subject=" ".join(letter.subject.split()),
        body=letter.text,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[letter.recipient],
        reply_to=[letter.reply_to] if letter.reply_to else None,
        headers=headers,
        connection=connection,
    )
    mail.attach_alternative(letter.html, "text/html")
    if letter.calendar is not None:
        part = MIMEText(letter.calendar.decode(), "calendar", "utf-8")
        part.set_param("method", letter.calendar_method)
        part.add_header("Content-Disposition", "attachment", filename="appointment.ics")
        mail.attach(part)
    return mail

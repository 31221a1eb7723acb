"""E-mail through the backend that the settings name: SMTP, or a mail provider's own interface through anymail."""

import http
import smtplib
from email.mime.text import MIMEText
from typing import NoReturn

from anymail.exceptions import AnymailAPIError, AnymailError, AnymailRecipientsRefused
from anymail.message import AnymailMessage
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import get_connection
from django.core.mail.backends.smtp import EmailBackend as SmtpBackend
from django.core.mail.message import BadHeaderError
from django.core.validators import validate_email

from booking.reminders.channels.base import Letter, NotNow, Refused, Unclear, Unreachable, id_of
from booking.reminders.channels.unanswered import never_left

# RFC 3463: bad destination mailbox, bad destination system, bad syntax, has moved, mailbox or domain takes no mail.
_NO_SUCH_MAILBOX = ("5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10")


class EmailChannel:
    """One connection for a batch of mails."""

    def __init__(self) -> None:
        self._connection = get_connection(fail_silently=False)
        self.keyed = bool(getattr(self._connection, "keyed", False))

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

    def send(self, letter: Letter) -> str:
        """Hand one mail to the server. SMTP has no idempotency key: the Message-ID is the row's and never changes."""
        mail = _mail(letter, self._connection)
        try:
            validate_email(letter.recipient)
            mail.send()
        except (ValidationError, BadHeaderError, UnicodeError, smtplib.SMTPNotSupportedError):
            raise Refused("The e-mail address can't be used.") from None
        except smtplib.SMTPRecipientsRefused as error:
            code, words = next(iter(error.recipients.values()))
            _refuse(code, words)
        except smtplib.SMTPSenderRefused as error:  # our own sender's fault, not this letter's
            raise NotNow(f"The mail server refused our sender ({error.smtp_code}).") from error
        except (smtplib.SMTPDataError, smtplib.SMTPHeloError) as error:
            _refuse(error.smtp_code, error.smtp_error)
        except AnymailRecipientsRefused:
            raise Refused("The mail provider refused the e-mail address.", mark="bounced") from None
        except AnymailAPIError as error:
            _fail_at_provider(error)
        except AnymailError as error:  # what we asked of it makes no sense to it: our fault, not this letter's
            raise NotNow(_words(error)) from error
        except (OSError, smtplib.SMTPException) as error:
            self._connection.close()
            raise Unclear(_words(error)) from error
        return str(mail.anymail_status.message_id or "")  # only mail providers tell

    def _stale(self) -> bool:
        server = self._connection.connection if isinstance(self._connection, SmtpBackend) else None
        if server is None:
            return False
        try:
            return server.noop()[0] != 250
        except (OSError, smtplib.SMTPException):
            return True


def _refuse(code: int, words: bytes | str) -> NoReturn:
    said = " ".join((words.decode(errors="replace") if isinstance(words, bytes) else words).split())
    text = f"The mail server refused it: {code} {said}"[:250]
    if code < 500:
        raise NotNow(text)
    raise Refused(text, mark="bounced" if said.startswith(_NO_SUCH_MAILBOX) else "")


def _fail_at_provider(error: AnymailAPIError) -> NoReturn:
    """What an error of a mail provider's interface means for this letter."""
    code = error.status_code
    if never_left(error.__cause__):
        raise Unreachable("The mail provider does not answer.") from error
    if code is None or code >= http.HTTPStatus.INTERNAL_SERVER_ERROR:
        raise Unclear(f"The mail provider gave no clear answer ({code or type(error).__name__}).") from error
    if code in (http.HTTPStatus.BAD_REQUEST, http.HTTPStatus.UNPROCESSABLE_ENTITY):
        raise Refused(f"The mail provider refused it ({code}).") from error
    raise NotNow(f"The mail provider refused it for now ({code}).") from error


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:250]


def _mail(letter: Letter, connection: object) -> AnymailMessage:
    headers = {"Message-ID": letter.message_id, "Auto-Submitted": "auto-generated"}
    if letter.leave_url:
        headers |= {"List-Unsubscribe": f"<{letter.leave_url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    mail = AnymailMessage(
        subject=" ".join(letter.subject.split()),
        body=letter.text,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[letter.recipient],
        reply_to=[letter.reply_to] if letter.reply_to else None,
        headers=headers,
        connection=connection,
        metadata={"communication": id_of(letter)},  # a mail provider names it in its reports; SMTP knows none
    )
    mail.attach_alternative(letter.html, "text/html")
    if letter.calendar is not None:
        part = MIMEText(letter.calendar.decode(), "calendar", "utf-8")
        part.set_param("method", letter.calendar_method)
        part.add_header("Content-Disposition", "attachment", filename="appointment.ics")
        mail.attach(part)
    return mail

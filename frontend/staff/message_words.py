"""What became of a message, in one sentence, and its mark. Looks only; where it stands is the selector's to say."""

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from booking.reminders.models import Communication
from booking.selectors.messages import Logged, State
from frontend.staff.words import Tagged
from frontend.templatetags.presentation import moment

STATES: Final[dict[str, Tagged]] = {
    State.PLANNED: Tagged("", gettext_lazy("planned")),
    State.WAITING: Tagged("caution", gettext_lazy("waiting")),
    State.SENT: Tagged("clear", gettext_lazy("sent")),
    State.DELIVERED: Tagged("clear", gettext_lazy("delivered")),
    State.RETURNED: Tagged("stop", gettext_lazy("came back")),
    State.COMPLAINED: Tagged("stop", gettext_lazy("reported as unwanted")),
    State.NOT_SENT: Tagged("stop", gettext_lazy("not sent")),
    State.STOPPED: Tagged("", gettext_lazy("not needed")),
}
WAYS: Final[dict[str, str | Promise]] = {
    Communication.Channel.EMAIL: gettext_lazy("by e-mail to %(address)s"),
    Communication.Channel.SMS: gettext_lazy("by text message to %(address)s"),
}


def sentence_of(logged: Logged, zone: str) -> str:
    """When and by which way it goes or went, what became of it, or why it was not sent. One sentence, and the reason
    as a second one where there is one.
    """
    return " ".join(part for part in (_first(logged, zone), reason_words(logged.message.status_reason)) if part)


def reason_words(reason: str) -> str:
    """The reason of a row as it reads in the reader's language; who chose it stands after a colon."""
    words, colon, who = reason.partition(": ")
    return f"{_(words)}{colon}{who}" if words else ""


def _first(logged: Logged, zone: str) -> str:
    message, report = logged.message, logged.report
    way = _way(message)
    due, sent = moment(message.due_at, zone), moment(message.sent_at, zone) if message.sent_at else ""
    if report is not None:
        said = {"sent": sent, "way": way, "when": moment(report.reported_at, zone), "words": report.words}
        return _reported(logged.state) % said
    if logged.state == State.PLANNED:
        return _("Planned for %(when)s, %(way)s.") % {"when": due, "way": way}
    if logged.state == State.WAITING:
        return _waiting(message) % {"when": due, "way": way, "times": message.attempts}
    if logged.state == State.SENT:
        return _("Sent %(when)s, %(way)s.") % {"when": sent, "way": way}
    return _("Not sent; it was meant for %(when)s, %(way)s.") % {"when": due, "way": way}


def _waiting(message: Communication) -> str:
    if message.status == Communication.Status.IN_PROGRESS:
        return _("It is being sent at this moment, %(way)s.")
    if message.attempts:
        return _("Tried %(times)s times, %(way)s; it will be tried again.")
    return _("Due since %(when)s, %(way)s, and not sent yet.")


def _reported(state: State) -> str:
    return {
        State.DELIVERED: _("Sent %(sent)s, %(way)s; it arrived %(when)s."),
        State.RETURNED: _("Sent %(sent)s, %(way)s, but it came back %(when)s: %(words)s"),
        State.COMPLAINED: _("Sent %(sent)s, %(way)s; its reader reported it as unwanted %(when)s."),
    }[state]


def _way(message: Communication) -> str:
    address = message.recipient or _("nobody: there is no address")
    return str(WAYS[message.channel]) % {"address": address}

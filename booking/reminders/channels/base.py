"""What a channel does with a letter, and the four ways in which that can fail."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class Letter:
    """A finished message: the same words as text and HTML, and at most one calendar file. A text message is `text`.
    `leave_url` is where a mail program lets its reader out of such mail with one click (RFC 8058).
    """

    recipient: str
    subject: str
    text: str
    html: str
    message_id: str
    reply_to: str = ""
    calendar: bytes | None = field(default=None, repr=False)
    calendar_method: str = "PUBLISH"
    leave_url: str = ""


def id_of(letter: Letter) -> str:
    """Whose row it is, from its Message-ID."""
    return letter.message_id.strip("<>").partition("@")[0]


class Unreachable(Exception):
    """The provider can't be reached: nobody's message is at fault, so none is taken up."""


class Refused(Exception):
    """A clear no for this message, for good. The text says why; `mark` what it says of the address, if anything
    ("bounced": it takes nothing, "stopped": its owner wants nothing).
    """

    def __init__(self, words: str, *, mark: str = "") -> None:
        super().__init__(words)
        self.mark = mark


class NotNow(Exception):
    """A clear no for now: the message was not taken, another try may succeed. The text says why."""


class Unclear(Exception):
    """The message was handed over, or may have been, and no answer came."""


class Channel(Protocol):
    """One way to people, open for a batch of messages."""

    keyed: bool  # the provider takes a letter with the same `message_id` once, however often it is sent

    def open(self) -> None:
        """Get ready to send.

        :raises Unreachable: the provider can't be reached
        """

    def send(self, letter: Letter) -> str:
        """Send one letter; answers once the provider has taken it, with its name there (empty: it gave none).

        :raises Unreachable, Refused, NotNow, Unclear: see there
        """

    def close(self) -> None:
        """Let go of the provider."""


@runtime_checkable
class Searchable(Protocol):
    """A channel whose provider can be asked what it has taken."""

    def find(self, letter: Letter, *, since: datetime) -> tuple[str, ...]:
        """The names there of what it has taken since then that reads like this letter, to the same address.

        :raises Unreachable: the provider can't be asked now
        """

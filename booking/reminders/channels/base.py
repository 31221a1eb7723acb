"""What a channel does with a letter, and the three ways in which that can fail."""

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Letter:
    """A finished message: the same words as text and HTML, and at most one calendar file."""

    recipient: str
    subject: str
    text: str
    html: str
    message_id: str
    reply_to: str = ""
    calendar: bytes | None = field(default=None, repr=False)
    calendar_method: str = "PUBLISH"


class Unreachable(Exception):
    """The provider can't be reached: nobody's message is at fault, so none is taken up."""


class Refused(Exception):
    """A clear no for this message, for good. The text says why."""


class NotNow(Exception):
    """A clear no for now: the message was not taken, another try may succeed. The text says why."""


class Unclear(Exception):
    """The message was handed over, or may have been, and no answer came."""


class Channel(Protocol):
    """One way to a person, open for a batch of messages."""

    def open(self) -> None:
        """Get ready to send.

        :raises Unreachable: the provider can't be reached
        """

    def send(self, letter: Letter) -> None:
        """Send one letter; returns once the provider has taken it.

        :raises Unreachable, Refused, NotNow, Unclear: see there
        """

    def close(self) -> None:
        """Let go of the provider."""

"""The SMTP side: takes every message, unless told to fail."""

import asyncio
from dataclasses import dataclass

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.simulators.mail.store import Store


@dataclass(slots=True)
class Faults:
    """How the next messages fare.

    :param refuse: an SMTP code such as 451 (try later) or 550 (never); None accepts
    :param drop: keep the message, then break the connection before saying so: the sender can't know
    :param delay: seconds to wait before anything
    :param times: how many messages it concerns; None means all until the next order
    :param every: it concerns only every so many-th of them
    """

    refuse: int | None = None
    drop: bool = False
    delay: float = 0.0
    times: int | None = None
    every: int = 1
    seen: int = 0

    def take(self) -> "Faults":
        """What holds for the message that just came."""
        self.seen += 1
        if self.seen % self.every:
            return Faults()
        if self.times is None:
            return self
        if self.times < 1:
            return Faults()
        self.times -= 1
        return Faults(self.refuse, self.drop, self.delay)


class Mailbox:
    """What aiosmtpd calls for each message. `keys` are the idempotency keys that came by HTTP, with what was kept."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.faults = Faults()
        self.keys: dict[str, str] = {}

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        faults = self.faults.take()
        await asyncio.sleep(faults.delay)
        if faults.refuse is not None:
            kind = "4.3.0 Try again later" if faults.refuse < 500 else "5.1.1 No such mailbox"
            return f"{faults.refuse} {kind}"
        self.store.keep(
            sender=envelope.mail_from or "",
            recipients=list(envelope.rcpt_tos),
            content=envelope.original_content or b"",
        )
        if faults.drop and server.transport is not None:
            server.transport.abort()
        return "250 Kept"


def serve(mailbox: Mailbox, *, port: int) -> Controller:
    """Listen on 127.0.0.1 in a thread of its own."""
    controller = Controller(mailbox, hostname="127.0.0.1", port=port, enable_SMTPUTF8=True, ident="Drypoint inbox")
    controller.start()
    return controller

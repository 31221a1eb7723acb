"""What we ask of whoever moves money for us, and the few ways in which asking can fail."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol


class GatewayFailure(Exception):
    """Asking did not do what was asked."""


class Refused(GatewayFailure):
    """A clear no: nothing was done, and asking again in the same way is useless."""


class Gone(GatewayFailure):
    """The object isn't known there."""


class Unknown(GatewayFailure):
    """No clear answer: it may have been done or not. Ask again with the same key, or look.

    `kept`: the failure was answered and is repeated for this key for as long as the key lives. `busy`: another process
    is asking with this key at this moment.
    """

    def __init__(self, problem: str, *, kept: bool = False, busy: bool = False) -> None:
        super().__init__(problem)
        self.kept = kept
        self.busy = busy


@dataclass(frozen=True, slots=True)
class SessionSeen:
    """A Checkout Session as it is. `status`: open, complete or expired."""

    id: str
    status: str
    url: str
    intent_id: str
    payment_ref: str
    created_at: datetime
    card_ref: str = ""


@dataclass(frozen=True, slots=True)
class MethodSeen:
    """A card that can be charged again, and whose it is there."""

    id: str
    customer_id: str
    brand: str
    last4: str
    exp_year: int
    exp_month: int


@dataclass(frozen=True, slots=True)
class IntentSeen:
    """A PaymentIntent as it is. Minor units, currency in capitals. `method`: the card it leaves with us, if any."""

    id: str
    status: str
    amount: int
    capturable: int
    received: int
    currency: str
    payment_ref: str
    created_at: datetime
    method: MethodSeen | None = None


@dataclass(frozen=True, slots=True)
class RefundSeen:
    """Money sent back to a card after it was taken. `command` names our operation, if it was ours."""

    id: str
    amount: int
    status: str
    command: str


@dataclass(frozen=True, slots=True)
class DisputeMove:
    """What a dispute moved on our account: `amount` below zero was taken, `fee` above zero was charged for it."""

    id: str
    amount: int
    fee: int


@dataclass(frozen=True, slots=True)
class DisputeSeen:
    """A cardholder asks their bank for the money back. `status`: in Stripe's words; won and lost end it."""

    id: str
    status: str
    amount: int
    answer_by: datetime | None
    moves: tuple[DisputeMove, ...]

    @property
    def gone(self) -> int:
        """What it has taken from us and not brought back."""
        return -sum(move.amount for move in self.moves)


@dataclass(frozen=True, slots=True)
class PayoutSeen:
    """Money on its way from Stripe to the bank. `status` in Stripe's words."""

    id: str
    amount: int
    currency: str
    status: str
    created_at: datetime
    arrives_on: date


@dataclass(frozen=True, slots=True)
class MovementSeen:
    """One line of our account at Stripe. `category` in Stripe's words; `source_id` is what moved it."""

    id: str
    category: str
    intent_id: str
    source_id: str
    amount: int
    fee: int
    created_at: datetime
    currency: str = "CAD"
    payout: PayoutSeen | None = None  # what it was, if that is what moved


@dataclass(frozen=True, slots=True)
class Seen:
    """Everything about one payment at this moment."""

    session: SessionSeen | None = None
    intent: IntentSeen | None = None
    refunds: tuple[RefundSeen, ...] = ()
    disputes: tuple[DisputeSeen, ...] = ()

    @property
    def session_status(self) -> str:
        return self.session.status if self.session else ""

    @property
    def intent_status(self) -> str:
        return self.intent.status if self.intent else ""


class Gateway(Protocol):
    """Each method is one or two calls over the network, never inside a transaction.

    All raise `Unknown`; those that change something raise `Refused`; those that name an object raise `Gone`.
    """

    def open_session(self, *, order: dict[str, Any], key: str) -> SessionSeen: ...

    def expire_session(self, *, session_id: str, key: str) -> None: ...

    def look_up(self, *, session_id: str, intent_id: str) -> Seen: ...

    def find_session(self, *, payment_ref: str, since: datetime) -> SessionSeen | None: ...

    def sessions_since(self, since: datetime) -> Iterator[SessionSeen]: ...

    def intents_since(self, since: datetime) -> Iterator[IntentSeen]: ...

    def movements_since(self, since: datetime) -> Iterator[MovementSeen]: ...

    def movements_of(self, payout_id: str) -> Iterator[MovementSeen]: ...

    def capture(self, *, intent_id: str, amount: int, key: str) -> str: ...

    def void(self, *, intent_id: str, key: str) -> str: ...

    def charge(self, *, order: dict[str, Any], key: str) -> str: ...

    def find_intent(self, *, payment_ref: str, since: datetime) -> IntentSeen | None: ...

    def look_up_card(self, *, session_id: str) -> tuple[SessionSeen, MethodSeen | None]: ...

    def find_card_session(self, *, card_ref: str, since: datetime) -> SessionSeen | None: ...

    def detach(self, *, method_id: str, key: str) -> str: ...

    def refund(self, *, intent_id: str, amount: int, payment_ref: str, command: str, key: str) -> str: ...

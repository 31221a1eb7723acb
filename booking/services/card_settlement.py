"""Cards that patients leave for fees, and Stripe: the page where one is left, and agreeing on what became of it.

As with payments, what is decided is a row, Stripe is asked outside every transaction, and `settle_card` makes both
agree, whoever calls it: the return page, the event's task, or the sweep.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q

from booking.errors import HoldExpired, NotPossibleNow, PrepaymentForbidden
from booking.models import Appointment, KeptCard
from booking.payments.commands import is_surely_absent, next_command, recognise
from booking.payments.gateway import Gateway, MethodSeen, Seen, SessionSeen
from booking.payments.models import GatewayCommand
from booking.reminders.switch import senders_released
from booking.rules.policy import CHECKOUT
from booking.selectors.cards import card_asked_for
from booking.selectors.terms import may_prepay
from booking.services.batches import work_off
from booking.services.cards import describe_card, give_up_card, keep_card, remove_locked
from booking.services.constraints import named_constraints
from booking.services.convergence import as_it_was, until_agreed
from booking.services.locks import lock_appointment
from booking.services.payments_in import is_waiting_for_payment, payment_authorised, release_unpaid
from booking.services.places import rooms_there
from booking.services.states import SYSTEM
from booking.services.stripe_pages import forget_stale_opening, open_page, page_basics
from booking.services.terms import require_prepayment

CLOCKS_DIFFER: Final = timedelta(minutes=5)
GRACE: Final = timedelta(minutes=5)  # after that the time is released although Stripe gave no answer
RETRY_AFTER: Final = timedelta(seconds=60)
BATCH: Final = 50
State = KeptCard.State
Outcome = GatewayCommand.Outcome
Left = tuple[SessionSeen | None, MethodSeen | None]  # the page, and the card that was left on it


def open_card_page(*, card: KeptCard, success_url: str, cancel_url: str, now: datetime) -> str:
    """The address of Stripe's page where this card is left; nothing is taken there.

    :raises StripeUnavailable: no answer; the time is kept, try again
    :raises HoldExpired: the time was let go
    :raises NotPossibleNow: the card was left already, or isn't asked for any more
    :raises PaymentNotOffered, PrepaymentForbidden: there is no Stripe here, or nothing may be asked for by now
    """
    addresses = {"success_url": success_url, "cancel_url": cancel_url}
    return open_page(
        subject=card,
        look=lambda: settle_card(card=card, now=now),
        prepare=lambda: _page_or_command(card, addresses, now),
        now=now,
    )


def card_page_for(*, appointment: Appointment, now: datetime) -> str:
    """The address where the card is left that this booking waits for; the way back leads to our own pages.

    :raises NotPossibleNow: it waits for none
    :raises StripeUnavailable, HoldExpired, PaymentNotOffered: as `open_card_page`
    """
    card = card_asked_for(appointment)
    if card is None:
        raise NotPossibleNow
    return open_card_page(
        card=card,
        success_url=f"{settings.SITE_URL}/book/paid/{appointment.pk}/",
        cancel_url=f"{settings.SITE_URL}/book/unpaid/{appointment.pk}/",
        now=now,
    )


def card_until(card: KeptCard) -> datetime:
    """Until when the time is kept for this card to be left."""
    return (card.session_created_at or card.agreed_at) + CHECKOUT


def settle_card(*, card: KeptCard, ends: Callable[[KeptCard], bool] = lambda _: False, now: datetime) -> KeptCard:
    """Bring a card, its booking and Stripe into agreement; if `ends(card)` says so, let nobody leave it any more.

    :raises StripeUnavailable: Stripe gives no clear answer; nothing is lost, the sweep goes on
    """
    return until_agreed(card, look=_look, agree=lambda before, left: _agree(before, left, ends(before), now), now=now)


def sweep_cards(*, now: datetime) -> int:
    """Let times go whose card was not left in 15 minutes, without an answer of Stripe's in 20, and have Stripe forget
    cards that were taken back. How many were looked at.
    """
    waiting = KeptCard.objects.filter(
        Q(checked_at=None) | Q(checked_at__lte=now - RETRY_AFTER), ~Q(state=State.ASKED, payments__isnull=False),
        settled_at=None,
    )  # fmt: skip
    longest_unasked = waiting.order_by(F("checked_at").asc(nulls_first=True))
    return work_off(longest_unasked[:BATCH], lambda card: _sweep_one(card, now))


def _sweep_one(card: KeptCard, now: datetime) -> None:
    try:
        settle_card(card=card, ends=lambda current: card_until(current) <= now, now=now)
    finally:
        if card.state == State.ASKED and card_until(card) + GRACE <= now:
            with named_constraints(), transaction.atomic(durable=True):
                visit = lock_appointment(card.appointment)
                if KeptCard.objects.filter(pk=card.pk, state=State.ASKED).exists():
                    release_unpaid(visit, None, now)


def _page_or_command(card: KeptCard, addresses: dict[str, str], now: datetime) -> str | GatewayCommand:
    visit = lock_appointment(card.appointment)
    current = KeptCard.objects.get(pk=card.pk)
    if visit.status == Appointment.Status.CANCELLED or card_until(current) <= now:
        raise HoldExpired
    if current.state != State.ASKED or not is_waiting_for_payment(visit):
        raise NotPossibleNow
    require_prepayment(visit.location)
    if not may_prepay(visit.location):
        raise PrepaymentForbidden
    if current.session_url:
        return current.session_url
    forget_stale_opening(current, now)
    order = page_basics(payer=current.patient, addresses=addresses, now=now) | {"card": str(current.pk)}
    command = next_command(payment=current, operation="open_session", parameters=order, rest=timedelta(), now=now)
    if command is None:
        raise NotPossibleNow
    return command


def _look(card: KeptCard, gateway: Gateway) -> Left:
    """The page on which it is left, and what was left there. One beside a deposit comes with the deposit."""
    if card.session_id:
        return gateway.look_up_card(session_id=card.session_id)
    opening = card.commands.filter(operation="open_session", outcome=Outcome.UNKNOWN).first()
    if opening is None:
        return None, None
    # Opened without an answer: our id stands in its metadata.
    page = gateway.find_card_session(card_ref=str(card.pk), since=opening.first_asked_at - CLOCKS_DIFFER)
    return gateway.look_up_card(session_id=page.id) if page else (None, None)


def _agree(before: KeptCard, left: Left, ending: bool, now: datetime) -> KeptCard | GatewayCommand:
    """Under the locks: write down what was seen, decide, and say what to ask next."""
    session, method = left
    visit = _locked(before.appointment)
    card = as_it_was(before)
    if session is not None:
        card.session_id, card.session_url, card.session_created_at = session.id, session.url, session.created_at
    recognise(payment=card, seen=Seen(session=session), now=now)
    if card.state == State.ASKED:
        _move_forward(card, visit, left, ending, now)
    elif method is not None and card.state != State.KEPT:
        describe_card(card, method)  # left after it was given up: forget it there, too
    command = _next_command(card, session, ending, now)
    if command is None and card.state != State.ASKED and not _may_be_open(card, session, now):
        card.settled_at = now
    card.checked_at = now
    card.revision += card.state != before.state or command is not None
    card.save()
    return command or card


def _locked(appointment: Appointment) -> Appointment:
    """The visit, with the rooms that one which lapsed meanwhile may move to."""
    lapsed = appointment.status == Appointment.Status.CANCELLED
    rooms = rooms_there(service=appointment.service, practitioner=appointment.practitioner) if lapsed else []
    return lock_appointment(appointment, rooms=rooms)


def _move_forward(card: KeptCard, visit: Appointment, left: Left, ending: bool, now: datetime) -> None:
    session, method = left
    if method is not None:
        keep_card(card, method, visit, now)
        if payment_authorised(appointment=visit, payment=None, now=now) == "lost":
            remove_locked(card, visit, by=None, role=SYSTEM, now=now)
    elif session.status == "expired" if session else ending and not _may_be_open(card, session, now):
        give_up_card(card, now)
        release_unpaid(visit, None, now)


def _may_be_open(card: KeptCard, session: SessionSeen | None, now: datetime) -> bool:
    """Whether somebody could still leave a card on a page of ours."""
    if session is not None:
        return session.status == "open"
    opening = card.commands.filter(operation="open_session", outcome=Outcome.UNKNOWN)
    return not all(is_surely_absent(command, now) for command in opening)


def _next_command(card: KeptCard, session: SessionSeen | None, ending: bool, now: datetime) -> GatewayCommand | None:
    if not senders_released():
        return None
    if session is not None and session.status == "open" and (ending or card.state != State.ASKED):
        return next_command(payment=card, operation="expire_session", now=now)
    if card.state in (State.REMOVED, State.LAPSED) and card.method_id:
        last = card.commands.filter(operation="detach").order_by("attempt").last()
        if last is None or last.outcome == Outcome.UNKNOWN:  # refused: it isn't there any more
            return next_command(payment=card, operation="detach", now=now)
    return None

"""Cards that patients leave for fees: asked for with a booking, kept, taken back. Nothing is charged from here.

As with payments, what is decided is a row, Stripe is asked outside every transaction, and `settle_card` makes both
agree, whoever calls it: the return page, the event's task, or the sweep.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q

from booking.errors import HoldExpired, NotPossibleNow, PrepaymentForbidden, StripeUnavailable
from booking.models import Appointment, KeptCard
from booking.payments.commands import ask, is_surely_absent, next_command, recognise
from booking.payments.gateway import Gateway, Gone, MethodSeen, Seen, SessionSeen, Unknown
from booking.payments.models import GatewayCommand, Payment
from booking.payments.stripe_gateway import connect
from booking.reminders.switch import senders_released
from booking.rules.policy import CHECKOUT
from booking.rules.walltime import wall_date
from booking.selectors.cards import card_asked_for, cards_without_a_reason, good_card_of, kept_card_of
from booking.selectors.terms import may_prepay
from booking.services.batches import work_off
from booking.services.constraints import named_constraints
from booking.services.locks import lock_appointment
from booking.services.payments_in import is_waiting_for_payment, payment_authorised, release_unpaid
from booking.services.places import rooms_there
from booking.services.states import SYSTEM, record_change
from booking.services.stripe_pages import forget_stale_opening, open_page, page_basics
from booking.services.terms import require_prepayment
from intake.models import Patient, User

ROUNDS: Final = 8
CLOCKS_DIFFER: Final = timedelta(minutes=5)
GRACE: Final = timedelta(minutes=5)  # after that the time is released although Stripe gave no answer
RETRY_AFTER: Final = timedelta(seconds=60)
BATCH: Final = 50
LOOK_AGAIN: Final = "look again"
State = KeptCard.State
Outcome = GatewayCommand.Outcome


def request_card(
    *, appointment: Appointment, payer: Patient, agreed_text: str = "", deposit: Payment | None = None, now: datetime
) -> KeptCard:
    """Ask for a card with a locked booking, beside its deposit if there is one; the card the patient has left already
    if it is good until then (`state` says which). Joins the caller's transaction.

    :raises PrepaymentForbidden: the clinic may ask for nothing before a visit, not even a card
    """
    if not may_prepay(appointment.location):
        raise PrepaymentForbidden
    good = good_card_of(payer, on=wall_date(appointment.end, appointment.time_zone))
    if good is not None:
        return good
    asked = KeptCard.objects.filter(appointment=appointment, state=State.ASKED).first()
    card = asked or KeptCard.objects.create(
        appointment=appointment, patient=payer, agreed_text=agreed_text, agreed_at=now
    )
    if deposit is not None:
        deposit.card = card
        deposit.save(update_fields=["card"])
    return card


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


def go_on_without_card(*, appointment: Appointment, by: User | None = None, now: datetime) -> Appointment:
    """Let a booking that waits for a card go on without one: it is paid at the clinic.

    :raises NotPossibleNow: it waits for no card
    """
    with named_constraints(), transaction.atomic(durable=True):
        visit = lock_appointment(appointment)
        card = card_asked_for(visit)
        if card is None or not is_waiting_for_payment(visit):
            raise NotPossibleNow
        _give_up(card, now)
        visit.payment_choice = Payment.Gateway.DESK
        visit.save()
        record_change(appointment=visit, action="card-not-needed", by=by, role="" if by else SYSTEM, now=now)
        payment_authorised(appointment=visit, payment=None, now=now)
    appointment.refresh_from_db()
    return appointment


def remove_card(*, patient: Patient, by: User | None, role: str = "", now: datetime) -> KeptCard | None:
    """Take a patient's card back; Stripe forgets it with the next sweep. None: there was none. Who isn't staff or the
    patient's own account never gets here; without `by` it is whoever holds the visit's link.
    """
    found = kept_card_of(patient)
    if found is None:
        return None
    with named_constraints(), transaction.atomic(durable=True):
        visit = lock_appointment(found.appointment, patient=patient, stays=True)
        card = KeptCard.objects.get(pk=found.pk)
        if card.state == State.KEPT:
            _remove(card, visit, by=by, role=role, now=now)
        return card


def keep_card(card: KeptCard, method: MethodSeen, visit: Appointment, now: datetime) -> None:
    """The patient has left this card, with the visit locked: it takes the place of an older one."""
    older = KeptCard.objects.filter(patient=card.patient, state=State.KEPT).exclude(pk=card.pk).first()
    if older is not None:
        _remove(older, visit, by=None, role=SYSTEM, now=now)
    card.state, card.kept_at = State.KEPT, now
    _describe(card, method)
    card.save()
    record_change(appointment=visit, action="card-kept", now=now)


def note_card_beside(payment: Payment, method: MethodSeen | None, visit: Appointment, now: datetime) -> None:
    """What a deposit left beside itself: its card is kept if the deposit is, and else forgotten."""
    card = payment.card
    if card is None or card.state != State.ASKED:
        return
    if method is not None and payment.keep_amount != 0:
        keep_card(card, method, visit, now)
    elif method is not None:
        _describe(card, method)
        _give_up(card, now)
    elif payment.state in Payment.FINAL:
        _give_up(card, now)


def settle_card(*, card: KeptCard, ends: Callable[[KeptCard], bool] = lambda _: False, now: datetime) -> KeptCard:
    """Bring a card, its booking and Stripe into agreement; if `ends(card)` says so, let nobody leave it any more.

    :raises StripeUnavailable: Stripe gives no clear answer; nothing is lost, the sweep goes on
    """
    assert not connection.in_atomic_block, "Stripe is never asked inside a transaction"
    gateway, failures = connect(), 0
    for _ in range(ROUNDS):
        before = KeptCard.objects.select_related("appointment").get(pk=card.pk)
        session, method = _look(before, gateway, now)
        with named_constraints(), transaction.atomic(durable=True):
            found = _agree(before, session, method, ends(before), now)
        if isinstance(found, KeptCard):
            return found
        if isinstance(found, GatewayCommand):
            asked = ask(command=found, gateway=gateway, now=now)
            failures += asked.outcome == Outcome.UNKNOWN
            if asked.outcome == Outcome.UNKNOWN and (failures > 1 or not asked.kept_failure):
                raise StripeUnavailable
    raise StripeUnavailable


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


def forget_needless_cards(*, now: datetime) -> int:
    """Take back cards that nothing needs any more; how many. Stripe forgets them with the next sweep."""
    return work_off(cards_without_a_reason(now=now)[:BATCH], lambda card: _forget(card, now))


def _forget(card: KeptCard, now: datetime) -> None:
    remove_card(patient=card.patient, by=None, role=SYSTEM, now=now)


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


def _look(card: KeptCard, gateway: Gateway, now: datetime) -> tuple[SessionSeen | None, MethodSeen | None]:
    """The page on which it is left, and what was left there. One beside a deposit comes with the deposit."""
    try:
        if card.session_id:
            return gateway.look_up_card(session_id=card.session_id)
        opening = card.commands.filter(operation="open_session", outcome=Outcome.UNKNOWN).first()
        if opening is None:
            return None, None
        # Opened without an answer: our id stands in its metadata.
        page = gateway.find_card_session(card_ref=str(card.pk), since=opening.first_asked_at - CLOCKS_DIFFER)
        return gateway.look_up_card(session_id=page.id) if page else (None, None)
    except (Unknown, Gone) as failure:
        KeptCard.objects.filter(pk=card.pk).update(checked_at=now)
        raise StripeUnavailable from failure


def _agree(
    before: KeptCard, session: SessionSeen | None, method: MethodSeen | None, ending: bool, now: datetime
) -> KeptCard | GatewayCommand | str:
    """Under the locks: write down what was seen, decide, and say what to ask next."""
    try:
        visit = _locked(before.appointment)
    except NotPossibleNow:
        return LOOK_AGAIN
    card = KeptCard.objects.get(pk=before.pk)
    if card.revision != before.revision:
        return LOOK_AGAIN
    if session is not None:
        card.session_id, card.session_url, card.session_created_at = session.id, session.url, session.created_at
    recognise(payment=card, seen=Seen(session=session), now=now)
    if card.state == State.ASKED:
        _move_forward(card, visit, session, method, ending, now)
    elif method is not None and card.state != State.KEPT:
        _describe(card, method)  # left after it was given up: forget it there, too
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


def _move_forward(
    card: KeptCard,
    visit: Appointment,
    session: SessionSeen | None,
    method: MethodSeen | None,
    ending: bool,
    now: datetime,
) -> None:
    if method is not None:
        keep_card(card, method, visit, now)
        if payment_authorised(appointment=visit, payment=None, now=now) == "lost":
            _remove(card, visit, by=None, role=SYSTEM, now=now)
    elif session.status == "expired" if session else ending and not _may_be_open(card, session, now):
        _lapse(card, visit, now)


def _lapse(card: KeptCard, visit: Appointment, now: datetime) -> None:
    _give_up(card, now)
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


def _give_up(card: KeptCard, now: datetime) -> None:
    """Nobody waits for it any more; what is open at Stripe is ended by the sweep."""
    card.state, card.settled_at, card.checked_at = State.LAPSED, None, None
    card.revision += 1
    card.save()


def _remove(card: KeptCard, visit: Appointment, *, by: User | None, role: str = "", now: datetime) -> None:
    card.state, card.removed_at, card.removed_by = State.REMOVED, now, by
    card.settled_at = card.checked_at = None
    card.revision += 1
    card.save()
    record_change(appointment=visit, action="card-removed", by=by, role=role, now=now)


def _describe(card: KeptCard, method: MethodSeen) -> None:
    card.method_id, card.customer_id = method.id, method.customer_id
    card.brand, card.last4 = method.brand, method.last4
    card.exp_year, card.exp_month = method.exp_year, method.exp_month

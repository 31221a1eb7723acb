"""Cards that patients leave for fees: asked for with a booking, kept, taken back.

What that means at Stripe is the matter of `card_settlement`, and nothing is charged from here.
"""

from datetime import datetime
from typing import Final

from django.db import transaction

from booking.errors import NotPossibleNow, PrepaymentForbidden
from booking.models import Appointment, KeptCard
from booking.payments.gateway import MethodSeen
from booking.payments.models import Payment
from booking.rules.walltime import wall_date
from booking.selectors.cards import card_asked_for, cards_without_a_reason, good_card_of, kept_card_of
from booking.selectors.terms import may_prepay
from booking.services.batches import work_off
from booking.services.constraints import named_constraints
from booking.services.locks import lock_appointment
from booking.services.payments_in import is_waiting_for_payment, payment_authorised
from booking.services.states import SYSTEM, record_change
from intake.models import Patient, User

BATCH: Final = 50
State = KeptCard.State


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


def go_on_without_card(*, appointment: Appointment, by: User | None = None, now: datetime) -> Appointment:
    """Let a booking that waits for a card go on without one: it is paid at the clinic.

    :raises NotPossibleNow: it waits for no card
    """
    with named_constraints(), transaction.atomic(durable=True):
        visit = lock_appointment(appointment)
        card = card_asked_for(visit)
        if card is None or not is_waiting_for_payment(visit):
            raise NotPossibleNow
        give_up_card(card, now)
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
            remove_locked(card, visit, by=by, role=role, now=now)
        return card


def keep_card(card: KeptCard, method: MethodSeen, visit: Appointment, now: datetime) -> None:
    """The patient has left this card, with the visit locked: it takes the place of an older one."""
    older = KeptCard.objects.filter(patient=card.patient, state=State.KEPT).exclude(pk=card.pk).first()
    if older is not None:
        remove_locked(older, visit, by=None, role=SYSTEM, now=now)
    card.state, card.kept_at = State.KEPT, now
    describe_card(card, method)
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
        describe_card(card, method)
        give_up_card(card, now)
    elif payment.state in Payment.FINAL:
        give_up_card(card, now)


def forget_needless_cards(*, now: datetime) -> int:
    """Take back cards that nothing needs any more; how many. Stripe forgets them with the next sweep."""
    return work_off(cards_without_a_reason(now=now)[:BATCH], lambda card: _forget(card, now))


def give_up_card(card: KeptCard, now: datetime) -> None:
    """Nobody waits for it any more; what is open at Stripe is ended by the sweep."""
    card.state, card.settled_at, card.checked_at = State.LAPSED, None, None
    card.revision += 1
    card.save()


def remove_locked(card: KeptCard, visit: Appointment, *, by: User | None, role: str = "", now: datetime) -> None:
    """It is kept no longer, with the visit locked; Stripe forgets it with the next sweep."""
    card.state, card.removed_at, card.removed_by = State.REMOVED, now, by
    card.settled_at = card.checked_at = None
    card.revision += 1
    card.save()
    record_change(appointment=visit, action="card-removed", by=by, role=role, now=now)


def describe_card(card: KeptCard, method: MethodSeen) -> None:
    """Note which card was left; the caller saves it."""
    card.method_id, card.customer_id = method.id, method.customer_id
    card.brand, card.last4 = method.brand, method.last4
    card.exp_year, card.exp_month = method.exp_year, method.exp_month


def _forget(card: KeptCard, now: datetime) -> None:
    with named_constraints(), transaction.atomic(durable=True):
        visit = lock_appointment(card.appointment, patient=card.patient, stays=True)
        needless = cards_without_a_reason(now=now).filter(pk=card.pk).first()
        if needless is not None:  # or they have booked with it in the meantime
            remove_locked(needless, visit, by=None, role=SYSTEM, now=now)

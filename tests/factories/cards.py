"""Visits whose patient leaves a card, and fees that are taken from it."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from booking.models import Appointment, FeeCase, KeptCard
from booking.payments.models import Payment
from booking.services.appointments import confirm_details
from booking.services.card_settlement import open_card_page, settle_card
from booking.services.holds import hold_time
from booking.services.visits import mark_noshow
from intake.models import Role, User
from tests.factories.booking import make_staff, make_terms
from tests.factories.payments import RETURN, Till, person
from tests.simulators.stripe import pay

NO_SHOW_FEE = 8000
LATE_FEE = 4000


def keeps_cards(till: Till, **over: Any) -> None:
    """From now on the clinic asks for a card: 80.00 for not coming, 40.00 for cancelling or moving late."""
    wish = {"way": "keep-card", "no_show_fee_amount": NO_SHOW_FEE, "late_fee_amount": LATE_FEE, "free_cancel_hours": 24}
    make_terms(till.service, **{"deposit_amount": None} | wish | over)


def book_with_card(till: Till, **over: Any) -> Appointment:
    """A booking that waits for a card, where `keeps_cards`."""
    who = over.pop("patient", None) or person()
    wish = {
        "screening": None,
        "service": till.service,
        "practitioner": till.clinic.anna,
        "start": over.get("start") or next(start for start in till.starts if start > till.now + timedelta(days=1)),
        "request_key": uuid4(),
        "held_by": str(uuid4()),
        "source": "patient",
        "now": till.now,
    }
    held = hold_time(**wish | over)
    confirm_details(
        appointment=held.appointment,
        patient=who,
        payment="online",
        policies_accepted=True,
        by=getattr(who, "user", None),
        now=till.now,
    )
    held.appointment.refresh_from_db()
    return held.appointment


def card_of(visit: Appointment) -> KeptCard:
    return KeptCard.objects.filter(appointment=visit).latest("agreed_at")


def leave_card(till: Till, visit: Appointment, **how: Any) -> KeptCard:
    """The patient opens Stripe's page, leaves a card there, and comes back."""
    card = card_of(visit)
    pay(open_card_page(card=card, **RETURN, now=till.now), **how)
    return settle_card(card=card, now=till.now)


def missed_visit(till: Till, **how: Any) -> FeeCase:
    """A card was left, nobody came, and the fee waits for a manager."""
    keeps_cards(till)
    visit = book_with_card(till)
    leave_card(till, visit, **how)
    return miss(till, visit)


def miss(till: Till, visit: Appointment) -> FeeCase:
    """Nobody came to a visit."""
    till.set_clock(visit.start + timedelta(minutes=30))
    mark_noshow(appointment=visit, by=manager(), now=till.now)
    return FeeCase.objects.get(appointment=visit)


def manager() -> User:
    return User.objects.filter(role=Role.MANAGER).first() or make_staff(Role.MANAGER)


def charge_of(case: FeeCase) -> Payment:
    """The payment by which a fee is taken from the card."""
    return case.payments.get(card__isnull=False)


def intents_of(till: Till, case: FeeCase) -> list[tuple[str, int]]:
    """What Stripe has of a fee: each intent's state and the sum it brought."""
    mine = {str(payment.pk) for payment in case.payments.all()}
    found = till.stripe.store.find("payment_intent")
    return [(one["status"], one["amount_received"]) for one in found if one["metadata"].get("payment") in mine]

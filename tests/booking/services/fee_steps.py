"""What is done about a fee, step by step, and what became of it."""

from typing import Any
from uuid import uuid4

from booking.models import Appointment, FeeCase
from booking.payments.desk_gateway import Part
from booking.payments.ledger import balance_of
from booking.services.checkout import carry_out_wanted
from booking.services.desk_money import take_payment
from booking.services.fee_cases import approve_fee, waive_fee
from booking.services.fee_taking import take_due_fees
from tests.factories.cards import book_with_card, keeps_cards, leave_card, manager, missed_visit
from tests.factories.payments import Till

TAKEN = [("succeeded", 8000)]
CHARGES = "/v1/payment_intents"


def approve(till: Till, case: FeeCase) -> FeeCase:
    return approve_fee(case=case, by=manager(), now=till.now)


def a_day_later(till: Till, *, sweeps: int = 1) -> None:
    till.wait(hours=24)
    for _ in range(sweeps):
        take_due_fees(now=till.now)
        carry_out_wanted(now=till.now)
        till.wait(seconds=61)


def state(case: FeeCase) -> str:
    case.refresh_from_db()
    return case.state


def due(case: FeeCase) -> int:
    return balance_of(Appointment.objects.get(pk=case.appointment_id)).due


def told(case: FeeCase) -> list[str]:
    """What became of the mails that say that a fee will be taken."""
    mails = case.appointment.communications.filter(kind="fee-coming").order_by("created_at")
    return list(mails.values_list("status", flat=True))


def approved(till: Till, **how: Any) -> FeeCase:
    return approve(till, missed_visit(till, **how))


def pay_at_desk(till: Till, case: FeeCase, amount: int) -> None:
    take_payment(
        appointment=case.appointment, parts=[Part(amount, "cash")], request_key=uuid4(), by=manager(), now=till.now
    )


def waive(till: Till, case: FeeCase) -> None:
    waive_fee(case=case, reason="courtesy", by=manager(), now=till.now)


def with_card(till: Till) -> Appointment:
    keeps_cards(till)
    visit = book_with_card(till)
    leave_card(till, visit)
    visit.refresh_from_db()
    return visit

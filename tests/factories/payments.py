"""A clinic that takes deposits through a simulated Stripe, on a clock that the test moves."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.test import Client

from booking.models import Appointment, HealthcareService
from booking.payments.models import LedgerEntry, Payment
from booking.services.appointments import confirm_details
from booking.services.cancellations import settle_cancellations
from booking.services.checkout import carry_out_wanted, handle_events, open_checkout, settle
from booking.services.holds import hold_time
from config.invariants import broken_promises
from config.promises_of_money import OF_MONEY
from intake import clock
from intake.services.patients import PatientDetails
from tests.clock import move_ahead, set_ahead
from tests.factories.booking import NOW, at, make_clinic, make_service
from tests.simulators.stripe import Shown, StripeSimulator, pay
from tests.simulators.stripe.store import Body
from tests.simulators.stripe.webhooks import signature

WEBHOOK = "/webhooks/stripe/"
SECRET = "whsec_test"
RETURN = {"success_url": "http://clinic.test/paid/", "cancel_url": "http://clinic.test/back/"}
CAME_BACK = ("failed", "canceled")
SOURCES = ("charge", "refund", "dispute")
# Which movements of the ledger came to the account at Stripe, and which left it.
ON_THE_ACCOUNT = {
    **dict.fromkeys(("capture", "refund-failed", "dispute-won", "dispute-fee-back"), 1),
    **dict.fromkeys(("refund", "disputed", "dispute-fee"), -1),
}
_numbers = count(1)


class Till:
    """Everything that happens around one payment, by the names of who does it."""

    def __init__(self, stripe: StripeSimulator, clock_file: Path) -> None:
        self.stripe = stripe
        self._clock_file = clock_file
        self.set_clock(NOW)
        self.clinic = make_clinic()
        self.service = self.make_service()
        weekdays = (days for days in range(1, 60) if days % 7 < 5)
        self.starts = (at(hour, days=days) for days in weekdays for hour in range(9, 16))

    @property
    def now(self) -> datetime:
        return clock.now()

    def set_clock(self, moment: datetime) -> None:
        set_ahead(self._clock_file, (moment - datetime.now(UTC)).total_seconds())

    def wait(self, **time: float) -> None:
        move_ahead(self._clock_file, timedelta(**time).total_seconds())

    def make_service(self, **over: Any) -> HealthcareService:
        plain = {"screening": "none", "modality": "none", "name": "A visit with a deposit"}
        return make_service([self.clinic.anna, self.clinic.ben], **plain | over)

    def book(self, **over: Any) -> Payment:
        """A booking that waits for its deposit of 30.00."""
        start = over.pop("start", None) or next(self.starts)
        wish = {
            "screening": None,
            "service": self.service,
            "practitioner": self.clinic.anna,
            "start": start,
            "request_key": uuid4(),
            "held_by": f"browser-{next(_numbers)}",
            "source": "patient",
            "now": self.now,
        }
        held = hold_time(**wish | over)
        confirm_details(
            appointment=held.appointment, patient=person(), payment="online", policies_accepted=True, now=self.now
        )
        return Payment.objects.get(appointment=held.appointment)

    def open(self, payment: Payment) -> str:
        return open_checkout(payment=payment, **RETURN, now=self.now)

    def pay(self, payment: Payment, **how: Any) -> Shown:
        """The patient opens Stripe's page and pays."""
        return pay(self.open(payment), **how)

    def taken(self, **over: Any) -> Payment:
        """A deposit that was paid, and a visit that is booked."""
        payment = self.book(**over)
        self.pay(payment)
        return settle(payment=payment, now=self.now)

    def fault(self, action: str, path: str = "*", **more: Any) -> None:
        """Stripe misbehaves at the next request to `path`."""
        self.stripe.post_control("faults", {"action": action, "method": "POST", "path": path, **more})

    def sweep(self, times: int = 4) -> None:
        """What the beat does, a minute and a bit apart."""
        for _ in range(times):
            self.wait(seconds=61)
            settle_cancellations(now=self.now)
            carry_out_wanted(now=self.now)
            handle_events(now=self.now)

    def events(self, payment: Payment | None = None) -> list[Body]:
        """What Stripe would tell, oldest first."""
        told = list(reversed(self.stripe.store.find("event")))
        if payment is None:
            return told
        session = payment_now(payment).session_id
        intent = (self.stripe.store.get(session) or {}).get("payment_intent") or "none"
        return [event for event in told if session in json.dumps(event) or intent in json.dumps(event)]

    def tell(self, event: Body, **headers: str) -> int:
        """Stripe posts an event; the status of the answer."""
        payload = json.dumps(event)
        signed = {"Stripe-Signature": signature(SECRET, int(self.now.timestamp()), payload)} | headers
        answer = Client().post(WEBHOOK, payload, content_type="application/json", headers=signed)
        return answer.status_code

    def tell_all(self, events: Iterable[Body]) -> None:
        for event in events:
            assert self.tell(event) == 200
        handle_events(now=self.now)

    def truth(self, payment: Payment) -> dict[str, int]:
        """What Stripe has of a payment: minor units held, taken and sent back."""
        intent_id = payment_now(payment).intent_id
        intent = self.stripe.store.get(intent_id) if intent_id else None
        if intent is None:
            return {"held": 0, "taken": 0, "sent back": 0}
        back = [one for one in self.stripe.store.find("refund", payment_intent=intent_id) if one["balance_transaction"]]
        return {
            "held": intent["amount_capturable"],
            "taken": intent["amount_received"],
            "sent back": sum(one["amount"] for one in back if one["status"] not in CAME_BACK),
        }


def person(**over: Any) -> PatientDetails:
    """Somebody new each time."""
    number = next(_numbers)
    details = {
        "given_name": "Ada",
        "family_name": f"Berg {number}",
        "birth_date": datetime(1986, 4, 3, tzinfo=UTC).date(),
        "email": f"ada{number}@example.com",
        "phone": "+14035550123",
        "language": "en",
    }
    return PatientDetails(**details | over)


def payment_now(payment: Payment) -> Payment:
    return Payment.objects.get(pk=payment.pk)


def visit_now(payment: Payment) -> Appointment:
    return Appointment.objects.get(pk=payment.appointment_id)


def state_of(payment: Payment) -> tuple[str, str, str]:
    """Payment's state, the appointment's status, and what it waits for."""
    visit = visit_now(payment)
    return payment_now(payment).state, visit.status, visit.awaiting


def ledger_of(payment: Payment) -> list[tuple[str, int]]:
    """All movements of a payment, oldest first."""
    return list(LedgerEntry.objects.filter(payment=payment).order_by("id").values_list("kind", "amount"))


def ledger_sums(payment: Payment) -> dict[str, int]:
    """The ledger in the words of `Till.truth`."""
    sums: dict[str, int] = {}
    for kind, amount in ledger_of(payment):
        sums[kind] = sums.get(kind, 0) + amount
    kinds = ("authorisation", "capture", "void", "refund", "refund-failed")
    authorised, captured, voided, refunded, failed = (sums.get(kind, 0) for kind in kinds)
    return {"held": authorised - captured - voided, "taken": captured, "sent back": refunded - failed}


def account_of(till: Till, payment: Payment) -> int:
    """What a payment has left on the account at Stripe; of Stripe's fees only those for disputes."""
    intent_id = payment_now(payment).intent_id
    if not intent_id:
        return 0
    found = [one for kind in SOURCES for one in till.stripe.store.find(kind, payment_intent=intent_id)]
    return sum(
        moved["amount"] - (moved["fee"] if source["object"] == "dispute" else 0)
        for source in found
        for moved in till.stripe.store.find("balance_transaction", source=source["id"])
    )


def ledger_account(payment: Payment) -> int:
    """The ledger in the words of `account_of`."""
    return sum(ON_THE_ACCOUNT.get(kind, 0) * amount for kind, amount in ledger_of(payment))


def broken_money(now: datetime) -> list[str]:
    """The promises about money that are broken."""
    of_money = {name for name, *_ in OF_MONEY}
    return [one.name for one in broken_promises(now=now) if one.name in of_money]

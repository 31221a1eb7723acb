"""The books of the demonstration: shares of therapists, deposits that came online, closed months and one to close."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import cycle
from typing import Final

from django.db.models import Q

from booking.models import Appointment, Location, Payout, PaySplit, Practitioner, StripeMovement
from booking.payments.models import LedgerEntry, Payment
from booking.rules.months import month_of
from booking.rules.walltime import wall_date
from booking.selectors.accounts import account_of, open_month
from booking.services.month_close import close_month, mark_of, open_questions
from intake.models import Role, User

_SHARES = ((60, "billed", False), (55, "collected", True), (62.5, "billed", True))
_NOTE = "Nothing that is open belongs to this month."
_AGO = timedelta(days=365)
COMPARED: Final = timedelta(days=4)  # Stripe knows nothing of these payments, and the last days are compared with it
_FRIDAY, _MORNING = 4, time(16)  # Stripe pays out on Fridays
Kind = LedgerEntry.Kind


def keep_the_books(*, location: Location, now: datetime) -> None:
    """Agree the shares, let deposits come online, and close the months before the last one, which waits for that."""
    manager = User.objects.get(role=Role.MANAGER)
    _agree_shares(manager, now)
    this_month = wall_date(now, location.time_zone).replace(day=1)
    to_close = month_of(this_month - timedelta(days=1))
    _take_deposits(_Bank(manager, noted_before=to_close, now=now))
    while (month := open_month(location, now=now)) < to_close:
        figures = account_of(location=location, month=month).figures
        note = _NOTE if open_questions(figures) else ""
        close_month(location=location, month=month, seen=mark_of(figures), note=note, by=manager, now=now)


def _agree_shares(by: User, now: datetime) -> None:
    since = (now - _AGO).date().replace(month=1, day=1)
    for therapist, (percent, basis, on_fees) in zip(
        Practitioner.objects.order_by("name"), cycle(_SHARES), strict=False
    ):
        PaySplit.objects.create(
            practitioner=therapist, percent=percent, basis=basis, on_fees=on_fees, valid_from=since,
            agreed_at=now - _AGO, agreed_by=by,
        )  # fmt: skip


def _take_deposits(bank: "_Bank") -> None:
    """Kept where somebody came or didn't, given back where they cancelled; of days that nobody compares any more."""
    long_ago = Appointment.objects.filter(start__lt=bank.now - COMPARED, patient__isnull=False, deposit_amount__gt=0)
    came = Q(status=Appointment.Status.FULFILLED, payment_choice="online")
    ended = Q(status__in=[Appointment.Status.NOSHOW, Appointment.Status.CANCELLED], payments__isnull=True)
    moved = defaultdict[date, list[StripeMovement]](list)
    for visit in long_ago.filter(came | ended).order_by("start", "pk"):
        for one in _deposit(visit):
            ready = one.created_at.date() + timedelta(days=2)
            moved[ready + timedelta(days=(_FRIDAY - ready.weekday()) % 7)].append(one)
    waiting: list[StripeMovement] = []
    for friday in sorted(day for day in moved if day < bank.now.date()):
        waiting += moved[friday]
        if sum(one.amount - one.fee for one in waiting) > 0:  # else what went back waits for the next week
            bank.pay_out(friday, waiting)
            waiting = []


def _deposit(visit: Appointment) -> list[StripeMovement]:
    """What a deposit paid with the booking has left in the ledger and at Stripe."""
    kept = 0 if visit.status == Appointment.Status.CANCELLED else visit.deposit_amount
    mark, at, amount = visit.pk.hex[:16], visit.created_at, visit.deposit_amount
    assert visit.patient is not None
    payment = Payment.objects.create(
        appointment=visit, payer=visit.patient, purpose=Payment.Purpose.DEPOSIT, gateway=Payment.Gateway.STRIPE,
        state=Payment.State.CAPTURED, amount=amount, keep_amount=kept, currency=visit.currency, created_at=at,
        settled_at=visit.start, session_id=f"cs_demo{mark}", session_created_at=at, intent_id=f"pi_demo{mark}",
    )  # fmt: skip

    def write(kind: Kind, reference: str, when: datetime, method: str = "card") -> None:
        LedgerEntry.objects.create(
            payment=payment, kind=kind, amount=amount, currency=visit.currency, recorded_at=when, method=method,
            reference=reference,
        )  # fmt: skip

    write(Kind.CHARGE, "asked", at, "")
    write(Kind.AUTHORISATION, payment.intent_id, at)
    write(Kind.CAPTURE, payment.intent_id, at)
    charged = _movement(payment, "charge", amount, amount * 29 // 1000 + 30, at)
    if visit.status == Appointment.Status.NOSHOW:
        write(Kind.FEE, "fee noshow v1", visit.start, "noshow")
    if kept:
        return [charged]
    back = visit.cancelled_at or visit.start
    write(Kind.CREDIT, "keep 0", back, "")
    write(Kind.REFUND, f"re_demo{mark}", back)
    return [charged, _movement(payment, "refund", -amount, 0, back)]


def _movement(payment: Payment, kind: str, amount: int, fee: int, at: datetime) -> StripeMovement:
    return StripeMovement.objects.create(
        id=f"txn_demo{kind}{payment.pk.hex[:12]}", kind=kind, amount=amount, fee=fee, currency=payment.currency,
        created_at=at, source_id=payment.intent_id, intent_id=payment.intent_id, payment=payment,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Bank:
    """Where Stripe's payouts go, on Fridays. Those before `noted_before` were found on its statement."""

    manager: User
    noted_before: date
    now: datetime

    def pay_out(self, friday: date, parts: list[StripeMovement]) -> None:
        amount = sum(one.amount - one.fee for one in parts)
        at = datetime.combine(friday, _MORNING, UTC)
        noted = {"seen_at": self.now, "seen_by": self.manager} if friday < self.noted_before else {}
        payout = Payout.objects.create(
            id=f"po_demo{friday:%Y%m%d}", amount=amount, currency=parts[0].currency, state=Payout.State.PAID,
            created_at=at, arrives_on=friday + timedelta(days=3), complete=True, **noted,
        )  # fmt: skip
        StripeMovement.objects.filter(pk__in=[one.pk for one in parts]).update(payout=payout)
        StripeMovement.objects.create(
            id=f"txn_demo{friday:%Y%m%d}", kind="payout", amount=-amount, fee=0, currency=payout.currency,
            created_at=at, source_id=payout.pk, payout=payout,
        )  # fmt: skip

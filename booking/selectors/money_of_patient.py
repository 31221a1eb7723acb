"""A patient's account: what every visit cost, what is open, and every movement with who or what stands behind it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from booking.models import Appointment, Claim
from booking.payments.ledger import Balance
from booking.payments.models import LedgerEntry
from booking.rules.lifecycle import COMING
from booking.rules.money_words import Said
from booking.selectors.appointments import appointments_of
from booking.selectors.money_panel import money_panels
from booking.selectors.movements import Movement, movements_of, with_what_moved
from intake.models import Patient

Status = Appointment.Status


@dataclass(frozen=True, slots=True)
class VisitAccount:
    """The money of one visit, and what happens next with it."""

    visit: Appointment
    balance: Balance
    next: tuple[Said, ...]

    @property
    def is_open(self) -> bool:
        """Whether somebody has to collect something now, to hand it back, or to answer a bank."""
        overdue = self.balance.due > 0 and self.visit.status not in COMING
        return overdue or self.balance.due < 0 or self.balance.disputed > 0


@dataclass(frozen=True, slots=True)
class AccountSums:
    """A patient's money in one currency, minor units: what they owe now and for visits to come, what is held on their
    cards, what they get back, what they dispute at their bank, and what payers are asked for them.
    """

    currency: str
    due_now: int
    due_later: int
    held: int
    to_give_back: int
    disputed: int
    with_payers: int


@dataclass(frozen=True, slots=True)
class Account:
    """Everything about one patient's money, the latest first."""

    sums: tuple[AccountSums, ...]
    visits: tuple[VisitAccount, ...]
    movements: tuple[Movement, ...]


def account_of(patient: Patient, *, now: datetime) -> Account:
    """The account of a patient."""
    visits = list(appointments_of(patient).select_related("cover__payer").filter(_concerns_money()))
    panels = money_panels(visits, now=now)
    lines = [VisitAccount(one, panels[one.pk].balance, panels[one.pk].next) for one in visits]
    entries = with_what_moved(LedgerEntry.objects.filter(payment__payer=patient))
    return Account(
        sums=tuple(_sums(patient, lines)),
        visits=tuple(lines),
        movements=tuple(reversed(movements_of(entries))),
    )


def _concerns_money() -> Q:
    """Visits that cost something, or for which something moved; not what ended before anybody was asked to pay."""
    gone = Q(status__in=[Status.CANCELLED, Status.ENTERED_IN_ERROR], payments=None, cancel_settles_at=None)
    return ~Q(status=Status.PROPOSED) & ~gone & (Q(price_amount__gt=0) | ~Q(payments=None))


def _sums(patient: Patient, lines: Sequence[VisitAccount]) -> list[AccountSums]:
    claims = Claim.objects.filter(appointment__patient=patient, state__in=[Claim.State.TO_BILL, *Claim.OPEN])
    asked = [(one.currency, one.rest) for one in claims]
    found = []
    for currency in dict.fromkeys(one.balance.currency for one in lines):
        mine = [one for one in lines if one.balance.currency == currency]
        owing = [one for one in mine if one.balance.due > 0]
        found.append(
            AccountSums(
                currency=currency,
                due_now=sum(one.balance.due for one in owing if one.visit.status not in COMING),
                due_later=sum(one.balance.due for one in owing if one.visit.status in COMING),
                held=sum(one.balance.authorised for one in mine),
                to_give_back=sum(-one.balance.due for one in mine if one.balance.due < 0),
                disputed=sum(one.balance.disputed for one in mine),
                with_payers=sum(rest for code, rest in asked if code == currency),
            )
        )
    return found

"""How the money of visits stands, in sentences: what has moved, and what happens next."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from django.db.models import Q

from booking.models import Appointment, Claim, FeeCase, KeptCard, PackageCredit, PayLink
from booking.payments.ledger import Balance, balances_of
from booking.payments.models import Finding, LedgerEntry, Payment
from booking.rules.money_words import Bill, Card, Dispute, Fee, Online, Said, Stand, what_happens_next
from booking.rules.policy import CHECKOUT
from booking.selectors.covers import claims_by_visit
from booking.selectors.movements import Movement, movements_of, with_what_moved

Kind, State = LedgerEntry.Kind, KeptCard.State
Row = TypeVar("Row", Payment, FeeCase)


@dataclass(frozen=True, slots=True)
class MoneyPanel:
    """The money of one visit: the sums, what happens next, and every movement, oldest first."""

    balance: Balance
    next: tuple[Said, ...]
    movements: tuple[Movement, ...]


def money_panel(visit: Appointment, *, now: datetime) -> MoneyPanel:
    """The panel of one visit."""
    return money_panels([visit], now=now)[visit.pk]


def money_panels(visits: Sequence[Appointment], *, now: datetime) -> dict[UUID, MoneyPanel]:
    """`money_panel` for many visits in few queries."""
    entries: dict[UUID, list[LedgerEntry]] = defaultdict(list)
    for entry in with_what_moved(LedgerEntry.objects.filter(payment__appointment__in=visits)):
        assert entry.payment.appointment_id is not None
        entries[entry.payment.appointment_id].append(entry)
    balances, facts = balances_of(visits), _Facts(visits, now)
    return {
        one.pk: MoneyPanel(
            balance=balances[one.pk],
            next=what_happens_next(facts.stand_of(one, balances[one.pk], entries[one.pk])),
            movements=tuple(movements_of(entries[one.pk])),
        )
        for one in visits
    }


class _Facts:
    """What stands beside the ledger, for many visits."""

    def __init__(self, visits: Sequence[Appointment], now: datetime) -> None:
        wanted = [one.pk for one in visits]
        online = Payment.objects.filter(appointment__in=wanted, gateway=Payment.Gateway.STRIPE).order_by("created_at")
        cases = FeeCase.objects.filter(appointment__in=wanted).select_related("closed_by").order_by("created_at")
        used = PackageCredit.objects.filter(appointment__in=wanted, returned_at=None).select_related("package")
        refused = Finding.objects.filter(payment__in=online, kind=Finding.Kind.REFUSED, resolved_at=None)
        asked_or_kept = Q(state=State.ASKED, appointment__in=wanted) | Q(
            state=State.KEPT, patient__in={one.patient_id for one in visits}
        )
        self._payments, self._cases = _by_visit(online), _by_visit(cases)
        self._packages = {one.appointment_id: str(one.package) for one in used}
        self._refused = set(refused.values_list("payment_id", flat=True))
        self._cards = list(KeptCard.objects.filter(asked_or_kept))
        links = PayLink.objects.filter(appointment__in=wanted, ended_at=None, expires_at__gt=now)
        self._links = dict(links.values_list("appointment_id", "expires_at"))
        self._claims = claims_by_visit(visits)

    def stand_of(self, visit: Appointment, balance: Balance, entries: Sequence[LedgerEntry]) -> Stand:
        online = [one for one in self._payments.get(visit.pk, ()) if not _is_said_by_its_fee(one)]
        return Stand(
            status=visit.status,
            awaiting=visit.awaiting,
            owed=balance.owed,
            due=balance.due,
            by_payer=balance.by_payer,
            payer=str(visit.cover.payer) if visit.cover else "",
            decide_by=visit.decide_by,
            undo_until=visit.cancel_settles_at,
            fee_then=visit.cancel_fee_amount,
            fee_at_most=max(visit.no_show_fee_amount, visit.late_fee_amount),
            online=[_online(one, entries, refused=one.pk in self._refused) for one in online],
            disputes=_disputes(entries),
            link_until=self._links.get(visit.pk),
            card=self._card_for(visit),
            fees=[_fee(one) for one in self._cases.get(visit.pk, ())],
            package=self._packages.get(visit.pk, ""),
            bills=[_bill(one) for one in self._claims.get(visit.pk, ())],
        )

    def _card_for(self, visit: Appointment) -> Card | None:
        for one in self._cards:
            if one.state == State.ASKED and one.appointment_id == visit.pk:
                return Card(state="asked", until=(one.session_created_at or one.agreed_at) + CHECKOUT)
            if one.state == State.KEPT and one.patient_id == visit.patient_id and _may_cost_a_fee(visit):
                return Card(state="kept", name=str(one).title())
        return None


def _by_visit(rows: Iterable[Row]) -> dict[UUID, list[Row]]:
    found: dict[UUID, list[Row]] = defaultdict(list)
    for one in rows:
        if one.appointment_id is not None:
            found[one.appointment_id].append(one)
    return found


def _may_cost_a_fee(visit: Appointment) -> bool:
    return bool(visit.late_fee_amount or visit.no_show_fee_amount)


def _is_said_by_its_fee(payment: Payment) -> bool:
    """What is being taken from a kept card is no page that somebody could pay on."""
    return payment.state == Payment.State.OPEN and payment.card_id is not None and payment.fee_case_id is not None


def _disputes(entries: Sequence[LedgerEntry]) -> list[Dispute]:
    """What the bank has taken, returned and given away, of all the visit's payments."""

    def total(kind: LedgerEntry.Kind) -> int:
        return sum(one.amount for one in entries if one.kind == kind)

    won, lost = total(Kind.DISPUTE_WON), total(Kind.DISPUTE_LOST)
    found = Dispute(state="open", amount=total(Kind.DISPUTED) - won - lost), Dispute(state="won", amount=won)
    return [one for one in (*found, Dispute(state="lost", amount=lost)) if one.amount]


def _online(payment: Payment, entries: Sequence[LedgerEntry], *, refused: bool) -> Online:
    def total(kind: LedgerEntry.Kind) -> int:
        return sum(one.amount for one in entries if one.payment_id == payment.pk and one.kind == kind)

    is_deposit = payment.purpose == Payment.Purpose.DEPOSIT
    return Online(
        state=payment.state,
        amount=payment.amount,
        keep=payment.keep_amount,
        taken=total(Kind.CAPTURE),
        sent_back=total(Kind.REFUND),
        came_back=total(Kind.REFUND_FAILED),
        is_deposit=is_deposit,
        refused=refused,
        until=(payment.session_created_at or payment.created_at) + CHECKOUT if is_deposit else None,
    )


def _fee(case: FeeCase) -> Fee:
    waived = case.state == FeeCase.State.WAIVED
    name = f"{case.closed_by} ({case.get_reason_display()})" if waived else ""
    return Fee(state=case.state, amount=case.amount, take_at=case.take_at, name=name)


def _bill(claim: Claim) -> Bill:
    return Bill(
        state=claim.state,
        amount=claim.amount,
        paid=claim.paid_amount,
        payer=str(claim.cover.payer),
        at=claim.closed_at or claim.billed_at,
    )

"""The clinic's truth about money: movements that are only ever added, and what follows from them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import Q, QuerySet, Sum

from booking.models import Appointment
from booking.payments.models import LedgerEntry, Payment
from intake.models import User

Kind = LedgerEntry.Kind
# A visit that will not take place owes its fees only.
OWES_FEES_ONLY = {
    Appointment.Status.CANCELLED,
    Appointment.Status.NOSHOW,
    Appointment.Status.ENTERED_IN_ERROR,
}


@dataclass(frozen=True, slots=True)
class Balance:
    """What an appointment costs its patient and what became of it. Minor units of `currency`.

    What somebody else pays for it is beside: `by_payer`. `due` is what is left to collect, counting money that is
    authorised for a visit to come; below zero it is to be given back. `disputed` is with the cardholder's bank: it is
    neither given back nor asked for again before the bank decides. Lost there, it is `refunded`.
    """

    owed: int
    authorised: int
    paid: int
    refunded: int
    due: int
    currency: str
    by_payer: int = 0
    disputed: int = 0


def write_entry(
    *,
    payment: Payment,
    kind: Kind,
    amount: int,
    reference: str,
    method: str = "",
    by: User | None = None,
    now: datetime,
) -> bool:
    """Add a movement of `amount` minor units unless it stands there already; whether it was new."""
    entry = LedgerEntry(
        payment=payment,
        kind=kind,
        amount=amount,
        currency=payment.currency,
        recorded_at=now,
        recorded_by=by,
        method=method,
        reference=reference,
    )
    same = LedgerEntry.objects.filter(payment=payment, kind=kind, reference=reference)
    if same.exists():
        return False
    # Two writers at once: the unique constraint lets one through and the other does nothing.
    LedgerEntry.objects.bulk_create([entry], ignore_conflicts=True)
    return True


def in_the_books(until: date | None) -> QuerySet[LedgerEntry]:
    """The entries up to a month, it included; None for all."""
    return LedgerEntry.objects.filter(month__lte=until) if until else LedgerEntry.objects.all()


def total(payment: Payment, *kinds: Kind) -> int:
    """The sum of a payment's movements of these kinds, in minor units."""
    found = payment.entries.filter(kind__in=kinds).aggregate(sum=Sum("amount"))["sum"]
    return found or 0


def in_dispute(payment: Payment) -> int:
    """What a cardholder's bank has taken back of a payment, and not decided about, in minor units."""
    return total(payment, Kind.DISPUTED) - total(payment, Kind.DISPUTE_WON, Kind.DISPUTE_LOST)


def balance_of(appointment: Appointment) -> Balance:
    """What is owed, held, paid and given back for one appointment."""
    return balances_of([appointment])[appointment.pk]


def balances_of(appointments: Iterable[Appointment], *, until: date | None = None) -> dict[UUID, Balance]:
    """`balance_of` for many appointments in one query; by what the books say up to the month `until`."""
    wanted = {appointment.pk: appointment for appointment in appointments}
    sums: dict[UUID, dict[tuple[str, str], int]] = {pk: {} for pk in wanted}
    rows = (
        in_the_books(until)
        .filter(payment__appointment__in=list(wanted))
        .exclude(payment__gateway=Payment.Gateway.PAYER)
        .values_list("payment__appointment_id", "kind", "method")
        .annotate(sum=Sum("amount"))
    )
    for pk, kind, method, amount in rows:
        sums[pk][kind, method] = amount
    return {pk: _balance(appointment, sums[pk]) for pk, appointment in wanted.items()}


def fees_of_moves(appointment: Appointment) -> int:
    """What the patient's own late moves cost; nothing once the clinic, a therapist or honest answers ended it."""
    if is_not_their_doing(appointment):
        return 0
    entries = LedgerEntry.objects.filter(payment__appointment=appointment).exclude(method__in=OWES_FEES_ONLY)
    sums = entries.aggregate(
        fees=Sum("amount", filter=Q(kind=Kind.FEE)), waived=Sum("amount", filter=Q(kind=Kind.WAIVER))
    )
    return (sums["fees"] or 0) - (sums["waived"] or 0)


def is_not_their_doing(appointment: Appointment) -> bool:
    ended = appointment.status in (Appointment.Status.CANCELLED, Appointment.Status.ENTERED_IN_ERROR)
    return ended and appointment.cancel_reason != Appointment.CancelReason.PATIENT


def _balance(appointment: Appointment, sums: Mapping[tuple[str, str], int]) -> Balance:
    def of(kind: Kind) -> int:
        return sum(amount for (found, _), amount in sums.items() if found == kind)

    def fee_in(status: str) -> int:
        return sums.get((Kind.FEE, status), 0) - sums.get((Kind.WAIVER, status), 0)

    ended = appointment.status in OWES_FEES_ONLY
    # A fee says in which state the visit was: one for not coming is void if they came after all.
    moves = sum(fee_in(when) for when in {when for _, when in sums} - OWES_FEES_ONLY)
    owed = 0 if is_not_their_doing(appointment) else moves
    by_payer = 0 if ended else appointment.payer_amount
    owed += fee_in(appointment.status) if ended else appointment.price_amount - by_payer
    if appointment.cancel_settles_at is not None:  # it is charged when nobody can undo the cancellation any more
        owed += appointment.cancel_fee_amount
    authorised = of(Kind.AUTHORISATION) - of(Kind.CAPTURE) - of(Kind.VOID)
    paid = of(Kind.CAPTURE) + of(Kind.DESK) + of(Kind.PACKAGE) - of(Kind.PACKAGE_RETURNED)
    refunded = of(Kind.REFUND) - of(Kind.REFUND_FAILED) + of(Kind.DISPUTE_LOST)
    return Balance(
        owed=owed,
        authorised=authorised,
        paid=paid,
        refunded=refunded,
        due=owed - paid + refunded - (0 if ended else authorised),
        currency=appointment.currency,
        by_payer=by_payer,
        disputed=of(Kind.DISPUTED) - of(Kind.DISPUTE_WON) - of(Kind.DISPUTE_LOST),
    )

"""What payers are asked for: billed, paid, denied, or taken back later. Every step is a named person's."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from booking.errors import ClaimNotOpen, ClaimNumberMissing, PaymentDiffers, PaymentNotOffered
from booking.models import Appointment, Claim, Task
from booking.payments.asking import ask_for, note_received
from booking.payments.ledger import Kind, balance_of, total, write_entry
from booking.payments.models import LedgerEntry, Payment
from booking.rules.covers import after_denial, difference, may_become, state_when_paid
from booking.rules.errands import call_back_by
from booking.rules.spreadsheets import sheet
from booking.selectors.claims import table_for_payer
from booking.selectors.covers import received_from_payers
from booking.services.constraints import named_constraints
from booking.services.documents import correct_documents
from booking.services.errands import open_task
from booking.services.locks import lock_appointments
from booking.services.states import record_change
from intake.access import works_at_desk
from intake.errors import NotAllowed
from intake.models import User

State = Claim.State
MOST_AT_ONCE = 200
_NOT_SO_MUCH = _("That is more than the payer has paid for this visit.")
_TOO_MUCH = _("That is more than the payer was billed for one of these visits. Give the rest back to the payer.")


def require_desk(by: User) -> None:
    """:raises NotAllowed: neither reception nor a manager"""
    if not works_at_desk(by):
        raise NotAllowed


def open_claim(visit: Appointment, *, now: datetime) -> Claim | None:
    """Put a locked visit that took place on the list to bill, once, if a payer bears a part of it."""
    amount = visit.payer_amount - received_from_payers(visit)
    if visit.cover_id is None or amount <= 0:
        return None
    standing = Claim.objects.filter(appointment=visit).exclude(state=State.DENIED).first()
    return standing or Claim.objects.create(
        appointment=visit,
        cover_id=visit.cover_id,
        amount=amount,
        currency=visit.currency,
        created_at=now,
    )


def drop_claim(visit: Appointment) -> None:
    """Take a locked visit off the list to bill, if it is only to be billed."""
    Claim.objects.filter(appointment=visit, state=State.TO_BILL).delete()


def mark_billed(*, claims: Iterable[Claim], by: User, now: datetime) -> int:
    """Note that these were sent to their payers now; how many were new. Those that are billed already stay so.

    :raises ClaimNumberMissing: a payer needs a number that one of them has not; nothing changed
    :raises ClaimNotOpen: one is paid or denied; nothing changed
    """
    with named_constraints(), transaction.atomic(durable=True):
        fresh = [one for one in _locked(claims, by) if one.state != State.BILLED]
        for claim in fresh:
            if claim.cover.payer.needs_claim_number and not claim.cover.claim_number:
                raise ClaimNumberMissing
            _move(claim, State.BILLED)
            claim.billed_at, claim.billed_by = now, by
            claim.save()
            _note(claim, "claim-billed", by, now, amount=claim.amount)
        return len(fresh)


def record_payers_payment(
    *, parts: Mapping[Claim, int], total: int, reference: str, request_key: UUID, by: User, now: datetime
) -> int:
    """Write down what a payer has paid, `total` minor units over several claims; how many claims it was new to.

    The same `request_key` again counts once.

    :raises PaymentDiffers: the parts don't come to the total; details carry the `difference`; nothing changed
    :raises PaymentNotOffered: no amount, more than was billed, or claims of several payers or currencies
    :raises ClaimNotOpen: one was never billed, or is done; nothing changed
    """
    if not parts or total <= 0 or any(amount <= 0 for amount in parts.values()):
        raise PaymentNotOffered
    gap = difference(total, {str(claim.pk): amount for claim, amount in parts.items()})
    if gap:
        raise PaymentDiffers(difference=gap)
    amounts = {claim.pk: amount for claim, amount in parts.items()}
    with named_constraints(), transaction.atomic(durable=True):
        claims = _locked(parts, by)
        known = LedgerEntry.objects.filter(kind=Kind.PAYER, reference__in=[_key(request_key, one) for one in claims])
        if known.exists():  # the button was pressed twice
            return 0
        if len({(one.cover.payer_id, one.currency) for one in claims}) > 1:
            raise PaymentNotOffered
        for claim in claims:
            _receive(claim, amounts[claim.pk], reference, request_key, by, now)
        return len(claims)


def deny_claims(*, claims: Iterable[Claim], reason: Claim.Denial | str, by: User, now: datetime) -> int:
    """Note that the payer pays no more for these visits. What is left falls back to the patient, and is charged by
    nobody but a person; how many were new.

    :raises ClaimNotOpen: one is paid in full; nothing changed
    """
    with named_constraints(), transaction.atomic(durable=True):
        fresh = [one for one in _locked(claims, by) if one.state != State.DENIED]
        for claim in fresh:
            visit = claim.appointment
            _move(claim, State.DENIED)
            claim.denial, claim.closed_at, claim.closed_by = Claim.Denial(reason), now, by
            claim.save()
            shares = after_denial(visit.price_amount, received=received_from_payers(visit))
            visit.payer_amount = shares.payer
            visit.save(update_fields=["payer_amount"])
            _note(claim, "claim-denied", by, now, reason=claim.denial, payer=shares.payer, patient=shares.patient)
            _ask_to_talk(visit, now)
        return len(fresh)


def record_taken_back(*, claim: Claim, amount: int, request_key: UUID, by: User, now: datetime) -> bool:
    """Write down that a payer took back `amount` minor units of what it had paid for a visit; whether it was new.

    The bill is closed then, and what is left falls back to the patient, who is asked for it by nobody but a person.

    :raises PaymentNotOffered: no amount, or more than the payer has paid for it
    """
    with named_constraints(), transaction.atomic(durable=True):
        (locked,) = _locked([claim], by)
        key, visit = _key(request_key, locked), locked.appointment
        if LedgerEntry.objects.filter(kind=Kind.REFUND, reference=key).exists():  # the button was pressed twice
            return False
        if not 0 < amount <= locked.paid_amount:
            raise PaymentNotOffered(_NOT_SO_MUCH)
        _give_back(locked, amount, key, by, now)
        borne = locked.paid_amount if locked.state == State.DENIED else locked.amount
        locked.state, locked.paid_amount = State.DENIED, locked.paid_amount - amount
        locked.denial, locked.closed_at, locked.closed_by = Claim.Denial.TAKEN_BACK, now, by
        locked.save()
        visit.payer_amount -= borne - locked.paid_amount
        visit.save(update_fields=["payer_amount"])
        _note(locked, "payer-took-back", by, now, amount=amount, payer=visit.payer_amount)
        correct_documents(appointment=visit, by=by, now=now)
        _ask_to_talk(visit, now)
        return True


def _give_back(claim: Claim, amount: int, key: str, by: User, now: datetime) -> None:
    """Out of what came for this bill, the latest first."""
    came = Payment.objects.filter(entries__kind=Kind.PAYER, entries__reference__endswith=f":{claim.pk}")
    for payment in came.order_by("-created_at", "pk"):
        part = min(amount, total(payment, Kind.PAYER) - total(payment, Kind.REFUND))
        if part <= 0:
            continue
        for kind in (Kind.REFUND, Kind.CREDIT):
            write_entry(payment=payment, kind=kind, amount=part, reference=key, method="payer", by=by, now=now)
        amount -= part


def _ask_to_talk(visit: Appointment, now: datetime) -> None:
    """Somebody talks with the patient before they are asked for what the payer doesn't pay."""
    if balance_of(visit).due > 0:
        place = visit.location
        due_at = call_back_by(now, weekly=place.weekly_hours, zone=place.time_zone)
        open_task(kind=Task.Kind.CLAIM_DENIED, appointment=visit, due_at=due_at, now=now)


def _receive(claim: Claim, amount: int, reference: str, request_key: UUID, by: User, now: datetime) -> None:
    if amount > claim.rest:
        raise PaymentNotOffered(_TOO_MUCH)
    visit = claim.appointment
    assert visit.patient is not None
    purpose, gateway = Payment.Purpose.BALANCE, Payment.Gateway.PAYER
    payment = ask_for(visit, payer=visit.patient, purpose=purpose, gateway=gateway, amount=amount, now=now)
    key = _key(request_key, claim)
    note_received(payment, kind=Kind.PAYER, reference=key, method="payer", by=by, now=now)
    before = claim.state
    claim.paid_amount += amount
    _move(claim, State(state_when_paid(amount=claim.amount, paid=claim.paid_amount)))
    claim.reference = reference or claim.reference
    if claim.state == State.PAID:
        claim.closed_at, claim.closed_by = now, by
    claim.save()
    _note(claim, "payer-paid", by, now, amount=amount, before=before, left=claim.rest)


def _key(request_key: UUID, claim: Claim) -> str:
    return f"{request_key}:{claim.pk}"


def _locked(claims: Iterable[Claim], by: User) -> list[Claim]:
    """The claims as they are now, after their visits and everything that comes before those in the common order."""
    require_desk(by)
    ids = [one.pk for one in claims]
    if not 0 < len(ids) <= MOST_AT_ONCE:
        raise ClaimNotOpen
    visits = Appointment.objects.filter(claims__in=ids).distinct()
    locked = {one.pk: one for one in lock_appointments(visits)}
    rows = Claim.objects.select_for_update(no_key=True, of=("self",)).select_related("cover__payer")
    found = list(rows.filter(pk__in=ids).order_by("pk"))
    if len(found) != len(set(ids)):
        raise ClaimNotOpen
    for claim in found:
        claim.appointment = locked[claim.appointment_id]
    return found


def _move(claim: Claim, state: State) -> None:
    if not may_become(claim.state, state):
        raise ClaimNotOpen
    claim.state = state


def _note(claim: Claim, action: str, by: User, now: datetime, *, reason: str = "", **details: Any) -> None:
    record_change(
        appointment=claim.appointment, action=action, by=by, reason=reason, claim=str(claim.pk), now=now, **details
    )


def export_claims(*, claims: Iterable[Claim], by: User, now: datetime) -> bytes:
    """A table for a payer, and who took it written down with each visit.

    :raises NotAllowed: neither reception nor a manager
    """
    require_desk(by)
    rows = list(claims)
    with transaction.atomic(durable=True):
        for claim in rows:
            _note(claim, "claim-exported", by, now)
    return sheet(*table_for_payer(rows))

"""A patient's covers, and which of them bears a part of a visit."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from booking.errors import CoverInvalid, CoverNotUsable, NotPossibleNow
from booking.models import Appointment, Claim, Cover, Payer
from booking.payments.services import release_payments
from booking.rules.covers import deposit_beside
from booking.selectors.covers import online_cover, problem_of, received_from_payers, split_of
from booking.selectors.packages import session_of
from booking.services.claims import drop_claim, open_claim, require_desk
from booking.services.constraints import named_constraints
from booking.services.locks import lock_appointment
from booking.services.states import record_change
from intake.models import Patient, User
from intake.services.audit import record_event
from intake.services.patients import PatientDetails

Status = Appointment.Status
MAY_CHOOSE = (Status.PENDING, Status.BOOKED, Status.ARRIVED, Status.CHECKED_IN, Status.FULFILLED)
PROBLEMS: dict[str, str | Promise] = {
    "ended": _("This payer is no longer used for the patient."),
    "expired": _("The approval has expired by the day of the visit."),
    "used-up": _("The approved visits are used up."),
    "other-currency": _("This payer pays in another currency than the visit is priced in."),
    "no-claim-number": _("The claim number is missing."),
}
_BILLED = _("The payer has been billed for this visit already. Enter its answer first.")
_PREPAID = _("A package pays this visit. Let it be paid in another way first.")
_ONLINE = _("Another payer is marked for bookings online. Take that mark away first.")
MOST = 9_999_999  # minor units
# What the trail repeats: sums, days and counts. Of a number or a name it only says that it has changed.
_TOLD = ("percent", "amount_per_visit", "approved_visits", "valid_until", "for_online")


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverDetails:
    """What staff enter of a cover. Amounts in minor units."""

    payer: Payer
    claim_number: str = ""
    adjuster: str = ""
    percent: int | None = None
    amount_per_visit: int | None = None
    approved_visits: int | None = None
    valid_until: date | None = None
    for_online: bool = False
    currency: str = "CAD"


def add_cover(*, patient: Patient, details: CoverDetails, by: User, now: datetime) -> Cover:
    """Enter who pays for a patient.

    :raises CoverInvalid: it bears nothing, or another is marked for bookings online
    """
    require_desk(by)
    _check(details)
    with transaction.atomic(durable=True):
        _lock_patient(patient)
        return _written(Cover(patient=patient, created_at=now, created_by=by), details, "cover-added", by, now)


def change_cover(*, cover: Cover, details: CoverDetails, by: User, now: datetime) -> Cover:
    """Enter what has changed, for visits to come: what was agreed for a visit stays with it until it is chosen anew.

    :raises CoverInvalid: it bears nothing, or another is marked for bookings online
    :raises NotPossibleNow: it has ended, or would belong to another payer
    """
    require_desk(by)
    _check(details)
    with transaction.atomic(durable=True):
        _lock_patient(cover.patient)
        locked = _locked(cover)
        if locked.ended_at is not None or locked.payer_id != details.payer.pk:
            raise NotPossibleNow(PROBLEMS["ended"])
        return _written(locked, details, "cover-changed", by, now)


def end_cover(*, cover: Cover, by: User, now: datetime) -> Cover:
    """Use it for no more visits; those that have it keep it. Twice is the same."""
    require_desk(by)
    with transaction.atomic(durable=True):
        locked = _locked(cover)
        if locked.ended_at is None:
            locked.ended_at, locked.for_online = now, False
            locked.save()
            record_event(action="cover-ended", entity=locked, patient=locked.patient, by=by, now=now)
        return locked


def choose_cover(*, appointment: Appointment, cover: Cover | None, by: User, now: datetime) -> Appointment:
    """Say who pays a visit: a cover of its patient, or None for the patient. The share is worked out anew.

    :raises CoverNotUsable: it has expired, is used up, or is somebody else's
    :raises NotPossibleNow: the visit is over or being paid online at this moment, or its payer was billed
    """
    require_desk(by)
    with named_constraints(), transaction.atomic(durable=True):
        visit = lock_appointment(appointment)
        if visit.status not in MAY_CHOOSE or visit.awaiting == Appointment.Awaiting.PAYMENT:
            raise NotPossibleNow
        if Claim.objects.filter(appointment=visit).exclude(state__in=["to-bill", "denied"]).exists():
            raise NotPossibleNow(_BILLED)
        if cover and session_of(visit) is not None:
            raise NotPossibleNow(_PREPAID)
        drop_claim(visit)
        deposit = visit.deposit_amount
        usable = _usable(cover, visit, visit.patient) if cover else None
        agree_cover(visit, usable, received=received_from_payers(visit))
        visit.save()
        patients_part = visit.price_amount - visit.payer_amount
        undecided = visit.status == Status.PENDING and patients_part > 0  # its deposit waits for the therapist's answer
        if visit.deposit_amount < deposit and not undecided:
            release_payments(appointment=visit, keep=patients_part, now=now)
        if visit.status == Status.FULFILLED:
            open_claim(visit, now=now)
        record_change(
            appointment=visit, action="payer-chosen", by=by, cover=str(cover.pk) if cover else "",
            payer=visit.payer_amount, patient=patients_part, now=now,
        )  # fmt: skip
        return visit


def cover_for_booking(
    visit: Appointment, *, patient: Patient | PatientDetails, chosen: Cover | None, by_staff: bool
) -> Cover | None:
    """Who bears a part of a locked visit that is being booked: what staff chose, else what they marked for bookings
    online. The cover stays locked, so that its last approved visit is used once.

    :raises CoverNotUsable: what staff chose doesn't hold for this visit
    """
    if by_staff:
        return _usable(chosen, visit, patient) if chosen else None
    marked = online_cover(patient, visit)
    if marked is None:
        return None
    locked = _locked(marked)
    return locked if locked.for_online and problem_of(locked, visit) is None else None


def agree_cover(visit: Appointment, cover: Cover | None, *, received: int = 0) -> None:
    """Write the shares into a locked visit; the caller saves. No deposit is asked above what the patient bears, and
    what has been `received` of another payer, who said no to the rest, is asked for once.
    """
    shares = split_of(visit, cover, received=received)
    visit.cover = cover or (visit.cover if received else None)
    visit.payer_amount = shares.payer
    visit.deposit_amount = deposit_beside(visit.deposit_amount, patient=shares.patient)


def share_again(visit: Appointment) -> None:
    """Work the payer's share of a locked visit out for its new price; the caller saves."""
    if visit.payer_amount:
        visit.payer_amount = split_of(visit, visit.cover).payer


def _usable(cover: Cover, visit: Appointment, patient: Patient | PatientDetails | None) -> Cover:
    locked = _locked(cover)
    if not isinstance(patient, Patient) or locked.patient_id != patient.pk:
        raise CoverNotUsable
    problem = problem_of(locked, visit)
    if problem is not None:
        raise CoverNotUsable(PROBLEMS[problem], problem=problem)
    return locked


def _locked(cover: Cover) -> Cover:
    rows = Cover.objects.select_for_update(no_key=True, of=("self",)).select_related("payer", "patient")
    return rows.get(pk=cover.pk)


def _lock_patient(patient: Patient) -> None:
    list(Patient.objects.select_for_update(no_key=True, of=("self",)).filter(pk=patient.pk).values_list("pk"))


def _written(cover: Cover, details: CoverDetails, action: str, by: User, now: datetime) -> Cover:
    others = Cover.objects.filter(patient=cover.patient_id, for_online=True, ended_at=None).exclude(pk=cover.pk)
    if details.for_online and others.exists():
        raise CoverInvalid(_ONLINE)
    changed = [name for name in CoverDetails.__slots__ if getattr(cover, name, None) != getattr(details, name)]
    for name in changed:
        setattr(cover, name, getattr(details, name))
    cover.save()
    facts = {"changed": changed} | {name: _fact(details, name) for name in changed if name in _TOLD}
    record_event(action=action, entity=cover, patient=cover.patient, by=by, details=facts, now=now)
    return cover


def _check(details: CoverDetails) -> None:
    percent, amount, visits = details.percent, details.amount_per_visit, details.approved_visits
    bears = percent is not None or amount is not None
    sound = (percent is None or 1 <= percent <= 100) and (amount is None or 0 < amount <= MOST)
    if not bears or not sound or (visits is not None and not 1 <= visits <= 999):
        raise CoverInvalid


def _fact(details: CoverDetails, name: str) -> Any:
    value = getattr(details, name)
    return value.isoformat() if isinstance(value, date) else value

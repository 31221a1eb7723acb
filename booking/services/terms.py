"""The terms: noted with a visit when it is booked, and set by the clinic, for a service or with one patient."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import get_language

from booking.errors import NotPossibleNow, PrepaymentForbidden, ReasonNeeded, TermsChanged, TermsInvalid
from booking.feeds.terms_words import stamp_of, sums_of, terms_text
from booking.models import Agreement, Appointment, HealthcareService, Location, PatientTerms, PaymentTerms, Way
from booking.rules.lifecycle import COMING
from booking.rules.terms import BEFORE, Agreed, without_paying_first
from booking.selectors.locations import the_clinic
from booking.selectors.terms import agreed_of, agreement_of, may_prepay
from booking.services.locks import lock_appointment
from booking.services.states import record_change, require_clinic
from intake.errors import NotAllowed
from intake.models import Patient, Role, User
from intake.services.audit import record_event

MOST = 9_999_999  # minor units
MOST_HOURS = 24 * 14
_SETTLE = (Role.MANAGER, Role.OWNER)


@dataclass(frozen=True, slots=True, kw_only=True)
class TermsDetails:
    """What a clinic sets for a kind of visit. Minor units; of amount and per cent at most one."""

    way: str = Way.DESK
    deposit_amount: int | None = None
    deposit_percent: int | None = None
    or_at_desk: bool = True
    late_fee_amount: int | None = None
    late_fee_percent: int | None = None
    no_show_fee_amount: int | None = None
    no_show_fee_percent: int | None = None
    free_cancel_hours: int | None = None
    forgives_first_miss: bool = False
    prepay_after_misses: int | None = None


def note_terms(
    hold: Appointment, agreed: Agreed, *, payment: str, accepted: bool, by: User | None, now: datetime
) -> None:
    """Keep the terms of this day with a locked visit that is being booked; the caller saves. Later changes don't touch
    it. What was agreed to by a tick is kept word for word.
    """
    chosen = agreed if payment == "online" else without_paying_first(agreed)
    hold.policy_version = hold.location.policy_version
    hold.policies_accepted_at = now if accepted else None
    hold.payment_way = chosen.way
    hold.deposit_amount = agreed.pay_now
    hold.free_cancel_until = chosen.free_until
    hold.late_fee_amount = chosen.late_fee
    hold.no_show_fee_amount = chosen.no_show_fee
    hold.forgives_first_miss = chosen.forgives_first_miss
    hold.keeps_card = chosen.keeps_card
    hold.or_at_desk = chosen.or_at_desk
    if accepted:
        _keep_agreement(hold, agreed, payment=payment, by=by, now=now)


def note_spoken_agreement(*, appointment: Appointment, by: User, now: datetime) -> Agreement:
    """A member of staff has read the terms of this visit to its patient, who agrees. Twice is the same.

    :raises NotPossibleNow: it is over, or not booked yet
    """
    require_clinic(by)
    with transaction.atomic(durable=True):
        visit = lock_appointment(appointment)
        if visit.status not in COMING:
            raise NotPossibleNow
        found = agreement_of(visit)
        if found is not None:
            return found
        visit.policies_accepted_at = now
        visit.save(update_fields=["policies_accepted_at"])
        record_change(appointment=visit, action="terms-agreed", by=by, now=now)
        return _keep_agreement(visit, agreed_of(visit), payment=visit.payment_choice, by=by, now=now)


def _keep_agreement(visit: Appointment, agreed: Agreed, *, payment: str, by: User | None, now: datetime) -> Agreement:
    chosen = agreed if payment == "online" else without_paying_first(agreed)
    return Agreement.objects.create(
        appointment=visit,
        text=terms_text(agreed, payment=payment, zone=visit.time_zone, currency=visit.currency, now=now),
        language=get_language() or "en",
        version=visit.policy_version,
        sums=sums_of(chosen) | {"currency": visit.currency, "payment": payment},
        agreed_at=now,
        agreed_by=by,
    )


def require_as_shown(hold: Appointment, agreed: Agreed, *, stamp: str, now: datetime) -> None:
    """:raises TermsChanged: what holds now is not what was shown, by the stamp of that page"""
    if stamp and stamp != stamp_of(agreed, zone=hold.time_zone, currency=hold.currency, now=now):
        raise TermsChanged


def require_prepayment(location: Location) -> None:
    """:raises PrepaymentForbidden: nothing may be asked for here before a visit; every door asks"""
    if not may_prepay(location):
        raise PrepaymentForbidden


def save_terms(
    *, service: HealthcareService, variant: str, details: TermsDetails, by: User, now: datetime
) -> PaymentTerms:
    """Set the terms of a service for every visit, or for first or later ones. They hold for what is booked from now on.

    :raises TermsInvalid: an amount and a percentage at once, a deposit of nothing, or numbers out of range
    :raises PrepaymentForbidden: this clinic may ask for nothing before a visit
    """
    _require_settler(by)
    _check(details)
    with transaction.atomic(durable=True):
        _refuse_prepayment(details.way)
        found, _made = PaymentTerms.objects.update_or_create(service=service, variant=variant, defaults=asdict(details))
        facts = {"service": service.slug, "variant": str(variant)} | asdict(details)
        record_event(action="terms-set", entity=found, by=by, details=facts, now=now)
        return found


def remove_terms(*, service: HealthcareService, variant: str, by: User, now: datetime) -> None:
    """First or later visits go by the terms of every visit again. Twice is the same."""
    _require_settler(by)
    with transaction.atomic(durable=True):
        for found in PaymentTerms.objects.filter(service=service, variant=variant):
            facts = {"service": service.slug, "variant": variant}
            record_event(action="terms-removed", entity=found, by=by, details=facts, now=now)
            found.delete()


def set_patient_terms(
    *, patient: Patient, way: str, no_fees: bool, reason: str, by: User, now: datetime
) -> PatientTerms:
    """Agree something else with one patient, for what is booked from now on; neither is as everybody again.

    :raises NotAllowed: only a manager does
    :raises ReasonNeeded: nothing says why
    :raises PrepaymentForbidden: this clinic may ask for nothing before a visit
    """
    if by.role != Role.MANAGER:
        raise NotAllowed
    if not reason.strip():
        raise ReasonNeeded
    with transaction.atomic(durable=True):
        _refuse_prepayment(way)
        made = PatientTerms.objects.create(
            patient=patient, way=way, no_fees=no_fees, reason=reason.strip(), set_at=now, set_by=by
        )
        facts = {"way": str(way), "no_fees": no_fees}
        record_event(action="patient-terms-set", entity=made, patient=patient, by=by, details=facts, now=now)
        return made


def set_prepayment(*, location: Location, forbidden: bool, by: User, now: datetime) -> Location:
    """Forbid or allow that anything is asked for before a visit: deposits, kept cards, packages. Twice is the same."""
    _require_settler(by)
    with transaction.atomic(durable=True):
        locked = Location.objects.select_for_update(no_key=True).get(pk=location.pk)
        if locked.forbids_prepayment != forbidden:
            locked.forbids_prepayment = forbidden
            locked.save(update_fields=["forbids_prepayment"])
            record_event(
                action="prepayment-forbidden" if forbidden else "prepayment-allowed", entity=locked, by=by, now=now
            )
        return locked


def _require_settler(by: User) -> None:
    if by.role not in _SETTLE:
        raise NotAllowed


def _refuse_prepayment(way: str) -> None:
    clinic = the_clinic()
    if clinic is None:
        raise NotPossibleNow
    if way in BEFORE:
        require_prepayment(clinic)


def _check(details: TermsDetails) -> None:
    said: dict[str, Any] = asdict(details)
    for name in ("deposit", "late_fee", "no_show_fee"):
        amount, percent = said[f"{name}_amount"], said[f"{name}_percent"]
        if amount is not None and percent is not None:
            raise TermsInvalid
        if not 0 <= (amount or 0) <= MOST or not 0 <= (percent or 0) <= 100:
            raise TermsInvalid
    asks_for_one = details.way == Way.DEPOSIT
    if asks_for_one and not (details.deposit_amount or details.deposit_percent):
        raise TermsInvalid
    hours, misses = details.free_cancel_hours, details.prepay_after_misses
    if not 0 <= (hours or 0) <= MOST_HOURS or (misses is not None and not 1 <= misses <= 99):
        raise TermsInvalid

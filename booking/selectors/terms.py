"""What a visit would cost somebody, and when: the clinic's terms for its service, and the patient's own."""

from collections.abc import Iterable
from typing import cast

from django.conf import settings

from booking.models import Agreement, Appointment, Cover, HealthcareService, Location, PatientTerms, PaymentTerms
from booking.rules.terms import Agreed, Part, Person, Policy, Variant, Way, agree
from booking.selectors.covers import split_of
from booking.selectors.misses import has_strayed, misses_of
from intake.models import Patient

Kind = PaymentTerms.Variant


def may_prepay(location: Location) -> bool:
    """Whether this clinic may ask for anything before a visit: a deposit, a card to keep, a package."""
    return not location.forbids_prepayment


def takes_online(location: Location) -> bool:
    """Whether money, or a card, is taken through Stripe here before a visit."""
    return may_prepay(location) and location.online_payment and bool(settings.STRIPE_SECRET_KEY)


def may_pay_at_desk(visit: Appointment) -> bool:
    """Whether what this visit is asked for first may be paid at the clinic instead, by what was agreed."""
    return visit.location.pay_at_desk and (visit.or_at_desk or not may_prepay(visit.location))


def agreed_for(visit: Appointment, *, who: object = None, cover: Cover | None = None) -> Agreed:
    """What this hold would cost `who` (a record on file, or somebody new), by today's terms; `cover` bears a part."""
    patient = who if isinstance(who, Patient) else None
    return agree(
        policy_for(visit.service, variant=variant_of(patient), location=visit.location),
        price=visit.price_amount,
        patients_part=split_of(visit, cover).patient,
        start=visit.start,
        person=_person(patient) if patient else None,
        may_prepay=may_prepay(visit.location),
    )


def agreed_of(visit: Appointment) -> Agreed:
    """What holds for a visit since it was booked; of one from before the ways were kept, by what it was asked for."""
    usual: Way = "deposit" if visit.deposit_amount else "desk"
    return Agreed(
        way=cast(Way, visit.payment_way or usual),
        price=visit.price_amount,
        by_payer=visit.payer_amount,
        pay_now=visit.deposit_amount,
        at_the_clinic=max(0, visit.price_amount - visit.payer_amount - visit.deposit_amount),
        late_fee=visit.late_fee_amount,
        no_show_fee=visit.no_show_fee_amount,
        free_until=visit.free_cancel_until or visit.start,
        or_at_desk=visit.or_at_desk,
        forgives_first_miss=visit.forgives_first_miss,
        keeps_card=visit.keeps_card,
    )


def deposit_of(service: HealthcareService, *, location: Location) -> int:
    """What somebody new pays of it when they book, minor units. No query where `payment_terms` are prefetched."""
    policy, price = policy_for(service, variant="first", location=location), service.price_amount
    asked = {"full": price, "deposit": min(policy.deposit.of(price), price)}.get(policy.way, 0)
    return asked if may_prepay(location) else 0


def policy_for(service: HealthcareService, *, variant: Variant, location: Location) -> Policy:
    """The clinic's terms for this service: of the very variant, else of every visit, else none but the price."""
    found = terms_in(service.payment_terms.all(), variant)
    return policy_of(found, location) if found else Policy(free_cancel_hours=location.free_cancel_hours)


def terms_in(rows: Iterable[PaymentTerms], variant: Variant) -> PaymentTerms | None:
    """The row that holds for a variant."""
    by_variant = {one.variant: one for one in rows}
    return by_variant.get(variant) or by_variant.get(Kind.ANY)


def policy_of(row: PaymentTerms, location: Location) -> Policy:
    """A row as the rules take it; `location` says what it leaves open."""
    hours = row.free_cancel_hours
    return Policy(
        way=cast(Way, row.way),
        deposit=Part(row.deposit_amount, row.deposit_percent),
        late_fee=Part(row.late_fee_amount, row.late_fee_percent),
        no_show_fee=Part(row.no_show_fee_amount, row.no_show_fee_percent),
        free_cancel_hours=location.free_cancel_hours if hours is None else hours,
        or_at_desk=row.or_at_desk and location.pay_at_desk,
        forgives_first_miss=row.forgives_first_miss,
        prepay_after_misses=row.prepay_after_misses,
    )


def variant_of(patient: Patient | None) -> Variant:
    """Whether a visit booked now is their first: nothing has taken place yet, by our records."""
    if patient is None:
        return "first"
    came = Appointment.objects.filter(patient=patient, status=Appointment.Status.FULFILLED)
    return "return" if came.exists() else "first"


def terms_of_patient(patient: Patient) -> PatientTerms | None:
    """What was agreed with this patient instead; None: as everybody."""
    latest = PatientTerms.objects.filter(patient=patient).select_related("set_by").first()
    return latest if latest and (latest.way or latest.no_fees) else None


def agreement_of(visit: Appointment) -> Agreement | None:
    """What was agreed to for this visit, word for word; None where nobody was asked, as on the phone."""
    return Agreement.objects.filter(appointment=visit).last()


def _person(patient: Patient) -> Person:
    own = terms_of_patient(patient)
    return Person(
        way=cast(Way, own.way) if own and own.way else None,
        no_fees=own.no_fees if own else False,
        misses=misses_of(patient),
        strayed=has_strayed(patient),
    )

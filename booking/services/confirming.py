"""Saying who comes: the second of the two calls that make a booking."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from django.db import transaction

from booking.errors import (
    HoldExpired,
    NotCleared,
    NotPossibleNow,
    PaymentNotOffered,
    PhoneNeeded,
    PoliciesNotAccepted,
    SlotTaken,
    TooLate,
)
from booking.feeds.terms_words import words_of_card
from booking.models import Appointment, Cover, KeptCard
from booking.payments.models import Payment
from booking.payments.services import request_payment
from booking.reminders.services import plan_booking_messages
from booking.rules import policy
from booking.rules.packages import by_session
from booking.rules.terms import BEFORE, Agreed
from booking.selectors.openings import Notice
from booking.selectors.packages import usable_package
from booking.selectors.practitioners import needles
from booking.selectors.slots import nearest_slots
from booking.selectors.terms import agreed_for, takes_online
from booking.selectors.time_off import is_displaced
from booking.services.admission import admit, clearance_for, is_unfinished
from booking.services.cards import request_card
from booking.services.constraints import named_constraints
from booking.services.covers import agree_cover, cover_for_booking
from booking.services.freed_time import note_ended_hold
from booking.services.hoarding import refuse_too_many_waiting
from booking.services.holds import is_live
from booking.services.links import manage_token
from booking.services.locks import ChangedMeanwhile, lock_appointment
from booking.services.package_credits import take_session, worth_for
from booking.services.records import keep_care_relation, register_for
from booking.services.states import acts_for_clinic, end_as_cancelled, move_on, record_change
from booking.services.terms import note_terms, require_as_shown, require_prepayment
from intake.errors import IncompleteAnswers, NotAllowed
from intake.models import Patient, User
from intake.selectors.clearance import Clearance
from intake.selectors.screenings import stricter_before
from intake.services.consents import Signature, check_signature, sign_information
from intake.services.patients import PatientDetails
from intake.services.screenings import attach_screening
from intake.tokens import hash_token

PaymentChoice = Literal["online", "desk", "none", "package"]
CLEARED: Final = Clearance(decision="yes", complete=True)
Status = Appointment.Status
Awaiting = Appointment.Awaiting


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A booking, or a request, and the token that opens its page."""

    appointment: Appointment
    manage_token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """Who comes, how it is paid, and what was agreed to."""

    patient: Patient | PatientDetails
    payment: PaymentChoice
    policies_accepted: bool
    accepts_assessment: bool = False
    note: str = ""
    by: User | None = None
    wait_for_form: bool = False
    by_offer: bool = False  # the time was offered to this very record, and its link was opened
    cover: Cover | None = None  # who pays, where staff book
    signature: Signature | None = None
    terms_shown: str = ""  # the stamp of what was shown; empty: nothing to compare with

    @property
    def by_staff(self) -> bool:
        return acts_for_clinic(self.by)


def confirm_details(
    *,
    appointment: Appointment,
    patient: Patient | PatientDetails,
    payment: PaymentChoice,
    policies_accepted: bool,
    accepts_assessment: bool = False,
    note: str = "",
    signature: Signature | None = None,
    terms_shown: str = "",
    by: User | None = None,
    now: datetime,
) -> Confirmed:
    """Make a booking, or a request, of a hold: for a record on file (its own account or staff) or a new one.

    Called twice with the same details it gives the same booking.

    :raises HoldExpired: the time was held too long
    :raises NotCleared: the answers forbid it with this birth date; the time is let go
    :raises IncompleteAnswers, ScreeningOfAnother: answers are missing, out of date or another person's; the time
        stays held
    :raises SignatureNotAccepted, InformationChanged: what was signed can't be kept; the time stays held
    :raises TooManyHolds: this contact has several visits that nobody has paid or decided; the time stays held
    :raises TermsChanged: `terms_shown` is not the stamp of what holds now; the time stays held
    :raises PoliciesNotAccepted, PaymentNotOffered, PrepaymentForbidden, PhoneNeeded, TooLate, PatientBusy, SlotTaken,
        NotAllowed: and the time stays held
    """
    details = Details(
        patient=patient,
        payment=payment,
        policies_accepted=policies_accepted,
        accepts_assessment=accepts_assessment,
        note=note,
        signature=signature,
        terms_shown=terms_shown,
        by=by,
    )
    try:
        confirmed = _confirm_in_one_go(appointment, details, now)
    except ChangedMeanwhile:  # the same details sent twice at once
        confirmed = _confirm_in_one_go(appointment, details, now)
    if confirmed is None:
        raise NotCleared
    return confirmed


def _confirm_in_one_go(appointment: Appointment, details: Details, now: datetime) -> Confirmed | None:
    with named_constraints(), transaction.atomic(durable=True):
        return confirm(appointment, details, now=now)


def confirm(
    appointment: Appointment, details: Details, *, after: Appointment | None = None, now: datetime
) -> Confirmed | None:
    """The booking itself, in the caller's transaction. None: the answers forbid it, and the hold has been ended.

    `after` is the session of the same course that these details have just booked: its record and answers hold here too.
    """
    known = after.patient if after else details.patient if isinstance(details.patient, Patient) else None
    hold = lock_appointment(appointment, patient=known, stays=True)
    if hold.confirmed_at is not None:
        return _made_before(hold, details)
    if hold.cancel_reason == Appointment.CancelReason.NOT_CLEARED:
        return None
    if not is_live(hold, now):
        raise HoldExpired
    _check_who_asks(details)
    cover = cover_for_booking(hold, patient=known or details.patient, chosen=details.cover, by_staff=details.by_staff)
    agreed = agreed_for(hold, who=known or details.patient, cover=cover)
    _check_terms(hold, details, agreed, now)
    if not details.by_staff:
        refuse_too_many_waiting(hold, who=details.patient, now=now)
    if is_displaced(hold):
        raise SlotTaken(alternatives=nearest_slots(service=hold.service, around=hold.start, now=now))
    if known is None and not _is_cleared(hold, details, now):  # before a record is made of somebody we turn away
        _turn_away(hold, details, now)
        return None
    hold.patient = known or _patient_of(hold, details, now)
    if after is not None:
        hold.screening = after.screening
    if hold.screening is not None and not details.wait_for_form:
        hold.screening = attach_screening(screening=hold.screening, patient=hold.patient, now=now)
    clearance = CLEARED if details.wait_for_form else _clearance(hold, details, now)
    if clearance.decision == "no":
        _turn_away(hold, details, now)
        return None
    return _book(hold, details, agreed, cover, clearance, now)


def _patient_of(hold: Appointment, details: Details, now: datetime) -> Patient:
    if isinstance(details.patient, Patient):
        return details.patient
    return register_for(details.patient, location=hold.location, start=hold.start, by=details.by, now=now)


def _turn_away(hold: Appointment, details: Details, now: datetime) -> None:
    hold.patient = None
    end_as_cancelled(hold, reason=Appointment.CancelReason.NOT_CLEARED, now=now)
    hold.save()
    note_ended_hold(hold=hold, now=now)
    record_change(appointment=hold, action="not-cleared", by=details.by, now=now)


def _book(
    hold: Appointment, details: Details, agreed: Agreed, cover: Cover | None, clearance: Clearance, now: datetime
) -> Confirmed:
    assert hold.patient is not None
    hold.confirmed_at = now
    hold.payment_choice = details.payment
    hold.accepts_assessment = details.accepts_assessment
    hold.note = details.note or None
    hold.manage_token_hash = hash_token(manage_token(hold))
    if details.payment == "package":
        agreed = by_session(agreed, worth=worth_for(hold))
    note_terms(hold, agreed, payment=details.payment, accepted=details.policies_accepted, by=details.by, now=now)
    agree_cover(hold, cover)
    waits_for_payment = details.payment == "online" and _ask_first(hold, agreed, now)
    if waits_for_payment:
        move_on(hold, Status.PENDING, awaiting=Awaiting.PAYMENT)
    elif details.wait_for_form:
        move_on(hold, Status.PENDING, awaiting=Awaiting.FORM)
        hold.form_due_at = policy.form_due_at(start=hold.start, hours=hold.location.form_deadline_hours, now=now)
    else:
        admit(hold, clearance, now=now)
    hold.save()
    if details.payment == "package":
        take_session(hold, by=details.by, now=now)
    if details.signature is not None and needles(hold.service):
        sign_information(patient=hold.patient, signature=details.signature, by=details.by, now=now)
    if not waits_for_payment:  # else nobody needs the answers before the visit, or the request, is certain
        keep_care_relation(practitioner=hold.practitioner, patient=hold.patient, now=now)
    plan_booking_messages(appointment=hold, manage_token=manage_token(hold), now=now)
    action = "booked" if hold.status == Status.BOOKED else "requested"
    record_change(
        appointment=hold, action=action, by=details.by, payment=details.payment, start=hold.wall_start, now=now
    )
    return Confirmed(hold, manage_token(hold))


def _ask_first(hold: Appointment, agreed: Agreed, now: datetime) -> bool:
    """Ask for the money or the card; whether the visit waits for it. A good card that is kept already is no wait."""
    assert hold.patient is not None
    deposit = request_payment(
        appointment=hold,
        payer=hold.patient,
        purpose=Payment.Purpose.DEPOSIT,
        gateway=Payment.Gateway.STRIPE,
        amount=hold.deposit_amount,
        now=now,
    )
    if not agreed.keeps_card:
        return deposit is not None
    card = request_card(
        appointment=hold,
        payer=hold.patient,
        agreed_text=words_of_card(),
        deposit=deposit,
        now=now,
    )
    return deposit is not None or card.state == KeptCard.State.ASKED


def _made_before(hold: Appointment, details: Details) -> Confirmed:
    """:raises NotPossibleNow: it was made with other details"""
    if hold.payment_choice != details.payment or not _is_same_person(hold.patient, details.patient):
        raise NotPossibleNow
    return Confirmed(hold, manage_token(hold))


def _is_same_person(known: Patient | None, said: Patient | PatientDetails) -> bool:
    if known is None or isinstance(said, Patient):
        return known == said
    return (known.given_name, known.family_name, known.birth_date, known.email) == (
        said.given_name.strip(),
        said.family_name.strip(),
        said.birth_date,
        said.email.strip(),
    )


def _check_who_asks(details: Details) -> None:
    """A record on file is booked on by its own account or by staff only. What is signed must be worth keeping."""
    if details.signature is not None:
        check_signature(details.signature)
    known = details.patient
    if not isinstance(known, Patient) or details.by_staff or details.by_offer:
        return
    if details.by is None or known.user_id != details.by.pk:
        raise NotAllowed


def ways_to_pay(
    hold: Appointment, *, who: object = None, by_staff: bool = False, cover: Cover | None = None
) -> list[PaymentChoice]:
    """How this visit may be paid; "none" where nothing is due before it, as where a payer bears all of it."""
    return _ways(hold, agreed_for(hold, who=who, cover=cover), who=who, by_staff=by_staff)


def _ways(hold: Appointment, agreed: Agreed, *, who: object, by_staff: bool) -> list[PaymentChoice]:
    asks_first = agreed.way in BEFORE
    known = who if isinstance(who, Patient) else None
    offered: dict[PaymentChoice, bool] = {
        "package": not agreed.by_payer and usable_package(hold, known) is not None,
        "online": asks_first and takes_online(hold.location),
        "desk": by_staff or (hold.location.pay_at_desk and agreed.or_at_desk),
        "none": by_staff or not asks_first,
    }
    return [way for way, is_offered in offered.items() if is_offered]


def _check_terms(hold: Appointment, details: Details, agreed: Agreed, now: datetime) -> None:
    if not details.policies_accepted and not details.by_staff:
        raise PoliciesNotAccepted
    if details.payment == "online":
        require_prepayment(hold.location)
    by_staff = details.by_staff or details.wait_for_form
    if details.payment not in _ways(hold, agreed, who=details.patient, by_staff=by_staff):
        raise PaymentNotOffered
    if not (hold.service.in_person or details.patient.phone or details.by_staff):
        raise PhoneNeeded
    require_as_shown(hold, agreed, stamp=details.terms_shown, now=now)


def _is_cleared(hold: Appointment, details: Details, now: datetime) -> bool:
    return details.wait_for_form or _clearance(hold, details, now).decision != "no"


def _answered_stricter_since(hold: Appointment, now: datetime) -> bool:
    """Whether the same browser has given answers since that forbid more than those this time was chosen with."""
    screening = hold.screening
    if screening is None or not screening.response.session_hash:
        return False
    found = stricter_before(screening.effective_outcome, session_hash=screening.response.session_hash, now=now)
    if found is None or found.evaluated_at <= screening.evaluated_at:
        return False
    return hold.service.screening == "full" or found.urgent in ("EMERGENCY", "SAME_DAY")


def _clearance(hold: Appointment, details: Details, now: datetime) -> Clearance:
    """:raises IncompleteAnswers, TooLate: and the time stays held"""
    if _answered_stricter_since(hold, now):
        return Clearance(decision="no", complete=True)
    clearance = clearance_for(hold, who=details.patient, by_staff=details.by_staff, now=now)
    if is_unfinished(clearance):
        raise IncompleteAnswers
    notice = timedelta(minutes=Notice(is_request=True, by_staff=details.by_staff).minutes_at(hold.location))
    if clearance.decision == "request" and not hold.set_aside and hold.start < hold.created_at + notice:
        raise TooLate
    return clearance

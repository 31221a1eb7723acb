"""What a payment is for: a visit or a package. It is locked with the payment, and hears what became of the money.

The one seam between settling, which knows of payments only, and what they buy.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from booking.errors import HoldExpired, NotPossibleNow
from booking.models import Appointment, Package
from booking.payments.gateway import MethodSeen
from booking.payments.models import Payment
from booking.reminders.of_money import announce_payment_problem
from booking.services.cards import note_card_beside
from booking.services.documents import correct_documents
from booking.services.fee_cases import note_fee_not_taken, note_fee_paid
from booking.services.locks import lock_appointment, lock_package
from booking.services.package_documents import correct_package_documents
from booking.services.package_payments import lapse_package, package_authorised, record_package_change
from booking.services.payments_in import Arrival, is_waiting_for_payment, payment_authorised, release_unpaid
from booking.services.places import rooms_there
from booking.services.states import SYSTEM, move_on, record_change
from booking.services.terms import require_prepayment

Status = Appointment.Status


class Subject(Protocol):
    """A locked visit or package. The caller holds the locks and writes the payment down."""

    def arrived(self, payment: Payment, *, now: datetime) -> Arrival:
        """The money is authorised: take it, wait for a therapist, or release it."""

    def card_left(self, payment: Payment, method: MethodSeen | None, *, now: datetime) -> None:
        """What is seen of a card that was to be left beside this payment."""

    def lapsed(self, payment: Payment, *, now: datetime) -> None:
        """It is certain, or has been waited for long enough, that this payment will not be made."""

    def money_went_back(self, *, now: datetime) -> None:
        """Its papers must say so."""

    def needs_a_look(self, payment: Payment, *, now: datetime) -> None:
        """What was held or given back is not where it was to be: who pays must hear of it."""

    def require_payable(self, payment: Payment) -> None:
        """:raises HoldExpired, NotPossibleNow, PrepaymentForbidden: there is nothing to pay for any more"""

    def page_opens(self, *, now: datetime) -> None:
        """Somebody is on the way to the page where it is paid."""

    def record(self, action: str, *, now: datetime, **details: Any) -> None:
        """Write the AuditEvent of a change that the system made."""


def lock_subject(payment: Payment) -> Subject:
    """Lock what a payment is for, in the common order, and its payments.

    :raises ChangedMeanwhile: a visit was moved to other resources in the meantime
    """
    if payment.package is not None:
        return OfPackage(lock_package(payment.package))
    assert payment.appointment is not None
    return OfVisit(lock_appointment(payment.appointment, rooms=_rooms_to_take_again(payment.appointment)))


@dataclass(frozen=True, slots=True)
class OfVisit:
    """A visit's deposit buys its time; its other payments buy nothing more."""

    visit: Appointment

    def arrived(self, payment: Payment, *, now: datetime) -> Arrival:
        if payment.purpose != Payment.Purpose.DEPOSIT:
            note_fee_paid(payment, self.visit, now)
            return "booked"
        return payment_authorised(appointment=self.visit, payment=payment, now=now)

    def card_left(self, payment: Payment, method: MethodSeen | None, *, now: datetime) -> None:
        note_card_beside(payment, method, self.visit, now)

    def lapsed(self, payment: Payment, *, now: datetime) -> None:
        release_unpaid(self.visit, payment, now)
        note_fee_not_taken(payment, self.visit, now)

    def money_went_back(self, *, now: datetime) -> None:
        correct_documents(appointment=self.visit, now=now)

    def needs_a_look(self, payment: Payment, *, now: datetime) -> None:
        announce_payment_problem(appointment=self.visit, about=str(payment.pk), now=now)

    def require_payable(self, payment: Payment) -> None:
        if payment.purpose != Payment.Purpose.DEPOSIT:
            return  # what is due is looked at when its link asks for it
        require_prepayment(self.visit.location)
        if self.visit.status == Status.CANCELLED:
            raise HoldExpired
        held = self.visit.status == Status.PROPOSED and self.visit.patient_id is not None
        if not (held or is_waiting_for_payment(self.visit)):
            raise NotPossibleNow

    def page_opens(self, *, now: datetime) -> None:
        if self.visit.status == Status.PROPOSED:
            move_on(self.visit, Status.PENDING, awaiting=Appointment.Awaiting.PAYMENT)
            self.visit.save()
            record_change(appointment=self.visit, action="payment-waiting", now=now)

    def record(self, action: str, *, now: datetime, **details: Any) -> None:
        record_change(appointment=self.visit, action=action, role=SYSTEM, now=now, **details)


@dataclass(frozen=True, slots=True)
class OfPackage:
    """A package is bought with its one payment."""

    package: Package

    def arrived(self, payment: Payment, *, now: datetime) -> Arrival:
        return package_authorised(package=self.package, payment=payment, now=now)

    def card_left(self, payment: Payment, method: MethodSeen | None, *, now: datetime) -> None:
        """None is asked for with a package."""

    def lapsed(self, payment: Payment, *, now: datetime) -> None:
        lapse_package(package=self.package, now=now)

    def money_went_back(self, *, now: datetime) -> None:
        correct_package_documents(package=self.package, now=now)

    def needs_a_look(self, payment: Payment, *, now: datetime) -> None:
        """Staff see to it: letters are about visits."""

    def require_payable(self, payment: Payment) -> None:
        if self.package.state != Package.State.WAITING:
            raise NotPossibleNow
        require_prepayment(self.package.offer.location)

    def page_opens(self, *, now: datetime) -> None:
        """It waits already."""

    def record(self, action: str, *, now: datetime, **details: Any) -> None:
        record_package_change(package=self.package, action=action, now=now, **details)


def _rooms_to_take_again(appointment: Appointment) -> list[UUID]:
    """A booking that lapsed while it was paid may have to find another room."""
    if appointment.status != Status.CANCELLED:
        return []
    return rooms_there(service=appointment.service, practitioner=appointment.practitioner)

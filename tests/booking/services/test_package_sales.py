"""Selling packages: at the desk, and online through Stripe."""

from uuid import uuid4

import pytest

from booking.errors import (
    NothingUnused,
    PaymentNotOffered,
    PrepaymentForbidden,
    StripeUnavailable,
    TermsChanged,
)
from booking.models import Package
from booking.payments.models import LedgerEntry, Payment
from booking.selectors.packages import unused_worth_of
from booking.services.checkout import carry_out_wanted, settle, sweep_checkouts
from booking.services.package_credits import use_package
from booking.services.package_refunds import refund_package
from booking.services.packages import buy_package, checkout_for_package, sell_package
from intake.errors import NotAllowed
from intake.models import Patient, Role, User
from tests.booking.services.package_steps import left_of, owed, visit_of
from tests.factories.booking import NOW, Clinic, make_staff
from tests.factories.intake import make_patient, make_user
from tests.factories.packages import make_offer, make_package
from tests.factories.payments import Till, broken_money, ledger_of
from tests.simulators.stripe import DECLINED_CARD, pay

pytestmark = pytest.mark.django_db
State = Package.State


class TestSelling:
    def test_a_package_sold_at_the_desk_is_paid_and_lasts_a_year(self, clinic: Clinic, patient: Patient) -> None:
        package = make_package(clinic, patient)
        payment = package.payments.get()
        assert (package.state, package.bought_at) == (State.ACTIVE, NOW)
        assert package.expires_on is not None
        assert package.expires_on.isoformat() == "2027-11-23"
        assert (payment.gateway, payment.purpose, payment.state) == ("desk", "package", "captured")
        assert ledger_of(payment) == [("charge", 27000), ("desk", 27000)]
        assert "3 visits for $270.00. Each visit counts as $90.00." in package.terms
        assert left_of(package) == (3, 27000)
        assert unused_worth_of(clinic.location) == 27000

    def test_the_same_tap_twice_sells_once(self, clinic: Clinic, patient: Patient, desk: User) -> None:
        said = {
            "offer": make_offer(clinic), "patient": patient, "price": 27000, "method": "terminal",
            "request_key": uuid4(), "by": desk, "now": NOW,
        }  # fmt: skip
        assert sell_package(**said) == sell_package(**said)
        assert LedgerEntry.objects.filter(kind="desk").count() == 1

    def test_what_is_sold_is_what_was_shown(self, clinic: Clinic, patient: Patient, desk: User) -> None:
        offer = make_offer(clinic)
        said = {"offer": offer, "patient": patient, "request_key": uuid4(), "now": NOW}
        with pytest.raises(TermsChanged):
            sell_package(**said, price=26000, method="cash", by=desk)
        with pytest.raises(PaymentNotOffered):
            sell_package(**said, price=27000, method="cheque", by=desk)
        with pytest.raises(NotAllowed):
            sell_package(**said, price=27000, method="cash", by=clinic.anna.user)
        with pytest.raises(NotAllowed):
            buy_package(**said, price=27000, by=desk)
        offer.active = False
        offer.save()
        with pytest.raises(PaymentNotOffered):
            sell_package(**said, price=27000, method="cash", by=desk)
        assert not Package.objects.exists()

    def test_nothing_is_sold_where_nothing_may_be_asked_for_in_advance(
        self, clinic: Clinic, patient: Patient, desk: User
    ) -> None:
        offer = make_offer(clinic)
        clinic.location.forbids_prepayment = True
        clinic.location.save()
        said = {"offer": offer, "patient": patient, "price": 27000, "request_key": uuid4(), "now": NOW}
        with pytest.raises(PrepaymentForbidden):
            sell_package(**said, method="cash", by=desk)
        with pytest.raises(PrepaymentForbidden):
            buy_package(**said, by=patient.user)
        assert not Package.objects.exists()


class TestOnline:
    @pytest.fixture
    def waiting(self, till: Till) -> Package:
        patient = make_patient(now=till.now, user=make_user(Role.PATIENT))
        offer = make_offer(till.clinic)
        return self.bought(offer, patient, till)

    @staticmethod
    def bought(offer: object, patient: Patient, till: Till) -> Package:
        return buy_package(
            offer=offer, patient=patient, price=27000, request_key=uuid4(), by=patient.user, now=till.now
        )  # fmt: skip

    @staticmethod
    def payment(package: Package) -> Payment:
        return package.payments.get()

    def test_it_is_bought_when_the_money_is_there(self, till: Till, waiting: Package) -> None:
        assert waiting.state == State.WAITING
        pay(checkout_for_package(package=waiting, now=till.now))
        settle(payment=self.payment(waiting), now=till.now)
        waiting.refresh_from_db()
        payment = self.payment(waiting)
        assert (waiting.state, payment.state) == (State.ACTIVE, "captured")
        assert ledger_of(payment) == [("charge", 27000), ("authorisation", 27000), ("capture", 27000)]
        assert till.truth(payment)["taken"] == 27000
        settle(payment=payment, now=till.now)
        till.tell_all(till.events())
        assert ledger_of(payment) == [("charge", 27000), ("authorisation", 27000), ("capture", 27000)]
        assert till.stripe.violations == []

    def test_stripe_learns_nothing_of_what_it_is_for(self, till: Till, waiting: Package) -> None:
        checkout_for_package(package=waiting, now=till.now)
        [sent] = [entry for entry in till.stripe.api.log if entry["path"] == "/v1/checkout/sessions"]
        assert "Prepaid+appointments" in sent["form"]
        for secret in (waiting.name, waiting.patient.given_name, str(waiting.patient.pk), "needl"):
            assert secret not in sent["form"]

    def test_two_tabs_are_one_package_and_one_page(self, till: Till, waiting: Package) -> None:
        again = self.bought(waiting.offer, waiting.patient, till)
        assert again == waiting
        assert checkout_for_package(package=again, now=till.now) == checkout_for_package(package=waiting, now=till.now)

    def test_what_nobody_pays_ends_in_a_quarter_of_an_hour(self, till: Till, waiting: Package) -> None:
        pay(checkout_for_package(package=waiting, now=till.now), card=DECLINED_CARD)
        till.wait(minutes=16)
        sweep_checkouts(now=till.now)
        waiting.refresh_from_db()
        payment = self.payment(waiting)
        assert (waiting.state, payment.state) == (State.LAPSED, "lapsed")
        assert ledger_of(payment) == [("charge", 27000), ("credit", 27000)]
        assert self.bought(waiting.offer, waiting.patient, till) != waiting

    def test_what_is_unused_goes_back_to_the_card_and_stripe_agrees(self, till: Till, waiting: Package) -> None:
        pay(checkout_for_package(package=waiting, now=till.now))
        settle(payment=self.payment(waiting), now=till.now)
        visit = visit_of(till.clinic, waiting.patient)
        use_package(appointment=visit, by=make_staff(), now=till.now)
        manager = make_staff(Role.MANAGER)
        refund_package(package=waiting, amount=18000, by=manager, now=till.now)
        with pytest.raises(NothingUnused):
            refund_package(package=waiting, amount=18000, by=manager, now=till.now)
        till.wait(minutes=2)
        carry_out_wanted(now=till.now)
        payment = self.payment(waiting)
        assert till.truth(payment) == {"held": 0, "taken": 27000, "sent back": 18000}
        assert ledger_of(payment)[-2:] == [("credit", 18000), ("refund", 18000)]
        assert owed(visit) == (9000, 9000, 0)
        assert broken_money(till.now) == []

    def test_what_goes_back_before_it_is_taken_is_only_released(self, till: Till, waiting: Package) -> None:
        pay(checkout_for_package(package=waiting, now=till.now))
        till.fault("drop_before", "*/capture")
        with pytest.raises(StripeUnavailable):
            settle(payment=self.payment(waiting), now=till.now)
        refund_package(package=waiting, amount=27000, by=make_staff(Role.MANAGER), now=till.now)
        till.sweep(1)
        waiting.refresh_from_db()
        payment = self.payment(waiting)
        assert (waiting.state, payment.state) == ("refunded", "voided")
        assert till.truth(payment) == {"held": 0, "taken": 0, "sent back": 0}
        assert broken_money(till.now) == []

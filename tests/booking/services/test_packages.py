"""A package from its sale to its last session, and what comes back of it."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from booking.errors import (
    AlreadyCredited,
    NothingPaid,
    NothingUnused,
    NotPossibleNow,
    PackageNotUsable,
    PaymentNotOffered,
    PrepaymentForbidden,
    RefundAboveLimit,
    TermsChanged,
)
from booking.models import Appointment, Package, PackageCredit
from booking.payments.ledger import balance_of
from booking.payments.models import LedgerEntry, Payment
from booking.payments.services import record_desk_payment
from booking.rules.receipts import from_facts
from booking.selectors.packages import Standing, packages_of, unused_worth_of
from booking.services.appointments import cancel_appointment
from booking.services.cancellations import settle_cancellations
from booking.services.checkout import carry_out_wanted, settle, sweep_checkouts
from booking.services.courses import ways_to_pay_course
from booking.services.documents import issue_credit_note, issue_receipt
from booking.services.needle_free import make_needle_free
from booking.services.package_credits import take_back_session, use_package
from booking.services.package_documents import issue_package_receipt
from booking.services.package_refunds import extend_package, refund_package
from booking.services.packages import buy_package, checkout_for_package, sell_package
from booking.services.reviews import decide_request
from booking.services.visits import mark_arrived, mark_entered_in_error, mark_noshow
from config.invariants import broken_promises
from config.promises_of_money import OF_MONEY
from intake.errors import NotAllowed
from intake.models import Patient, Role, User
from tests.booking.services.booking_steps import book
from tests.booking.services.course_steps import clinic_with_courses, confirm_four, hold_four
from tests.factories.booking import NOW, Clinic, at, make_appointment, make_clinic, make_staff
from tests.factories.intake import make_patient, make_user, review_line
from tests.factories.packages import make_offer, make_package
from tests.factories.payers import make_cover
from tests.factories.payments import Till, ledger_of
from tests.simulators.stripe import DECLINED_CARD, pay

pytestmark = pytest.mark.django_db
State = Package.State
Reason = Appointment.CancelReason
A_DAY = timedelta(days=1)


@pytest.fixture
def clinic() -> Clinic:
    return make_clinic()


@pytest.fixture
def patient() -> Patient:
    return make_patient(now=NOW, user=make_user(Role.PATIENT))


@pytest.fixture
def desk() -> User:
    return make_staff(Role.RECEPTION)


@pytest.fixture
def manager() -> User:
    return make_staff(Role.MANAGER)


def visit_of(clinic: Clinic, patient: Patient, **over: object) -> Appointment:
    start = over.pop("start", at(10))
    return make_appointment(clinic, start=start, patient=patient, service=clinic.needling, **over)


def left_of(package: Package) -> tuple[int, int]:
    """How many sessions are left, and what would be given back."""
    one = Standing.of(packages_of(package.patient).get(pk=package.pk), now=NOW)
    return one.left, one.to_give_back


def owed(visit: Appointment) -> tuple[int, int, int]:
    balance = balance_of(Appointment.objects.get(pk=visit.pk))
    return balance.owed, balance.paid, balance.due


def broken_money(now: datetime) -> list[str]:
    """The promises about money that are broken."""
    of_money = {name for name, *_ in OF_MONEY}
    return [one.name for one in broken_promises(now=now) if one.name in of_money]


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


class TestUsing:
    def test_a_session_pays_a_visit_at_what_it_cost(self, clinic: Clinic, patient: Patient, desk: User) -> None:
        package = make_package(clinic, patient)
        visit = visit_of(clinic, patient)
        credit = use_package(appointment=visit, by=desk, now=NOW)
        assert (credit.number, credit.worth_amount, credit.price_before) == (1, 9000, 12000)
        assert use_package(appointment=visit, by=desk, now=NOW) == credit
        assert owed(visit) == (9000, 9000, 0)
        visit.refresh_from_db()
        assert (visit.price_amount, visit.deposit_amount, visit.late_fee_amount) == (9000, 0, 3000)
        assert ledger_of(visit.payments.get(gateway="package")) == [("charge", 9000), ("package", 9000)]
        assert left_of(package) == (2, 18000)
        assert broken_money(NOW) == []

    def test_the_package_that_ends_first_is_used_first(self, clinic: Clinic, patient: Patient, desk: User) -> None:
        make_package(clinic, patient, name="For a year")
        short = make_package(clinic, patient, name="For a month", valid_months=1)
        assert use_package(appointment=visit_of(clinic, patient), by=desk, now=NOW).package == short

    @pytest.mark.parametrize(
        "why", ["another service", "after its end", "another person", "paid", "billed", "all used"]
    )
    def test_what_a_package_is_not_for(self, clinic: Clinic, patient: Patient, desk: User, why: str) -> None:
        service = [clinic.follow_up] if why == "another service" else [clinic.needling]
        owner = make_patient(now=NOW) if why == "another person" else patient
        package = make_package(clinic, owner, services=service, valid_months=1)
        visit = visit_of(clinic, patient, start=at(10, days=43 if why == "after its end" else 1))
        if why == "paid":
            pay_cash(visit, desk)
        if why == "billed":
            bill(visit)
        if why == "all used":
            for days in (2, 3, 4):
                use_package(appointment=visit_of(clinic, patient, start=at(10, days=days)), by=desk, now=NOW)
        before = left_of(package)
        with pytest.raises(PackageNotUsable):
            use_package(appointment=visit, by=desk, now=NOW)
        assert left_of(package) == before

    def test_a_visit_without_needles_gives_its_session_back(self, clinic: Clinic, patient: Patient, desk: User) -> None:
        package = make_package(clinic, patient)
        visit = visit_of(clinic, patient)
        use_package(appointment=visit, by=desk, now=NOW)
        changed = make_needle_free(appointment=visit, by=desk, now=NOW)
        assert changed.price_amount == 9000  # the assessment's own price
        assert owed(visit) == (9000, 0, 9000)
        assert left_of(package) == (3, 27000)

    def test_reception_lets_a_visit_be_paid_in_another_way(self, clinic: Clinic, patient: Patient, desk: User) -> None:
        package = make_package(clinic, patient)
        visit = visit_of(clinic, patient)
        use_package(appointment=visit, by=desk, now=NOW)
        take_back_session(appointment=visit, by=desk, now=NOW)
        assert owed(visit) == (12000, 0, 12000)
        assert left_of(package) == (3, 27000)
        assert PackageCredit.objects.get().returned_why == "staff"
        with pytest.raises(NotPossibleNow):
            take_back_session(appointment=visit, by=desk, now=NOW)
        assert broken_money(NOW) == []


class TestBooking:
    """A booking of the patient's own account, or at the desk, that a package pays."""

    @pytest.fixture
    def package(self, clinic: Clinic, patient: Patient) -> Package:
        return make_package(clinic, patient)

    def test_no_deposit_is_asked_and_what_was_agreed_is_what_holds(
        self, clinic: Clinic, patient: Patient, package: Package
    ) -> None:
        booked = book(clinic, patient=patient, payment="package", by=patient.user).appointment
        booked.refresh_from_db()
        assert (booked.status, booked.awaiting, booked.payment_choice) == ("booked", "", "package")
        assert (booked.price_amount, booked.deposit_amount, owed(booked)) == (9000, 0, (9000, 9000, 0))
        agreement = booked.agreements.get()
        assert agreement.text.startswith("Your package pays this visit. It counts as $90.00.")
        assert {name: agreement.sums[name] for name in ("price", "pay_now", "late_fee", "no_show_fee")} == {
            "price": booked.price_amount, "pay_now": 0, "late_fee": booked.late_fee_amount,
            "no_show_fee": booked.no_show_fee_amount,
        }  # fmt: skip
        assert left_of(package) == (2, 18000)

    def test_a_request_that_is_declined_gives_its_session_back(
        self, clinic: Clinic, patient: Patient, package: Package
    ) -> None:
        asked = book(clinic, review_line(), patient=patient, payment="package", by=patient.user).appointment
        assert (asked.status, left_of(package)) == ("pending", (2, 18000))
        decide_request(appointment=asked, decision="declined", reason="not now", by=clinic.anna.user, now=NOW)
        assert left_of(package) == (3, 27000)
        assert owed(asked) == (0, 0, 0)

    @pytest.mark.parametrize("who", ["somebody new", "without a package", "all used"])
    def test_without_a_session_there_is_no_such_way_to_pay(self, clinic: Clinic, patient: Patient, who: str) -> None:
        said: dict[str, object] = {"patient": patient, "by": patient.user}
        if who == "somebody new":
            said = {}
        if who == "all used":
            package = make_package(clinic, patient, sessions=2, price_amount=2000)
            for days in (2, 3):
                other = visit_of(clinic, patient, start=at(10, days=days))
                use_package(appointment=other, by=make_staff(), now=NOW)
            assert left_of(package)[0] == 0
        with pytest.raises(PaymentNotOffered):
            book(clinic, payment="package", **said)

    def test_a_course_takes_a_session_for_each_visit_or_is_paid_in_another_way(self, patient: Patient) -> None:
        clinic = clinic_with_courses()
        package = make_package(clinic, patient, sessions=4, price_amount=40001)
        held = hold_four(clinic)
        first = held.holds[0].appointment
        assert ways_to_pay_course(first, who=patient)[0] == "package"
        visits = confirm_four(held, patient=patient, by=patient.user, payment="package")
        assert [owed(one) for one in visits] == [(10001, 10001, 0), *[(10000, 10000, 0)] * 3]
        assert left_of(package) == (0, 0)
        assert "package" not in ways_to_pay_course(first, who=patient)


class TestComingBack:
    @pytest.fixture
    def package(self, clinic: Clinic, patient: Patient) -> Package:
        return make_package(clinic, patient)

    @pytest.fixture
    def visit(self, clinic: Clinic, patient: Patient, package: Package, desk: User) -> Appointment:
        """Tomorrow at ten, free to cancel until now, with fees of 90.00, which is what the session costs."""
        made = visit_of(clinic, patient, late_fee_amount=12000, no_show_fee_amount=12000, free_cancel_until=NOW)
        use_package(appointment=made, by=desk, now=NOW)
        return made

    def ended(self, visit: Appointment, now: object) -> Appointment:
        settle_cancellations(now=now)
        visit.refresh_from_db()
        return visit

    def test_cancelled_in_time_it_goes_back_when_nobody_can_undo_it_any_more(
        self, visit: Appointment, package: Package
    ) -> None:
        cancel_appointment(appointment=visit, by=None, reason=Reason.PATIENT, now=NOW)
        assert left_of(package) == (2, 18000)
        self.ended(visit, NOW + timedelta(minutes=4))
        assert left_of(package) == (3, 27000)
        assert (owed(visit), visit.price_amount) == ((0, 0, 0), 12000)

    def test_cancelled_too_late_it_is_used_up_and_nothing_more_is_owed(
        self, visit: Appointment, package: Package
    ) -> None:
        late = NOW + timedelta(hours=1)
        assert cancel_appointment(appointment=visit, by=None, reason=Reason.PATIENT, now=late).fee == 9000
        self.ended(visit, late + timedelta(minutes=4))
        assert left_of(package) == (2, 18000)
        assert owed(visit) == (9000, 9000, 0)
        assert broken_money(late) == []

    def test_a_smaller_fee_is_owed_in_money_and_the_session_goes_back(
        self, visit: Appointment, package: Package
    ) -> None:
        Appointment.objects.filter(pk=visit.pk).update(late_fee_amount=4000)
        late = NOW + timedelta(hours=1)
        cancel_appointment(appointment=visit, by=None, reason=Reason.PATIENT, now=late)
        self.ended(visit, late + timedelta(minutes=4))
        assert left_of(package) == (3, 27000)
        assert owed(visit) == (4000, 0, 4000)

    @pytest.mark.parametrize("reason", [Reason.UNWELL, Reason.CLINIC])
    def test_the_clinic_and_an_illness_never_cost_a_session(
        self, visit: Appointment, package: Package, desk: User, reason: Reason
    ) -> None:
        late = NOW + timedelta(hours=1)
        cancel_appointment(appointment=visit, by=desk, reason=reason, now=late)
        self.ended(visit, late + timedelta(minutes=4))
        assert left_of(package) == (3, 27000)
        assert owed(visit) == (0, 0, 0)

    def test_who_does_not_come_has_used_it_up_until_they_come_after_all(
        self, visit: Appointment, package: Package, desk: User
    ) -> None:
        mark_noshow(appointment=visit, by=desk, now=visit.end)
        assert left_of(package) == (2, 18000)
        assert owed(visit) == (9000, 9000, 0)
        mark_arrived(appointment=visit, by=desk, now=visit.end)
        assert owed(visit) == (9000, 9000, 0)

    def test_a_fee_that_is_waived_gives_it_back(self, visit: Appointment, package: Package, desk: User) -> None:
        mark_noshow(appointment=visit, by=desk, waive_fee=True, now=visit.end)
        assert left_of(package) == (3, 27000)
        assert owed(visit) == (0, 0, 0)

    def test_what_comes_back_after_the_end_can_be_used_for_another_month(
        self, visit: Appointment, package: Package, desk: User
    ) -> None:
        Package.objects.update(expires_on=NOW.date())
        mark_entered_in_error(appointment=visit, by=desk, now=NOW + 40 * A_DAY)
        package.refresh_from_db()
        assert package.expires_on == (NOW + 70 * A_DAY).date()


class TestGivingBack:
    @pytest.fixture
    def package(self, clinic: Clinic, patient: Patient) -> Package:
        return make_package(clinic, patient)

    def test_cash_is_handed_back_and_nothing_can_be_booked_with_it(
        self, clinic: Clinic, patient: Patient, package: Package, manager: User
    ) -> None:
        first = visit_of(clinic, patient)
        use_package(appointment=first, by=manager, now=NOW)
        with pytest.raises(NotPossibleNow):
            refund_package(package=package, amount=27000, method="cash", by=manager, now=NOW)
        refund_package(package=package, amount=18000, method="cash", by=manager, now=NOW)
        assert ledger_of(package.payments.get())[2:] == [("refund", 18000), ("credit", 18000)]
        assert (left_of(package), unused_worth_of(clinic.location)) == ((0, 0), 0)
        with pytest.raises(PackageNotUsable):
            use_package(appointment=visit_of(clinic, patient, start=at(14)), by=manager, now=NOW)
        # What comes back of it later can be given back, too.
        cancel_appointment(appointment=first, by=manager, reason=Reason.CLINIC, now=NOW)
        settle_cancellations(now=NOW + timedelta(minutes=4))
        assert left_of(package) == (0, 9000)
        refund_package(package=package, amount=9000, method="cash", by=manager, now=NOW)
        package.refresh_from_db()
        assert (left_of(package), package.refund_amount) == ((0, 0), 27000)
        assert broken_money(NOW) == []

    def test_reception_gives_back_up_to_its_limit(self, clinic: Clinic, package: Package, desk: User) -> None:
        clinic.location.refund_limit_amount = 26999
        clinic.location.save()
        with pytest.raises(RefundAboveLimit):
            refund_package(package=package, amount=27000, method="cash", by=desk, now=NOW)
        clinic.location.refund_limit_amount = 27000
        clinic.location.save()
        assert refund_package(package=package, amount=27000, method="cash", by=desk, now=NOW).state == State.REFUNDED

    def test_after_its_last_day_nothing_comes_back_unless_a_manager_gives_it_more_time(
        self, clinic: Clinic, patient: Patient, package: Package, manager: User, desk: User
    ) -> None:
        after = NOW + 400 * A_DAY
        with pytest.raises(NothingUnused):
            refund_package(package=package, amount=27000, method="cash", by=manager, now=after)
        with pytest.raises(NotAllowed):
            extend_package(package=package, until=(NOW + 430 * A_DAY).date(), by=desk, now=after)
        with pytest.raises(NotPossibleNow):
            extend_package(package=package, until=NOW.date(), by=manager, now=after)
        extend_package(package=package, until=(NOW + 430 * A_DAY).date(), by=manager, now=after)
        assert (
            refund_package(package=package, amount=27000, method="cash", by=manager, now=after).refund_amount == 27000
        )


class TestPapers:
    def test_a_receipt_says_that_it_cannot_be_claimed_and_is_made_once(
        self, clinic: Clinic, patient: Patient, desk: User
    ) -> None:
        package = make_package(clinic, patient)
        made = issue_package_receipt(package=package, by=desk, now=NOW)
        assert (made.kind, made.number, made.facts["claimable"]) == ("package", 1, False)
        assert issue_package_receipt(package=package, by=patient.user, now=NOW) == made
        with pytest.raises(NotAllowed):
            issue_package_receipt(package=package, by=clinic.anna.user, now=NOW)

    def test_giving_back_takes_the_receipt_back_and_says_what_is_left(
        self, clinic: Clinic, patient: Patient, manager: User
    ) -> None:
        package = make_package(clinic, patient)
        issue_package_receipt(package=package, by=manager, now=NOW)
        use_package(appointment=visit_of(clinic, patient), by=manager, now=NOW)
        refund_package(package=package, amount=18000, method="cash", by=manager, now=NOW)
        papers = [(one.kind, one.reason, from_facts(one.facts).paid) for one in package.documents.order_by("number")]
        assert papers == [("package", "", 27000), ("credit-note", "refunded", -27000), ("package", "", 9000)]
        assert broken_money(NOW) == []

    def test_all_given_back_leaves_no_receipt(self, clinic: Clinic, patient: Patient, manager: User) -> None:
        package = make_package(clinic, patient)
        issue_package_receipt(package=package, by=manager, now=NOW)
        refund_package(package=package, amount=27000, method="cash", by=manager, now=NOW)
        assert [one.kind for one in package.documents.order_by("number")] == ["package", "credit-note"]
        with pytest.raises(NothingPaid):
            issue_package_receipt(package=package, by=manager, now=NOW)

    def test_reception_takes_one_back_by_hand_and_makes_it_anew(
        self, clinic: Clinic, patient: Patient, desk: User
    ) -> None:
        package = make_package(clinic, patient)
        first = issue_package_receipt(package=package, by=desk, now=NOW)
        issue_credit_note(document=first, by=desk, now=NOW)
        with pytest.raises(AlreadyCredited):
            issue_credit_note(document=first, by=desk, now=NOW)
        assert issue_package_receipt(package=package, by=desk, now=NOW).edition == 1

    def test_a_visit_it_paid_gets_its_own_receipt_at_what_the_session_cost(
        self, clinic: Clinic, patient: Patient, desk: User
    ) -> None:
        make_package(clinic, patient)
        visit = visit_of(clinic, patient, start=at(9, days=-1), status="fulfilled")
        use_package(appointment=visit, by=desk, now=NOW)
        said = from_facts(issue_receipt(appointment=visit, by=desk, now=NOW).facts)
        assert (said.total, said.paid, [one.method for one in said.payments]) == (9000, 9000, ["package"])
        take_back_session(appointment=visit, by=desk, now=NOW)
        assert [one.kind for one in visit.documents.order_by("number")] == ["receipt", "credit-note"]


def pay_cash(visit: Appointment, by: User) -> None:
    record_desk_payment(appointment=visit, amount=1000, method="cash", by=by, now=NOW)


def bill(visit: Appointment) -> None:
    cover = make_cover(visit.patient)
    Appointment.objects.filter(pk=visit.pk).update(cover=cover, payer_amount=5000)

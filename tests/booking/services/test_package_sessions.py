"""One session of a package pays one visit, and comes back when the visit ends without its whole fee."""

from datetime import timedelta
from uuid import uuid4

import pytest

from booking.errors import (
    NotPossibleNow,
    PackageNotUsable,
    PaymentNotOffered,
)
from booking.models import Appointment, Package, PackageCredit
from booking.payments.services import record_desk_payment
from booking.services.appointments import attach_form, book_for_caller, cancel_appointment
from booking.services.cancellations import settle_cancellations
from booking.services.courses import ways_to_pay_course
from booking.services.needle_free import make_needle_free
from booking.services.package_credits import take_back_session, use_package
from booking.services.reviews import decide_request
from booking.services.visits import mark_arrived, mark_entered_in_error, mark_noshow
from intake.models import Patient, User
from tests.booking.services.booking_steps import book
from tests.booking.services.course_steps import clinic_with_courses, confirm_four, hold_four
from tests.booking.services.package_steps import left_of, owed, visit_of
from tests.factories.booking import NOW, Clinic, at, make_staff
from tests.factories.intake import emergency_line, make_patient, make_screening, review_line
from tests.factories.packages import make_package
from tests.factories.payers import make_cover
from tests.factories.payments import broken_money, ledger_of

pytestmark = pytest.mark.django_db
Reason = Appointment.CancelReason


def pay_cash(visit: Appointment, by: User) -> None:
    record_desk_payment(appointment=visit, amount=1000, method="cash", by=by, now=NOW)


def bill(visit: Appointment) -> None:
    cover = make_cover(visit.patient)
    Appointment.objects.filter(pk=visit.pk).update(cover=cover, payer_amount=5000)


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

    def test_reception_books_a_caller_and_what_does_not_take_place_gives_its_session_back(
        self, clinic: Clinic, patient: Patient, desk: User, package: Package
    ) -> None:
        said = {
            "service": clinic.needling, "practitioner": clinic.anna, "patient": patient, "payment": "package",
            "wait_for_form": True, "by": desk, "now": NOW,
        }  # fmt: skip
        with pytest.raises(PaymentNotOffered):
            book_for_caller(**said | {"patient": make_patient(now=NOW)}, start=at(12, days=3), request_key=uuid4())
        visit = book_for_caller(**said, start=at(10, days=3), request_key=uuid4()).appointment
        assert (visit.awaiting, visit.credits.get().used_by, owed(visit)) == ("form", desk, (9000, 9000, 0))
        assert left_of(package) == (2, 18000)
        attach_form(appointment=visit, screening=make_screening(emergency_line(), now=NOW).screening, now=NOW)
        assert left_of(package) == (3, 27000)
        assert owed(visit) == (0, 0, 0)

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
        mark_entered_in_error(appointment=visit, by=desk, now=NOW + timedelta(days=40))
        package.refresh_from_db()
        assert package.expires_on == (NOW + timedelta(days=70)).date()

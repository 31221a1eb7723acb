"""What is unused of a package is given back, and the papers say so."""

from datetime import date, timedelta

import pytest

from booking.errors import (
    AlreadyCredited,
    NothingInPeriod,
    NothingPaid,
    NothingUnused,
    NotPossibleNow,
    PackageNotUsable,
    RefundAboveLimit,
)
from booking.models import Appointment, Package
from booking.rules.receipts import from_facts
from booking.selectors.packages import unused_worth_of
from booking.services.appointments import cancel_appointment
from booking.services.cancellations import settle_cancellations
from booking.services.documents import issue_credit_note, issue_receipt, issue_statement
from booking.services.package_credits import take_back_session, use_package
from booking.services.package_documents import issue_package_receipt
from booking.services.package_refunds import extend_package, refund_package
from intake.errors import NotAllowed
from intake.models import Patient, User
from tests.booking.services.package_steps import left_of, visit_of
from tests.factories.booking import NOW, Clinic, at
from tests.factories.packages import make_package
from tests.factories.payments import broken_money, ledger_of

pytestmark = pytest.mark.django_db
State = Package.State
Reason = Appointment.CancelReason


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
        after = NOW + timedelta(days=400)
        with pytest.raises(NothingUnused):
            refund_package(package=package, amount=27000, method="cash", by=manager, now=after)
        with pytest.raises(NotAllowed):
            extend_package(package=package, until=(NOW + timedelta(days=430)).date(), by=desk, now=after)
        with pytest.raises(NotPossibleNow):
            extend_package(package=package, until=NOW.date(), by=manager, now=after)
        extend_package(package=package, until=(NOW + timedelta(days=430)).date(), by=manager, now=after)
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

    def test_a_statement_says_what_was_paid_in_advance_and_counts_nothing_twice(
        self, clinic: Clinic, patient: Patient, manager: User
    ) -> None:
        package = make_package(clinic, patient)
        visit = visit_of(clinic, patient, start=at(9, days=-6), status="fulfilled")
        use_package(appointment=visit, by=manager, now=NOW)
        refund_package(package=package, amount=18000, method="terminal", by=manager, now=NOW)
        number = issue_package_receipt(package=package, by=manager, now=NOW).number
        what = {"text": "Three visits: 3 visits, paid in advance", "number": number, "on": "2026-11-23"}
        moved = [what | {"method": "cash", "amount": 27000}, what | {"method": "terminal", "amount": -18000}]
        said = {"location": clinic.location, "by": patient.user, "now": NOW}
        for first, sums in ((date(2026, 11, 17), (9000, 9000)), (date(2026, 11, 23), (0, 0))):
            made = issue_statement(patient=patient, first=first, last=NOW.date(), **said)
            whole = from_facts(made.facts)
            assert (whole.total, whole.paid, made.facts["prepaid"]) == (*sums, moved)
        with pytest.raises(NothingInPeriod):
            issue_statement(patient=patient, first=date(2026, 11, 18), last=date(2026, 11, 22), **said)

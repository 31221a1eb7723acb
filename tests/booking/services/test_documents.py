"""Receipts, fees, credit notes and statements: what may be issued, by whom, and what becomes of it."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, ProgrammingError, transaction

from booking.errors import (
    AlreadyCredited,
    NothingInPeriod,
    NothingPaid,
    NotReceiptable,
    PeriodInvalid,
    RegistrationMissing,
)
from booking.models import Appointment, Document, Registration, TaxRate
from booking.payments.models import LedgerEntry
from booking.payments.services import charge_fee
from booking.reminders.letters import letter_of
from booking.reminders.models import Communication
from booking.rules.receipts import Line, Paid, Said, Tax, from_facts
from booking.selectors.documents import ToMake, documents_of_user, papers_to_make
from booking.services.desk_money import give_back
from booking.services.documents import (
    correct_documents,
    issue_credit_note,
    issue_fee_document,
    issue_receipt,
    issue_statement,
    take_copy,
)
from booking.services.retention import erase_record
from booking.services.visits import mark_arrived, mark_entered_in_error
from config.invariants import broken_promises
from intake.errors import NotAllowed
from intake.models import AuditEvent, Patient, Role, User
from tests.factories.booking import NOW, Clinic, at, make_appointment, make_staff
from tests.factories.intake import make_patient, make_user
from tests.factories.receipts import paid_visit, pay

pytestmark = pytest.mark.django_db
LAST_WEEK = at(10, days=-6)  # Tuesday 17 November
DAY = "2026-11-17"


@pytest.fixture
def visit(clinic: Clinic, patient: Patient) -> Appointment:
    clinic.needling.receipt_name = "Physiotherapy: treatment"
    clinic.needling.save()
    return paid_visit(clinic, start=LAST_WEEK, patient=patient)


def kinds() -> list[tuple[int, str, int]]:
    """Number, kind and total of every document, oldest first."""
    found = Document.objects.order_by("number")
    return [(one.number, one.kind, from_facts(one.facts).total) for one in found]


def test_a_receipt_says_all_that_a_claim_needs(visit: Appointment, desk: User) -> None:
    receipt = issue_receipt(appointment=visit, by=desk, now=NOW)
    assert (receipt.kind, receipt.number, receipt.claimant) == ("receipt", 1, str(visit.patient))
    assert receipt.facts == {
        "version": 1,
        "language": "en",
        "clinic": {
            "name": visit.location.name,
            "address": "1 Main Street",
            "phone": "(780) 555-0100",
            "email": "clinic@example.org",
        },
        "therapist": {
            "name": "Anna",
            "title": "Physiotherapist",
            "number": "PT-123",
            "college": "College of Physiotherapists",
        },
        "on": DAY,
        "lines": [{"text": "Physiotherapy: treatment, 60 min", "on": DAY, "amount": 12000, "taxes": []}],
        "payments": [{"on": "2026-11-23", "method": "cash", "amount": 12000}],
        "tax_note": "Health care service, exempt from GST/HST (Excise Tax Act, Schedule V, Part II)",
        "claimable": True,
    }
    said = AuditEvent.objects.get(action="receipt-issued")
    assert (said.agent, said.entity_id, said.details) == (desk, receipt.pk, {"number": 1})


def test_the_patient_is_told_once_of_a_receipt_that_others_made_and_not_of_their_own(
    clinic: Clinic, visit: Appointment, desk: User, patient: Patient
) -> None:
    for days in (0, 1):
        issue_receipt(appointment=visit, by=desk, now=NOW + timedelta(days=days))
    mine = paid_visit(clinic, start=at(12, days=-6), patient=patient)
    assert patient.user is not None
    issue_receipt(appointment=mine, by=patient.user, now=NOW)
    rows = Communication.objects.filter(kind="receipt-ready")
    assert [(row.appointment, row.recipient, row.due_at, row.status) for row in rows] == [
        (visit, patient.email, NOW, "preparation")
    ]
    letter = letter_of(rows[0], now=NOW)
    assert "120" not in letter.text


def test_the_same_receipt_is_given_as_long_as_it_is_true(visit: Appointment, desk: User) -> None:
    first = issue_receipt(appointment=visit, by=desk, now=NOW)
    assert issue_receipt(appointment=visit, by=desk, now=NOW + timedelta(days=1)) == first
    assert kinds() == [(1, "receipt", 12000)]


@pytest.mark.parametrize("status", ["booked", "arrived", "checked-in", "noshow", "entered-in-error"])
def test_no_receipt_for_a_visit_that_did_not_take_place(
    clinic: Clinic, patient: Patient, desk: User, status: str
) -> None:
    visit = paid_visit(clinic, start=LAST_WEEK, patient=patient, status=status)
    with pytest.raises(NotReceiptable):
        issue_receipt(appointment=visit, by=desk, now=NOW)
    assert kinds() == []


def test_no_receipt_for_nothing(clinic: Clinic, patient: Patient, desk: User) -> None:
    with pytest.raises(NothingPaid):
        issue_receipt(appointment=paid_visit(clinic, start=LAST_WEEK, patient=patient, paid=0), by=desk, now=NOW)
    with pytest.raises(NothingPaid):
        issue_fee_document(appointment=paid_visit(clinic, start=at(12, days=-6), patient=patient), by=desk, now=NOW)


def test_the_number_is_the_therapists_of_that_day(clinic: Clinic, visit: Appointment, desk: User) -> None:
    Registration.objects.update(valid_until=date(2026, 11, 16))
    with pytest.raises(RegistrationMissing):
        issue_receipt(appointment=visit, by=desk, now=NOW)
    of_the_day = {"practitioner": clinic.anna, "title": "Acupuncturist", "college": "Another college"}
    Registration.objects.create(number="NEW-1", valid_from=date(2026, 11, 17), **of_the_day)
    assert issue_receipt(appointment=visit, by=desk, now=NOW).facts["therapist"]["number"] == "NEW-1"
    with pytest.raises(IntegrityError), transaction.atomic():
        Registration.objects.create(number="NEW-2", valid_from=date(2027, 1, 1), **of_the_day)


def test_tax_by_service_and_for_its_days(clinic: Clinic, visit: Appointment, desk: User) -> None:
    place = {"location": clinic.location, "number": "123456789 RT0001"}
    old = TaxRate.objects.create(name="GST", percent="7", valid_until=date(2026, 11, 16), **place)
    gst = TaxRate.objects.create(name="GST", percent="5", valid_from=date(2026, 11, 17), **place)
    clinic.needling.tax_rates.set([old, gst])
    receipt = issue_receipt(appointment=visit, by=desk, now=NOW)
    assert from_facts(receipt.facts).taxes == (Tax("GST", 5000, "123456789 RT0001", 571),)
    assert from_facts(receipt.facts).net == 11429
    assert receipt.facts["tax_note"] == ""


def test_money_given_back_at_the_desk_takes_the_receipt_back(visit: Appointment, desk: User) -> None:
    first = issue_receipt(appointment=visit, by=desk, now=NOW)
    given = {"appointment": visit, "method": "cash", "reason": "goodwill", "now": NOW}
    give_back(**given, amount=2000, had=12000, by=desk)
    assert kinds() == [(1, "receipt", 12000), (2, "credit-note", -12000), (3, "receipt", 10000)]
    credit, second = Document.objects.get(number=2), Document.objects.get(number=3)
    assert (credit.reverses, credit.reason, credit.issued_by) == (first, "refunded", desk)
    assert (from_facts(second.facts).paid, from_facts(second.facts).balance) == (10000, 0)
    give_back(**given, amount=10000, had=10000, by=make_staff("manager"))
    assert kinds()[3:] == [(4, "credit-note", -10000)]
    ours = {"guards", "numbers-without-gaps", "receipts-for-visits"}
    assert [one for one in broken_promises(now=NOW) if one.name in ours] == []


def test_money_that_the_bank_left_with_the_cardholder_takes_the_receipt_back(visit: Appointment, desk: User) -> None:
    issue_receipt(appointment=visit, by=desk, now=NOW)
    payment = visit.payments.get()
    moves = {"payment": payment, "currency": visit.currency, "recorded_at": NOW, "method": "card"}
    LedgerEntry.objects.create(kind="disputed", amount=12000, reference="txn_1", **moves)
    assert correct_documents(appointment=visit, now=NOW) == []  # the bank has not decided
    LedgerEntry.objects.create(kind="dispute-lost", amount=12000, reference="dp_1", **moves)
    correct_documents(appointment=visit, now=NOW)
    assert kinds() == [(1, "receipt", 12000), (2, "credit-note", -12000)]
    assert Document.objects.get(number=2).reason == "refunded"


def test_a_visit_entered_by_mistake_takes_its_receipt_back(visit: Appointment, desk: User) -> None:
    issue_receipt(appointment=visit, by=desk, now=NOW)
    mark_entered_in_error(appointment=visit, by=desk, now=NOW)
    assert kinds() == [(1, "receipt", 12000), (2, "credit-note", -12000)]
    assert Document.objects.get(number=2).reason == "not-given"


def test_what_is_paid_later_makes_a_new_receipt(clinic: Clinic, patient: Patient, desk: User) -> None:
    visit = paid_visit(clinic, start=LAST_WEEK, patient=patient, paid=4000)
    issue_receipt(appointment=visit, by=desk, now=NOW)
    pay(visit, 8000, method="terminal")
    issue_receipt(appointment=visit, by=desk, now=NOW)
    assert kinds() == [(1, "receipt", 12000), (2, "credit-note", -12000), (3, "receipt", 12000)]
    assert Document.objects.get(number=2).reason == "changed"
    assert from_facts(Document.objects.get(number=3).facts).balance == 0


def test_correcting_what_is_true_does_nothing(visit: Appointment, desk: User) -> None:
    issue_receipt(appointment=visit, by=desk, now=NOW)
    assert correct_documents(appointment=visit, now=NOW) == []


def test_a_fee_has_a_document_of_its_own_and_is_no_treatment(clinic: Clinic, patient: Patient, desk: User) -> None:
    visit = make_appointment(clinic, start=LAST_WEEK, patient=patient, status="noshow")
    charge_fee(appointment=visit, amount=3000, now=NOW)
    with pytest.raises(NothingPaid):
        issue_fee_document(appointment=visit, by=desk, now=NOW)
    pay(visit, 3000)
    fee = issue_fee_document(appointment=visit, by=desk, now=NOW)
    assert from_facts(fee.facts) == Said(
        (Line("Fee for a missed visit", DAY, 3000),), (Paid("2026-11-23", "cash", 3000),)
    )
    assert (fee.kind, fee.facts["claimable"], "therapist" in fee.facts) == ("fee", False, False)
    with pytest.raises(NotReceiptable):
        issue_receipt(appointment=visit, by=desk, now=NOW)


def test_no_cent_of_a_late_change_stands_on_the_treatments_receipt(visit: Appointment, desk: User) -> None:
    payment = pay(visit, 1000)
    LedgerEntry.objects.create(
        payment=payment, kind="fee", amount=3000, currency="CAD", recorded_at=NOW, method="booked", reference="fee v1"
    )
    receipt = issue_receipt(appointment=visit, by=desk, now=NOW)
    fee = issue_fee_document(appointment=visit, by=desk, now=NOW)
    assert [(from_facts(one.facts).total, from_facts(one.facts).paid) for one in (receipt, fee)] == [
        (12000, 10000),
        (3000, 3000),
    ]
    assert [line["text"] for line in fee.facts["lines"]] == ["Fee for a late change"]


def test_a_credit_note_by_hand_once_and_by_the_desk_only(visit: Appointment, desk: User, patient: Patient) -> None:
    receipt = issue_receipt(appointment=visit, by=desk, now=NOW)
    for by in (patient.user, visit.practitioner.user):
        with pytest.raises(NotAllowed):
            issue_credit_note(document=receipt, by=by, now=NOW)
    credit = issue_credit_note(document=receipt, by=desk, now=NOW)
    for document in (receipt, credit):
        with pytest.raises(AlreadyCredited):
            issue_credit_note(document=document, by=desk, now=NOW)
    assert issue_receipt(appointment=visit, by=desk, now=NOW).number == 3


def test_copies_are_counted_and_the_first_is_the_original(visit: Appointment, desk: User, patient: Patient) -> None:
    receipt = issue_receipt(appointment=visit, by=desk, now=NOW)
    assert [take_copy(document=receipt, by=by, now=NOW).number for by in (patient.user, desk, patient.user)] == [
        1,
        2,
        3,
    ]
    assert AuditEvent.objects.filter(action="document-copied").count() == 3


def test_who_may(clinic: Clinic, visit: Appointment, patient: Patient) -> None:
    manager, owner, stranger = make_staff(Role.MANAGER), make_staff(Role.OWNER), make_user(Role.PATIENT)
    for by in (visit.practitioner.user, owner, stranger):
        with pytest.raises(NotAllowed):
            issue_receipt(appointment=visit, by=by, now=NOW)
    receipt = issue_receipt(appointment=visit, by=patient.user, now=NOW)
    assert issue_receipt(appointment=visit, by=manager, now=NOW) == receipt
    assert list(documents_of_user(patient.user)) == [receipt]
    patient.guardian_sees = Patient.GuardianSees.NOTHING
    patient.save()
    assert list(documents_of_user(patient.user)) == []
    for deed in (
        lambda: issue_receipt(appointment=Appointment.objects.get(pk=visit.pk), by=patient.user, now=NOW),
        lambda: take_copy(document=Document.objects.get(pk=receipt.pk), by=patient.user, now=NOW),
    ):
        with pytest.raises(NotAllowed):
            deed()


@pytest.mark.parametrize("change", [{"facts": {}}, {"number": 7}, {"claimant": "Somebody Else"}])
def test_the_database_lets_nobody_change_what_was_issued(
    visit: Appointment, desk: User, change: dict[str, Any]
) -> None:
    issue_receipt(appointment=visit, by=desk, now=NOW)
    with pytest.raises(ProgrammingError), transaction.atomic():
        Document.objects.update(**change)
    with pytest.raises(ProgrammingError), transaction.atomic():
        Document.objects.all().delete()


def test_an_erased_record_leaves_numbers_and_sums(visit: Appointment, desk: User, patient: Patient) -> None:
    receipt = issue_receipt(appointment=visit, by=desk, now=NOW)
    erase_record(patient=patient, by=None, now=NOW)
    after = Document.objects.get(pk=receipt.pk)
    assert (after.claimant, after.facts) == ("", receipt.facts)
    assert "Ada" not in str(after.facts)


def test_a_statement_lists_all_of_a_persons_days(
    clinic: Clinic, visit: Appointment, patient: Patient, desk: User
) -> None:
    receipt = issue_receipt(appointment=visit, by=desk, now=NOW)
    paid_visit(clinic, start=at(14, days=-6), patient=patient, paid=4000)
    missed = make_appointment(clinic, start=at(10, days=-5), patient=patient, status="noshow")
    charge_fee(appointment=missed, amount=3000, now=NOW)
    paid_visit(clinic, start=at(10, days=-20), patient=patient)  # before these days
    paid_visit(
        clinic, start=at(12, days=-6), patient=make_patient(now=NOW), practitioner=clinic.ben, room=clinic.rooms[1]
    )
    made = issue_statement(
        patient=patient, location=clinic.location, first=date(2026, 11, 17), last=date(2026, 11, 18), by=desk, now=NOW
    )
    rows = [(one["on"], one["number"], one["claimable"], one["total"], one["paid"]) for one in made.facts["entries"]]
    assert rows == [
        ("2026-11-17", receipt.number, True, 12000, 12000),
        ("2026-11-17", None, True, 12000, 4000),
        ("2026-11-18", None, False, 3000, 0),
    ]
    said = from_facts(made.facts)
    assert (said.total, said.paid, said.balance, made.facts["claimable"]) == (27000, 16000, 11000, False)


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(2026, 11, 2), date(2026, 11, 1)),
        (date(2026, 11, 1), date(2026, 11, 24)),
        (date(1999, 12, 31), date(2026, 11, 1)),
    ],
)
def test_a_statement_of_impossible_days(
    clinic: Clinic, visit: Appointment, desk: User, first: date, last: date
) -> None:
    assert visit.patient is not None
    with pytest.raises(PeriodInvalid):
        issue_statement(patient=visit.patient, location=clinic.location, first=first, last=last, by=desk, now=NOW)


def test_a_statement_of_nothing(clinic: Clinic, patient: Patient, desk: User) -> None:
    days = {"first": date(2026, 1, 1), "last": date(2026, 11, 1)}
    with pytest.raises(NothingInPeriod):
        issue_statement(patient=patient, location=clinic.location, by=desk, now=NOW, **days)
    assert kinds() == []


def test_what_could_have_a_receipt(clinic: Clinic, visit: Appointment, patient: Patient, desk: User) -> None:
    make_appointment(clinic, start=at(12), patient=patient)
    wanted = Appointment.objects.filter(patient=patient)
    assert papers_to_make(wanted) == [ToMake(visit, "receipt", replaces=False)]
    issue_receipt(appointment=visit, by=desk, now=NOW)
    assert papers_to_make(wanted) == []
    pay(visit, 500)
    assert papers_to_make(wanted) == [ToMake(visit, "receipt", replaces=True)]


def test_who_came_after_all_owes_no_fee_and_its_document_is_taken_back(
    clinic: Clinic, patient: Patient, desk: User
) -> None:
    visit = make_appointment(clinic, start=at(7, days=0), patient=patient, status="noshow")
    charge_fee(appointment=visit, amount=3000, now=NOW)
    pay(visit, 3000)
    issue_fee_document(appointment=visit, by=desk, now=NOW)
    mark_arrived(appointment=visit, by=desk, now=NOW)
    assert kinds() == [(1, "fee", 3000), (2, "credit-note", -3000)]


def test_a_fee_that_can_still_be_undone_has_no_document(clinic: Clinic, patient: Patient, desk: User) -> None:
    visit = paid_visit(
        clinic, start=at(12), patient=patient, paid=3000, status="cancelled", cancel_reason="patient",
        cancelled_at=NOW, cancel_settles_at=NOW + timedelta(minutes=3), cancel_fee_amount=3000, status_before="booked",
    )  # fmt: skip
    with pytest.raises(NothingPaid):
        issue_fee_document(appointment=visit, by=desk, now=NOW)

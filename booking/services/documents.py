"""Receipts, documents of fees, credit notes and statements: issued once, kept as they were, drawn again as copies.

Whatever is wrong on one is put right by a credit note, which says the same with every sum the other way, and a new
document. A treatment's receipt is for a visit that took place; a fee has a document of its own.
"""

from datetime import date, datetime
from typing import Any, Final

from django.db import transaction

from booking.errors import (
    AlreadyCredited,
    NothingInPeriod,
    NothingPaid,
    NotReceiptable,
    PeriodInvalid,
    RegistrationMissing,
)
from booking.models import Appointment, Document, DocumentCopy, Location, Package
from booking.reminders.of_money import announce_receipt
from booking.rules.receipts import Said, as_facts, correction_needed, from_facts, reversal_of
from booking.selectors.documents import may_have_papers_of, valid_documents_of
from booking.selectors.receipts import facts_of_visit, money_of, therapist_of
from booking.selectors.statements import facts_of_statement
from booking.services.constraints import named_constraints
from booking.services.document_numbers import take_number
from booking.services.locks import lock_appointment, lock_package
from intake.access import works_at_desk
from intake.clock import clinic_date
from intake.errors import NotAllowed
from intake.models import Patient, User
from intake.services.audit import record_event

Kind = Document.Kind
Reason = Document.Reason
EARLIEST: Final = date(2000, 1, 1)


def issue_receipt(*, appointment: Appointment, by: User, now: datetime) -> Document:
    """The receipt of a visit that took place: the one there is while it says what is true, else a new one.

    :raises NotAllowed: neither the patient's own account nor reception or a manager
    :raises NotReceiptable, NothingPaid, RegistrationMissing: nothing changed
    """
    return _issue_for_visit(appointment, Kind.RECEIPT, by, now)


def issue_fee_document(*, appointment: Appointment, by: User, now: datetime) -> Document:
    """The same for the fees of a visit, which are no treatment.

    :raises NotAllowed: neither the patient's own account nor reception or a manager
    :raises NothingPaid: there is no fee, or nothing was paid for it
    """
    return _issue_for_visit(appointment, Kind.FEE, by, now)


def issue_statement(
    *, patient: Patient, location: Location, first: date, last: date, by: User, now: datetime
) -> Document:
    """What a person's visits from `first` to `last` cost, what was paid for them, and in advance. Not for claims.

    :raises NotAllowed: neither the patient's own account nor reception or a manager
    :raises PeriodInvalid, NothingInPeriod: nothing changed
    """
    if patient.erased_at or not may_have_papers_of(patient, by):
        raise NotAllowed
    if not EARLIEST <= first <= last <= clinic_date(now):
        raise PeriodInvalid
    with named_constraints(), transaction.atomic(durable=True):
        found = facts_of_statement(patient=patient, location=location, first=first, last=last)
        if found is None:
            raise NothingInPeriod
        currency, facts = found
        return write_document(
            kind=Kind.STATEMENT, location=location, patient=patient, currency=currency, facts=facts, by=by, now=now
        )


def issue_credit_note(*, document: Document, reason: Reason = Reason.WRONG, by: User, now: datetime) -> Document:
    """Take a document back by one that says the opposite. Reception and managers.

    :raises NotAllowed: somebody else
    :raises AlreadyCredited: it is taken back already, or is a credit note or a statement
    """
    if not works_at_desk(by):
        raise NotAllowed
    with named_constraints(), transaction.atomic(durable=True):
        valid = valid_documents_of(_lock_subject(document)).filter(pk=document.pk).first()
        if valid is None:
            raise AlreadyCredited
        return reverse_document(valid, reason, by, now)


def _lock_subject(document: Document) -> Appointment | Package:
    if document.package is not None:
        return lock_package(document.package)
    if document.appointment is None:
        raise AlreadyCredited
    return lock_appointment(document.appointment)


def correct_documents(*, appointment: Appointment, by: User | None = None, now: datetime) -> list[Document]:
    """Take back what no longer says the truth about a locked visit, and issue anew what is left to say.

    For whoever gives money back, waives a fee, or finds that a visit did or did not take place; safe to call again.
    """
    documents = list(valid_documents_of(appointment))
    if not documents:
        return []
    money, written = money_of(appointment), list[Document]()
    for document in documents:
        said = money.of(document.kind)
        why = correction_needed(from_facts(document.facts), said)
        if why:
            written.append(reverse_document(document, Reason(why), by, now))
            if said is not None and said.paid > 0 and _may_carry_a_number(appointment, document.kind):
                written.append(_write_for_visit(appointment, Kind(document.kind), said, by, now))
    return written


def take_copy(*, document: Document, by: User, now: datetime) -> DocumentCopy:
    """Note that the document is drawn for somebody; number 1 is the original.

    :raises NotAllowed: neither the patient's own account nor reception or a manager
    """
    if not may_have_papers_of(document.patient, by):
        raise NotAllowed
    with named_constraints(), transaction.atomic(durable=True):
        locked = Document.objects.select_for_update(no_key=True).get(pk=document.pk)
        number = locked.copies.count() + 1
        record_event(
            action="document-copied", entity=locked, patient=document.patient, by=by, details={"copy": number}, now=now
        )
        return DocumentCopy.objects.create(document=locked, number=number, taken_at=now, taken_by=by)


def _issue_for_visit(appointment: Appointment, kind: Kind, by: User, now: datetime) -> Document:
    patient = appointment.patient
    if patient is None or patient.erased_at or not may_have_papers_of(patient, by):
        raise NotAllowed
    with named_constraints(), transaction.atomic(durable=True):
        visit = lock_appointment(appointment)
        said = _to_be_said(visit, kind)
        valid = valid_documents_of(visit).filter(kind=kind).first()
        if valid is not None:
            why = correction_needed(from_facts(valid.facts), said)
            if not why:
                return valid
            reverse_document(valid, Reason(why), by, now)
        return _write_for_visit(visit, kind, said, by, now)


def _to_be_said(visit: Appointment, kind: Kind) -> Said:
    said = money_of(visit).of(kind)
    if said is None:
        raise NotReceiptable if kind == Kind.RECEIPT else NothingPaid
    if said.paid <= 0:
        raise NothingPaid
    return said


def _write_for_visit(visit: Appointment, kind: Kind, said: Said, by: User | None, now: datetime) -> Document:
    assert visit.patient is not None
    if not _may_carry_a_number(visit, kind):
        raise RegistrationMissing
    written = write_document(
        kind=kind,
        location=visit.location,
        patient=visit.patient,
        appointment=visit,
        edition=visit.documents.filter(kind=kind).count(),
        currency=visit.currency,
        facts=facts_of_visit(visit=visit, kind=kind, said=said),
        by=by,
        now=now,
    )
    if by is None or works_at_desk(by):  # who makes it on their own page has it before them
        announce_receipt(appointment=visit, about=str(written.pk), now=now)
    return written


def _may_carry_a_number(visit: Appointment, kind: str) -> bool:
    return kind != Kind.RECEIPT or therapist_of(visit) is not None


def reverse_document(document: Document, reason: Reason, by: User | None, now: datetime) -> Document:
    """Write the credit note of a valid document, in the caller's transaction; its subject is locked."""
    opposite = as_facts(reversal_of(from_facts(document.facts)))
    return write_document(
        kind=Kind.CREDIT_NOTE,
        location=document.location,
        patient=document.patient,
        appointment=document.appointment,
        package=document.package,
        currency=document.currency,
        claimant=document.claimant,
        facts=document.facts | opposite | {"claimable": False},
        reverses=document,
        reason=reason,
        by=by,
        now=now,
    )


def write_document(*, patient: Patient, location: Location, by: User | None, now: datetime, **said: Any) -> Document:
    """Write a document with the clinic's next number, in the caller's transaction."""
    document = Document.objects.create(
        number=take_number(location),
        patient=patient,
        location=location,
        issued_at=now,
        issued_by=by,
        **{"claimant": str(patient)} | said,
    )
    record_event(
        action=f"{document.kind}-issued",
        entity=document,
        patient=patient,
        by=by,
        details={"number": document.number},
        now=now,
    )
    return document

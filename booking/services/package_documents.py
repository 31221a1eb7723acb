"""The receipt of a package, and its credit note when unused visits are given back. Never to be claimed."""

from datetime import datetime

from django.db import transaction

from booking.errors import NothingPaid
from booking.models import Document, Package
from booking.rules.receipts import correction_needed, from_facts
from booking.selectors.documents import may_have_papers_of, valid_documents_of
from booking.selectors.package_papers import facts_of_package, money_of_package
from booking.services.constraints import named_constraints
from booking.services.documents import reverse_document, write_document
from booking.services.locks import lock_package
from intake.errors import NotAllowed
from intake.models import User

Kind, Reason = Document.Kind, Document.Reason


def issue_package_receipt(*, package: Package, by: User, now: datetime) -> Document:
    """The receipt of a package: the one there is while it says what is true, else a new one.

    :raises NotAllowed: neither the patient's own account nor reception or a manager
    :raises NothingPaid: nothing was paid for it, or all was given back
    """
    if package.patient.erased_at or not may_have_papers_of(package.patient, by):
        raise NotAllowed
    with named_constraints(), transaction.atomic(durable=True):
        locked = lock_package(package)
        correct_package_documents(package=locked, by=by, now=now)
        valid = valid_documents_of(locked).first()
        if valid is not None:
            return valid
        if money_of_package(locked).paid <= 0:
            raise NothingPaid
        return _write(locked, by, now)


def correct_package_documents(*, package: Package, by: User | None = None, now: datetime) -> list[Document]:
    """Take back what no longer says the truth about a locked package, and issue anew what is left to say."""
    valid = valid_documents_of(package).first()
    if valid is None:
        return []
    said = money_of_package(package)
    why = correction_needed(from_facts(valid.facts), said)
    if not why:
        return []
    written = [reverse_document(valid, Reason(why), by, now)]
    return [*written, _write(package, by, now)] if said.paid > 0 else written


def _write(package: Package, by: User | None, now: datetime) -> Document:
    return write_document(
        kind=Kind.PACKAGE,
        location=package.location,
        patient=package.patient,
        package=package,
        edition=package.documents.filter(kind=Kind.PACKAGE).count(),
        currency=package.currency,
        facts=facts_of_package(package=package, said=money_of_package(package)),
        by=by,
        now=now,
    )

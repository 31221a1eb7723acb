"""Issued documents, always narrowed to who asks."""

from dataclasses import dataclass

from django.db.models import Count, QuerySet

from booking.models import Appointment, Document, DocumentCopy, Package
from booking.rules.receipts import correction_needed, from_facts
from booking.selectors.receipts import money_of_all, with_what_papers_need
from intake.access import works_at_desk
from intake.models import Patient, User

Kind = Document.Kind


def may_have_papers_of(patient: Patient, user: User | None) -> bool:
    """Reception, managers, and the account that acts for the patient unless it is shown nothing of them."""
    if works_at_desk(user):
        return True
    acts_for = user is not None and user.is_active and patient.user_id == user.pk
    return acts_for and patient.guardian_sees != Patient.GuardianSees.NOTHING


def all_documents() -> QuerySet[Document]:
    """Every document, for reception and managers."""
    return Document.objects.select_related("patient", "appointment", "package", "location", "reverses", "reversed_by")


def documents_of_user(user: User) -> QuerySet[Document]:
    """The documents of everybody whom this account may act for and see."""
    return all_documents().filter(patient__user=user).exclude(patient__guardian_sees=Patient.GuardianSees.NOTHING)


def people_of(user: User) -> list[Patient]:
    """Everybody whose papers this account may ask for."""
    mine = Patient.objects.filter(user=user, erased_at=None).exclude(guardian_sees=Patient.GuardianSees.NOTHING)
    return list(mine.order_by("given_name", "family_name", "pk"))


def listed(documents: QuerySet[Document]) -> QuerySet[Document]:
    """Documents as a list shows them, the latest first, each with `drawn`: how often it was."""
    return documents.annotate(drawn=Count("copies")).order_by("-issued_at", "-number")


def copies_of(documents: QuerySet[Document]) -> QuerySet[DocumentCopy]:
    """The copies that were drawn of these documents."""
    copies = DocumentCopy.objects.filter(document__in=documents.values("pk"))
    return copies.select_related("document__reverses", "document__location")


def valid_documents_of(subject: Appointment | Package) -> QuerySet[Document]:
    """The receipt and the fee's document of a visit, or a package's, that no credit note has taken back."""
    valid = subject.documents.filter(kind__in=[Kind.RECEIPT, Kind.FEE, Kind.PACKAGE], reversed_by=None)
    return valid.select_related("location", "patient", "appointment", "package")


@dataclass(frozen=True, slots=True)
class ToMake:
    """A visit that could have a paper of this kind; it has one that is no longer true if it `replaces` that."""

    visit: Appointment
    kind: str
    replaces: bool


def papers_to_make(visits: QuerySet[Appointment]) -> list[ToMake]:
    """Of these visits the paid ones whose receipt, or fee's document, is missing or no longer says what is true."""
    wanted = list(with_what_papers_need(visits))
    valid = Document.objects.filter(appointment__in=wanted, reversed_by=None)
    issued = {(one.appointment_id, one.kind): from_facts(one.facts) for one in valid}
    money, found = money_of_all(wanted), []
    for visit in wanted:
        for kind in (Kind.RECEIPT, Kind.FEE):
            said, before = money[visit.pk].of(kind), issued.get((visit.pk, kind))
            if said is not None and said.paid > 0 and (before is None or correction_needed(before, said)):
                found.append(ToMake(visit, str(kind), before is not None))
    return found

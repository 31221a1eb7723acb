"""Accounts of patients: made when their mailbox is about to be proven, never by signing up."""

from datetime import date, datetime

from django.db import transaction
from django.db.models import QuerySet

from intake.models import Patient, Role, User
from intake.services.audit import record_event
from intake.services.patients import verify_contact


def account_of_mailbox(*, email: str, now: datetime) -> User | None:
    """The account that signs in with this mailbox, if it is open; a new one if a patient's record names the mailbox.

    The new account opens nothing by itself: a contact is not an identity, so no record is tied to it here.
    """
    known = User.objects.filter(email__iexact=email).first()
    if known is not None:
        return known if known.is_active else None
    patient = Patient.objects.filter(email__iexact=email, erased_at=None).first()
    if patient is None:
        return None
    account = User(email=email.lower(), role=Role.PATIENT, language=patient.language)
    account.set_unusable_password()
    User.objects.bulk_create([account], ignore_conflicts=True)  # two requests at once make one account
    account = User.objects.get(email=email.lower())
    record_event(action="account-made", entity=account, role="anonymous", now=now)
    return account


def unclaimed_records(user: User) -> QuerySet[Patient]:
    """Records that name this account's mailbox and are tied to no account yet."""
    return Patient.objects.filter(email__iexact=user.email, user=None, erased_at=None)


@transaction.atomic
def claim_records(*, user: User, birth_date: date, now: datetime) -> int:
    """Tie the unclaimed records of this birth date to the account that has proven their mailbox; answers how many.

    Families share a mailbox, so the mailbox alone ties nothing. Count the guesses before calling.
    """
    records = unclaimed_records(user).filter(birth_date=birth_date).order_by("pk")
    return len([verify_contact(patient=record, user=user, now=now) for record in records])

"""Patients, always narrowed to who asks."""

import re
from datetime import datetime
from functools import reduce
from operator import and_

from django.db.models import Q, QuerySet

from intake.access import is_therapist, live_relations, works_at_desk
from intake.models import Patient, User

MAX_RESULTS = 50


def patients_of(user: User) -> QuerySet[Patient]:
    """The patients that this account may act for; not those whose therapist lets a parent see nothing."""
    mine = Patient.objects.filter(user=user, erased_at=None).exclude(guardian_sees=Patient.GuardianSees.NOTHING)
    return mine.order_by("created_at", "id")


def patients_visible_to(user: User, *, now: datetime) -> QuerySet[Patient]:
    """Contact data: the desk sees everybody's, a therapist those of a live care relation, others their own."""
    alive = Patient.objects.filter(erased_at=None)
    if works_at_desk(user):
        return alive
    if is_therapist(user):
        return alive.filter(pk__in=live_relations(now).filter(practitioner=user).values("patient"))
    return patients_of(user)


def search_patients(text: str, *, by: User, now: datetime) -> QuerySet[Patient]:
    """Up to 50 patients of whom every word is part of a name, the address or the phone number, or is the birth date.

    Names forgive typing: similar ones come after those that hold the words.
    """
    visible = patients_visible_to(by, now=now)
    words = text.replace("\0", "").split()[:8]
    if not words:
        return visible.none()
    return visible.filter(reduce(and_, map(_holds, words))).order_by("family_name", "given_name", "id")[:MAX_RESULTS]


def likely_matches(patient: Patient) -> QuerySet[Patient]:
    """Other records that may be the same person: two of birth date, name and contact are the same.

    For staff to look at; nothing is ever joined by itself.
    """
    same_name = Q(given_name__iexact=patient.given_name, family_name__iexact=patient.family_name)
    same_family = Q(family_name__iexact=patient.family_name)
    same_contact = Q(pk=None)
    if patient.email:
        same_contact |= Q(email__iexact=patient.email)
    if patient.phone:
        same_contact |= Q(phone=patient.phone)
    alike = same_name & same_contact
    if patient.birth_date:
        alike |= Q(birth_date=patient.birth_date) & (same_family | same_contact)
    return Patient.objects.filter(alike, erased_at=None).exclude(pk=patient.pk).order_by("created_at", "id")


def _holds(word: str) -> Q:
    found = Q(given_name__unaccent__icontains=word) | Q(family_name__unaccent__icontains=word)
    found |= Q(given_name__unaccent__trigram_word_similar=word) | Q(family_name__unaccent__trigram_word_similar=word)
    found |= Q(email__icontains=word)
    digits = re.sub(r"\D", "", word)
    if len(digits) >= 4 and not re.search(r"[^\d+()./-]", word):
        found |= Q(phone__contains=digits)
    if re.fullmatch(r"[12]\d{3}-[01]\d-[0-3]\d", word):
        found |= Q(birth_date__startswith=word)
    return found

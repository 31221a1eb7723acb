"""Keeping a record from being deleted: because of a complaint, a claim or an inquiry."""

from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from intake.access import manages
from intake.errors import InvalidAnswers, NotAllowed
from intake.models import Patient, RecordHold, User
from intake.services.audit import record_event

MAX_WHY: Final = 2000


def hold_record(*, patient: Patient, why: str, by: User, now: datetime) -> RecordHold:
    """Nothing of this record is deleted until somebody lifts the hold. Held already, it is the hold that stands.

    :raises NotAllowed: not a manager, or the record is erased
    :raises InvalidAnswers: nobody says why
    """
    _check(by, why)
    with transaction.atomic(durable=True):
        locked = _locked(patient)
        found = RecordHold.objects.filter(patient=locked, lifted_at=None).first()
        if found is not None:
            return found
        made = RecordHold.objects.create(patient=locked, placed_at=now, placed_by=by, content={"why": why.strip()})
        locked.kept_on_hold = True
        locked.save(update_fields=["kept_on_hold"])
        record_event(action="record-held", entity=made, patient=locked, by=by, now=now)
        return made


def lift_hold(*, patient: Patient, why: str, by: User, now: datetime) -> RecordHold:
    """The record follows the clinic's rule again. What was said when it was held stays.

    :raises NotAllowed: not a manager, the record is erased, or not held
    :raises InvalidAnswers: nobody says why
    """
    _check(by, why)
    with transaction.atomic(durable=True):
        locked = _locked(patient)
        hold = RecordHold.objects.filter(patient=locked, lifted_at=None).first()
        if hold is None:
            raise NotAllowed(_("This record is not held any more."))
        hold.lifted_at, hold.lifted_by = now, by
        hold.content = hold.content | {"why_lifted": why.strip()}
        hold.save()
        locked.kept_on_hold = False
        locked.save(update_fields=["kept_on_hold"])
        record_event(action="record-released", entity=hold, patient=locked, by=by, now=now)
        return hold


def _locked(patient: Patient) -> Patient:
    locked = Patient.objects.select_for_update().filter(pk=patient.pk, erased_at=None).first()
    if locked is None:
        raise NotAllowed
    return locked


def _check(by: User, why: str) -> None:
    if not manages(by):
        raise NotAllowed
    if not why.strip() or len(why) > MAX_WHY:
        raise InvalidAnswers(_("Please say why, in at most 2,000 characters."))

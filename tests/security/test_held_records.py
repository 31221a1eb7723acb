"""A record on hold is deleted by nobody: neither by our services nor by hand in SQL. How it is put on hold and let go
stands in the tests of incidents.
"""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction
from django.db.models import Model

from booking.models import Encounter, TreatmentRecord
from booking.services.retention import erase_record
from intake.errors import OnHold
from intake.models import Consent, Observation, Patient, PatientReply, QuestionnaireResponse, RecordHold
from intake.models.kept_on_hold import IS_HELD
from tests.factories.booking import NOW
from tests.security.house import House

pytestmark = pytest.mark.django_db
WHY = {"why": "A claim.", "text": "So.", "plan": ""}


@pytest.fixture
def record(house: House) -> House:
    """A patient of whom a row of every table of the record is there."""
    patient, anna = house.patient, house.clinic.anna.user
    QuestionnaireResponse.objects.filter(pk=house.screening.response_id).update(patient=patient)
    PatientReply.objects.create(question=house.screening.decisions.get(), content=WHY, replied_at=NOW)
    yes = Consent.objects.create(patient=patient, status="inactive", created_at=NOW, ended_at=NOW, content=WHY)
    begun = Encounter.objects.create(appointment=house.visit, started_at=NOW, started_by=anna)
    TreatmentRecord.objects.create(
        encounter=begun, needling="done", consent=yes, recorded_at=NOW, recorded_by=anna, content=WHY
    )
    Observation.objects.create(patient=patient, focus_id=uuid4(), effective_at=NOW, content=WHY)
    RecordHold.objects.create(
        patient=patient, placed_at=NOW, placed_by=anna, lifted_at=NOW, lifted_by=anna, content=WHY
    )
    return house


def kept_tables() -> Iterator[type[Model]]:
    for model in apps.get_models():
        if any(trigger.name == "kept_on_hold" for trigger in getattr(model._meta, "triggers", [])):
            yield model


def held_back(model: type[Model]) -> bool:
    """Whether a row of this table can't be deleted by hand because its record is on hold; nothing is deleted."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
            cursor.execute(f'DELETE FROM "{model._meta.db_table}"')
            assert cursor.rowcount > 0, model
            transaction.set_rollback(True)
    except IntegrityError as error:
        return error.__cause__.diag.constraint_name == IS_HELD  # type: ignore[union-attr]
    return False


def test_while_a_record_is_on_hold_no_row_of_it_is_deleted_by_hand(record: House) -> None:
    tables, patient = list(kept_tables()), Patient.objects.filter(pk=record.patient.pk)
    assert len(tables) == 14
    answers = []
    for on_hold in (False, True, False):
        patient.update(kept_on_hold=on_hold)
        answers.append({held_back(model) for model in tables})
    assert answers == [{False}, {True}, {False}]


def test_and_ours_say_that_it_is_on_hold_before_anything_is_deleted(record: House) -> None:
    Patient.objects.filter(pk=record.patient.pk).update(kept_on_hold=True)
    with pytest.raises(OnHold):
        erase_record(patient=record.patient, by=None, now=NOW)
    assert TreatmentRecord.objects.count() == 1

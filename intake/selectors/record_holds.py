"""Why a record is kept, opened for managers; that it was read is written down."""

from datetime import datetime

from intake.access import manages
from intake.errors import NotAllowed
from intake.models import Patient, RecordHold, User
from intake.selectors.audit import record_read


def holds_of(patient: Patient, *, by: User, now: datetime) -> list[RecordHold]:
    """Every hold there was, the newest first.

    :raises NotAllowed: not a manager
    """
    if not manages(by):
        raise NotAllowed
    found = list(RecordHold.objects.filter(patient=patient).select_related("placed_by", "lifted_by"))
    for hold in found:
        record_read(entity=hold, patient_id=patient.pk, by=by, now=now)
    return found

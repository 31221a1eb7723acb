"""Answers handed out whole, to whom they belong and to who cares for them."""

from datetime import datetime
from uuid import UUID

from intake.access import Somebody, can_see_answers
from intake.models import Screening, User
from intake.selectors.audit import record_read
from intake.selectors.screenings import CONTENT


def screening_to_export(screening_id: UUID, *, by: Somebody, now: datetime) -> Screening | None:
    """The screening if this account may see its answers, else None; that they were read is written down."""
    rows = Screening.objects.select_related("patient", "questionnaire", "response").defer(*CONTENT)
    found = rows.filter(pk=screening_id, patient__erased_at=None).first()
    if found is None or not isinstance(by, User) or not can_see_answers(by, found.patient, now):
        return None
    record_read(action="exported", entity=found, patient_id=found.patient_id, by=by, now=now)
    return found

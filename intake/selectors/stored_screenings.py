"""Stored screenings in numbers, without a name: read in batches, so that thousands fit into little memory."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from intake.models import Questionnaire, Screening
from intake.selectors.questionnaires import versions_of

BATCH: Final = 500
PERIODS: Final = (7, 30, 90)  # days


def screenings_of_last(days: int, *, now: datetime) -> Iterator[Screening]:
    """The screenings of the last days, the newest first, each with its version of the questions."""
    versions: dict[object, Questionnaire] = {}
    rows = Screening.objects.filter(evaluated_at__gt=now - timedelta(days=days), evaluated_at__lte=now)
    for row in rows.order_by("-evaluated_at", "id").iterator(chunk_size=BATCH):
        if row.questionnaire_id not in versions:
            versions[row.questionnaire_id] = versions_of().get(pk=row.questionnaire_id)
        row.questionnaire = versions[row.questionnaire_id]
        yield row

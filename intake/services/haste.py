"""Answers that came faster than their questions can be read: a note for the therapist, never a reason to refuse."""

from django.db import transaction

from intake.models import QuestionnaireResponse
from intake.selectors.screenings import CONTENT


@transaction.atomic
def note_haste(*, response: QuestionnaireResponse, page: str, seconds: float) -> None:
    """Keep with the form that this page of it was answered in so few seconds."""
    rows = QuestionnaireResponse.objects.select_for_update(of=("self",)).select_related("questionnaire")
    locked = rows.defer(*CONTENT).get(pk=response.pk)
    locked.haste = {**(locked.haste or {}), page: round(seconds, 1)}
    locked.save(update_fields=["haste"])

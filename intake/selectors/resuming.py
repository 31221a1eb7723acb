"""The form behind a link."""

from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from intake.models import QuestionnaireResponse
from intake.tokens import hash_token


def form_by_resume_token(token: str, *, now: datetime) -> QuestionnaireResponse | None:
    """The form that this link opens, while it is nobody's record and has not run out."""
    return _open_forms(now).filter(resume_token_hash=hash_token(token)).first() if token else None


def form_with_link(response_id: UUID, *, now: datetime) -> QuestionnaireResponse | None:
    """The same, once its link was opened in a browser that keeps the id."""
    return _open_forms(now).exclude(resume_token_hash="").filter(pk=response_id).first()


def _open_forms(now: datetime) -> QuerySet[QuestionnaireResponse]:
    return QuestionnaireResponse.objects.filter(patient=None, delete_after__gt=now)

"""Requests with an Idempotency-Key: the first answer is kept for a day and given again."""

from datetime import datetime, timedelta
from typing import Final, NamedTuple

from django.db import transaction
from django.db.models import QuerySet

from intake.errors import KeyReused, StillRunning
from intake.models import StoredAnswer
from intake.services.retention import ANSWERS_REPLAYED_FOR

# A process that was killed never answers: after this long (more than the web server lets a request live) the same
# request may be carried out again.
GIVEN_UP_AFTER: Final = timedelta(seconds=60)


class KeptAnswer(NamedTuple):
    """An answer as it was first given."""

    status: int
    body: str
    content_type: str


def claim_request(*, request_hash: str, body_hash: str, now: datetime) -> StoredAnswer | KeptAnswer:
    """The answer if there is one, else the claim to make it: finish it with `keep_answer` or `release_request`.

    :raises KeyReused: the key came with another body before
    :raises StillRunning: the first such request is being carried out right now
    """
    fresh = {"body_hash": body_hash, "created_at": now}
    row, is_first = StoredAnswer.objects.get_or_create(request_hash=request_hash, defaults=fresh)
    if is_first:
        return row
    is_forgotten = row.created_at <= now - ANSWERS_REPLAYED_FOR
    if row.body_hash != body_hash and not is_forgotten:
        raise KeyReused
    if row.status is not None and row.content is not None and not is_forgotten:
        return KeptAnswer(row.status, row.content["body"], row.content["content_type"])
    if not is_forgotten and row.created_at > now - GIVEN_UP_AFTER:
        raise StillRunning
    same = StoredAnswer.objects.filter(pk=row.pk, created_at=row.created_at, status=row.status)
    if not same.update(**fresh, status=None, content=None):
        raise StillRunning
    return StoredAnswer(pk=row.pk, request_hash=request_hash, **fresh)


@transaction.atomic
def keep_answer(*, claim: StoredAnswer, answer: KeptAnswer) -> None:
    """Keep the answer, unless somebody took the claim over because it took too long."""
    row = _running(claim).select_for_update().first()
    if row is not None:
        row.status, row.content = answer.status, {"body": answer.body, "content_type": answer.content_type}
        row.save(update_fields=["status", "content"])


def release_request(*, claim: StoredAnswer) -> None:
    """Give the claim up: nothing final came of it, so the same request may be tried again."""
    _running(claim).delete()


def _running(claim: StoredAnswer) -> QuerySet[StoredAnswer]:
    return StoredAnswer.objects.filter(pk=claim.pk, created_at=claim.created_at, status=None)

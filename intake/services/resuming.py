"""Going on with a form elsewhere: by a link that lives as long as the form, and takes it to another browser."""

from base64 import urlsafe_b64encode
from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils.crypto import salted_hmac

from intake.errors import NotAllowed
from intake.models import QuestionnaireResponse
from intake.selectors.screenings import CONTENT
from intake.services.audit import record_event
from intake.tokens import hash_token


def resume_token(response: QuestionnaireResponse) -> str:
    """256 bits that open this form elsewhere. Derived, so that the same form always has the same link."""
    secret = salted_hmac("intake.resume", str(response.pk), algorithm="sha256").digest()
    return urlsafe_b64encode(secret).decode().rstrip("=")


@transaction.atomic
def make_resume_link(*, response: QuestionnaireResponse, person: Mapping[str, str], now: datetime) -> str:
    """Let the form be opened by its link, and answer the link's token; stored is its hash.

    `person` is what only this browser knows: who comes, the birth date, the visit that waits for the form.

    :raises NotAllowed: a visit rests on these answers already, or they are about to be deleted
    """
    locked = _locked(response, now)
    token = resume_token(locked)
    locked.resume_token_hash, locked.resume_person = hash_token(token), dict(person)
    locked.save(update_fields=["resume_token_hash", "resume_person"])
    record_event(action="link-made", entity=locked, role="anonymous", now=now)
    return token


def keep_person_up_to_date(*, response: QuestionnaireResponse, person: Mapping[str, str], now: datetime) -> None:
    """Who comes was said anew: a link made before asks for the new birth date."""
    if response.resume_token_hash and response.resume_person != dict(person):
        make_resume_link(response=response, person=person, now=now)


@transaction.atomic
def resume_elsewhere(*, response: QuestionnaireResponse, session_hash: str, now: datetime) -> QuestionnaireResponse:
    """Take the form along to another browser session. What was answered in the earlier ones still counts.

    :raises NotAllowed: a visit rests on these answers already, or they are about to be deleted
    """
    locked = _locked(response, now)
    if locked.session_hash == session_hash:
        return locked
    earlier = [one for one in locked.earlier_session_hashes if one != session_hash]
    locked.earlier_session_hashes = [*earlier, locked.session_hash]
    locked.session_hash = session_hash
    locked.save(update_fields=["session_hash", "earlier_session_hashes"])
    record_event(action="resumed", entity=locked, role="anonymous", now=now)
    return locked


def _locked(response: QuestionnaireResponse, now: datetime) -> QuestionnaireResponse:
    rows = QuestionnaireResponse.objects.select_for_update(of=("self",)).select_related("questionnaire")
    locked = rows.defer(*CONTENT).filter(pk=response.pk, patient=None, delete_after__gt=now).first()
    if locked is None:
        raise NotAllowed
    return locked

"""Publishing a version of the questions and their rules."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection, transaction

from intake.errors import DraftChanged, NotPublishable, SignedVersionInForce
from intake.models import Questionnaire, User
from intake.rules.definitions import parse_questionnaire
from intake.rules.safety import safety_problems
from intake.selectors.questionnaire_drafts import CONTENT, content_hash
from intake.selectors.questionnaires import SLUG, versions_of
from intake.services.audit import record_event


class Signature(NamedTuple):
    """The registered clinician who answers for a version: with which body, under which number, and for which words."""

    name: str
    registration: str
    body: str
    statement: str


@transaction.atomic
def publish_questionnaire(
    *, items: list[dict[str, Any]], rules: dict[str, Any], config: dict[str, Any], by: User | None, now: datetime
) -> Questionnaire:
    """Publish shipped data as a draft, or return the version in force if nothing differs.

    `config` replaces defaults of clinic_config.

    :raises QuestionnaireError: the data, or a setting, is malformed
    :raises NotPublishable: somebody could pass who was not asked, or was not sure
    :raises SignedVersionInForce: the clinic has signed a version, which nothing but another signature replaces
    """
    parsed = parse_questionnaire(items, rules, config_overrides=config)
    problems = safety_problems(parsed)
    if problems:
        raise NotPublishable(problems=problems)
    hashed = content_hash({"items": items, "rules": rules, "config": config})
    latest, number = _next_in_line()
    if latest and latest.is_signed:
        raise SignedVersionInForce
    if latest and latest.content_hash == hashed:
        return latest
    made = Questionnaire.objects.create(
        slug=SLUG,
        version=f"{parsed.version}+{number}",
        rules_version=parsed.version,
        shipped_version=parsed.version,
        items=items,
        rules=rules,
        config=config,
        content_hash=hashed,
        published_at=now,
        published_by=by,
    )
    record_event(action="published", entity=made, by=by, now=now)
    return made


@transaction.atomic
def publish_signed(
    *, copy: Questionnaire, signature: Signature, instead_of: str, by: User, now: datetime
) -> Questionnaire:
    """Publish a checked working copy (see `as_published`) under a clinician's signature.

    Its version is that of the shipped data without "draft", and a number of the clinic's own. It is in force at once,
    even if the clock of this machine is behind that of the one that published before.

    :raises DraftChanged: the version in force is not the one (its id) that the signer has compared it with
    """
    latest, number = _next_in_line()
    if latest is None or str(latest.pk) != instead_of:
        raise DraftChanged
    version = f"{copy.shipped_version.removesuffix('-draft')}-clinic.{number}"
    status = f"Signed by {signature.name}, {signature.registration}, {signature.body}"
    made = Questionnaire.objects.create(
        **{name: getattr(copy, name) for name in CONTENT if name != "rules"},
        rules={**copy.rules, "rules_version": version, "status": status},
        slug=copy.slug,
        version=version,
        rules_version=version,
        shipped_version=copy.shipped_version,
        content_hash=copy.content_hash,
        published_at=max(now, latest.published_at + timedelta(microseconds=1)),
        published_by=by,
        signed_name=signature.name,
        signed_registration=signature.registration,
        signed_body=signature.body,
        signed_statement=signature.statement,
        signed_at=now,
    )
    record_event(action="published", entity=made, by=by, details={"version": version, "signed": True}, now=now)
    return made


def _next_in_line() -> tuple[Questionnaire | None, int]:
    """The version in force and the number of the next, for us alone: two machines that start together publish once."""
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE intake_questionnaire IN SHARE ROW EXCLUSIVE MODE")
    published = versions_of()
    return published.first(), published.count() + 1

"""Publishing a version of the questions and their rules."""

import hashlib
import json
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from intake.models import Questionnaire, User
from intake.rules.definitions import parse_questionnaire
from intake.selectors.questionnaires import SLUG
from intake.services.audit import record_event


@transaction.atomic
def publish_questionnaire(
    *, items: list[dict[str, Any]], rules: dict[str, Any], config: dict[str, Any], by: User | None, now: datetime
) -> Questionnaire:
    """Publish a version, or return the one in force if nothing differs. `config` replaces defaults of clinic_config.

    :raises QuestionnaireError: the data, or a setting, is malformed
    """
    parsed = parse_questionnaire(items, rules, config_overrides=config)
    content_hash = _hash({"items": items, "rules": rules, "config": config})
    with connection.cursor() as cursor:  # two machines that start together publish once
        cursor.execute("LOCK TABLE intake_questionnaire IN SHARE ROW EXCLUSIVE MODE")
    published = Questionnaire.objects.filter(slug=SLUG).order_by("-published_at", "-version")
    latest = published.first()
    if latest and latest.content_hash == content_hash:
        return latest
    made = Questionnaire.objects.create(
        slug=SLUG,
        version=f"{parsed.version}+{published.count() + 1}",
        rules_version=parsed.version,
        items=items,
        rules=rules,
        config=config,
        content_hash=content_hash,
        published_at=now,
        published_by=by,
    )
    record_event(action="published", entity=made, by=by, now=now)
    return made


def _hash(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()

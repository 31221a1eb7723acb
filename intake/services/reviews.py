"""A therapist's decision about a form."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from intake.access import cares_for
from intake.errors import InvalidAnswers, NotAllowed
from intake.models import Outcome, Screening, ScreeningDecision, User
from intake.services.audit import record_event
from intake.signals import screening_decided

MAX_REASON = 2000


@transaction.atomic
def record_decision(
    *,
    screening: Screening,
    decision: str,
    reason: str,
    regions: Sequence[str] = (),
    conditions: str = "",
    valid_until: datetime | None = None,
    by: User,
    now: datetime,
) -> ScreeningDecision:
    """Write down what a therapist decided ("approved" or "declined") and why; joins the caller's transaction.

    `regions` are those that may be needled of a form whose regions were excluded. An approval holds until
    `valid_until`, by default as long as the answers do.

    :raises NotAllowed: not a therapist who cares for this patient, or an approval against a STOP or an urgent sign
    :raises InvalidAnswers: no reason, a region that was not asked about, or an end that is past or beyond the answers'
    """
    if screening.patient is None or not cares_for(by, screening.patient, now):
        raise NotAllowed
    approves = decision == ScreeningDecision.Decision.APPROVED
    if approves and (screening.outcome == Outcome.STOP or screening.urgent):
        raise NotAllowed(_("Answers that rule out needling can't be approved. A visit without needles is possible."))
    _check(screening, decision, reason, regions, conditions, valid_until, now)
    made = ScreeningDecision.objects.create(
        screening=screening,
        decision=decision,
        decided_by=by,
        decided_at=now,
        content={"reason": reason.strip(), "regions": list(regions), "conditions": conditions.strip()},
        valid_until=(valid_until or screening.valid_until) if approves else None,
    )
    record_event(action=decision, entity=screening, patient=screening.patient, by=by, now=now)
    screening_decided.send(sender=Screening, screening=screening, decision=made, now=now)
    return made


def _check(
    screening: Screening,
    decision: str,
    reason: str,
    regions: Sequence[str],
    conditions: str,
    valid_until: datetime | None,
    now: datetime,
) -> None:
    if decision not in ScreeningDecision.Decision.values:
        raise InvalidAnswers(_("Please approve or decline."))
    if not reason.strip() or max(len(reason), len(conditions)) > MAX_REASON:
        raise InvalidAnswers(_("Please give a reason (up to 2,000 characters)."))
    if not set(regions) <= set(screening.result["line"]["context"]["regions"]):
        raise InvalidAnswers(_("Please choose only regions that the patient named."))
    if valid_until is not None and not now < valid_until <= screening.valid_until:
        raise InvalidAnswers(_("Please choose an end that lies ahead and within the time the answers hold."))

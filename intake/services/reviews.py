"""A therapist's decision about a form, a question to the patient, and the patient's reply."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from intake.access import cares_for
from intake.errors import InvalidAnswers, NotAllowed
from intake.models import Outcome, PatientReply, Screening, ScreeningDecision, User
from intake.rules.decisions import ALLOWING, MAX_VISITS, OFFERS, can_be_stored
from intake.selectors.decisions import open_question, regions_asked_about
from intake.services.audit import record_event
from intake.signals import screening_decided

MAX_REASON = 2000
MAX_QUESTIONS = 5
_Decision = ScreeningDecision.Decision


@transaction.atomic
def record_decision(
    *,
    screening: Screening,
    decision: str,
    reason: str,
    regions: Sequence[str] = (),
    excluded: Sequence[str] = (),
    conditions: str = "",
    visits: int | None = None,
    offered: Sequence[str] = (),
    valid_until: datetime | None = None,
    by: User,
    now: datetime,
) -> ScreeningDecision:
    """Write down what a therapist decided ("approved", "lowered", "declined" or "raised") and why; joins the caller's
    transaction.

    `regions` are those that may be needled although the answers exclude them, `excluded` those that the therapist
    leaves out besides. A yes holds for `visits` (any number without it) and until `valid_until`, by default as long as
    the answers do. `offered`: what the patient gets instead of needling.

    :raises NotAllowed: not a therapist who cares for this patient; a yes against a STOP or an urgent sign; a change of
        answers that no therapist needs to decide about
    :raises InvalidAnswers: no reason, a region that was not asked about, none left, or an end that is past or beyond
        the answers'
    """
    if screening.patient is None or not cares_for(by, screening.patient, now):
        raise NotAllowed
    allows = decision in ALLOWING
    _check_direction(screening, decision)
    _check(screening, decision, reason, regions, excluded, conditions, now)
    _check_reach(screening, visits, offered, valid_until, now)
    made = _write(
        screening,
        decision,
        {
            "reason": reason.strip(),
            "regions": list(regions),
            "excluded": list(excluded) if allows else [],
            "conditions": conditions.strip(),
            "visits": visits if allows else None,
            "offered": [] if allows else list(offered),
        },
        valid_until=(valid_until or screening.valid_until) if allows else None,
        by=by,
        now=now,
    )
    if decision == _Decision.RAISED:
        screening.raised_at = now
        screening.save(update_fields=["raised_at"])
    return made


@transaction.atomic
def record_question(*, screening: Screening, question: str, by: User, now: datetime) -> ScreeningDecision:
    """Write down what a therapist asks the patient; it decides nothing. Joins the caller's transaction.

    :raises NotAllowed: not a therapist who cares for this patient
    :raises InvalidAnswers: no question, too long, one is open already, or five were asked
    """
    if screening.patient is None or not cares_for(by, screening.patient, now):
        raise NotAllowed
    _check_text(question, _("Please write a question (up to 2,000 characters)."))
    if open_question(screening) is not None:
        raise InvalidAnswers(_("The patient has not answered the last question yet."))
    if screening.decisions.filter(decision=_Decision.ASKED).count() >= MAX_QUESTIONS:
        raise InvalidAnswers(_("Five questions were asked. Please call the patient."))
    return _write(screening, _Decision.ASKED, {"question": question.strip()}, by=by, now=now)


@transaction.atomic
def record_reply(*, question: ScreeningDecision, text: str, by: User | None, now: datetime) -> PatientReply:
    """Write down what the patient answers. Without `by` it is whoever holds the link. Joins the caller's transaction.

    :raises InvalidAnswers: no text, too long, or answered already
    """
    _check_text(text, _("Please write an answer (up to 2,000 characters)."))
    if question.decision != _Decision.ASKED or PatientReply.objects.filter(question=question).exists():
        raise InvalidAnswers(_("This question is answered already."))
    made = PatientReply.objects.create(question=question, content={"text": text.strip()}, replied_at=now)
    screening = question.screening
    role = by.role if by else "patient"
    record_event(action="replied", entity=screening, patient=screening.patient, by=by, role=role, now=now)
    return made


def _write(
    screening: Screening,
    decision: str,
    content: dict[str, Any],
    *,
    valid_until: datetime | None = None,
    by: User,
    now: datetime,
) -> ScreeningDecision:
    made = ScreeningDecision.objects.create(
        screening=screening, decision=decision, decided_by=by, decided_at=now, content=content, valid_until=valid_until
    )
    record_event(action=decision, entity=screening, patient=screening.patient, by=by, now=now)
    screening_decided.send(sender=Screening, screening=screening, decision=made, now=now)
    return made


def _check_direction(screening: Screening, decision: str) -> None:
    """Only a REVIEW is decided about: a yes is never said to a STOP or an urgent sign, a raise never undone."""
    if decision in ALLOWING and (screening.effective_outcome == Outcome.STOP or screening.urgent):
        raise NotAllowed(_("Answers that rule out needling can't be approved. A visit without needles is possible."))
    if decision in (_Decision.LOWERED, _Decision.RAISED) and screening.effective_outcome != Outcome.REVIEW:
        raise NotAllowed(_("Only answers that a therapist decides about can be lowered or raised."))


def _check(
    screening: Screening,
    decision: str,
    reason: str,
    regions: Sequence[str],
    excluded: Sequence[str],
    conditions: str,
    now: datetime,
) -> None:
    asked = set(regions_asked_about(screening))
    if decision not in _Decision.values or decision == _Decision.ASKED:
        raise InvalidAnswers(_("Please approve or decline."))
    _check_text(reason, _("Please give a reason (up to 2,000 characters)."))
    if conditions.strip():
        _check_text(conditions, _("Please keep the conditions to 2,000 characters."))
    if not set(regions) <= asked or not set(excluded) <= asked or set(regions) & set(excluded):
        raise InvalidAnswers(_("Please choose only regions that the patient named."))
    if decision in ALLOWING and excluded and set(excluded) >= asked:
        raise InvalidAnswers(_("Please leave at least one region, or decline."))


def _check_reach(
    screening: Screening,
    visits: int | None,
    offered: Sequence[str],
    valid_until: datetime | None,
    now: datetime,
) -> None:
    if valid_until is not None and not now < valid_until <= screening.valid_until:
        raise InvalidAnswers(_("Please choose an end that lies ahead and within the time the answers hold."))
    if visits is not None and not 1 <= visits <= MAX_VISITS:
        raise InvalidAnswers(_("Please choose 1 to 20 visits."))
    if not set(offered) <= set(OFFERS):
        raise InvalidAnswers(_("Please choose from what can be offered."))


def _check_text(text: str, complaint: Any) -> None:
    if not text.strip() or len(text) > MAX_REASON or not can_be_stored(text):
        raise InvalidAnswers(complaint)

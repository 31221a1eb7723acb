"""What is written already takes another way: when somebody changes how to be reached, or an address fails."""

from collections import defaultdict
from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_noop

from booking.reminders.models import Communication
from booking.reminders.settings import messages_of
from booking.reminders.ways import WHY_NOT, Reach, Way, WhyNot, reach_of
from booking.rules.kinds import KINDS
from intake.models import Patient

OTHER_WAY = gettext_noop("It goes by another way.")

Status = Communication.Status
TO_ONE_NUMBER = [kind.code for kind in KINDS.values() if kind.of == "text"]  # what answers a text goes nowhere else


def replan_ways(*, patient: Patient, now: datetime) -> None:
    """Let what waits for a patient go by the ways that hold now. What can go by none says why at once, so that somebody
    can call in time; if there is a way again before it is stale, it waits again.
    """
    reach = reach_of(patient)
    without_way = Q(status=Status.NOT_DONE, status_reason__in=WHY_NOT, not_after__gt=now, maybe_sent_at=None)
    rows_of = Communication.objects.filter(patient=patient).select_related("appointment__location")
    waiting = rows_of.filter(Q(status=Status.PREPARATION) | without_way).exclude(kind__in=TO_ONE_NUMBER)
    messages: dict[tuple[str, ...], list[Communication]] = defaultdict(list)
    for row in waiting:
        messages[_without_channel(row)].append(row)
    for rows in messages.values():
        _replan(rows, reach, now)


def send_another_way(*, communication: Communication, now: datetime) -> None:
    """Send a message that came back by another channel, if there is one and it is still of use."""
    if communication.patient is None or communication.not_after <= now or communication.kind in TO_ONE_NUMBER:
        return
    ways = _ways(communication, reach_of(communication.patient))
    siblings = [_sibling(communication, way, due_at=now, now=now) for way in ways]
    Communication.objects.bulk_create(
        [one for one in siblings if one.channel != communication.channel], ignore_conflicts=True
    )


def _replan(rows: list[Communication], reach: Reach, now: datetime) -> None:
    ways = _ways(rows[0], reach)
    if not ways:
        for row in rows:
            _waiting([row]).update(status=Status.NOT_DONE, status_reason=_why_not(row, reach))
        return
    siblings = [_sibling(rows[0], way, due_at=rows[0].due_at, now=now) for way in ways]
    left_before = Communication.objects.filter(dedupe_key__in=[one.dedupe_key for one in siblings])
    left_before = left_before.filter(
        Q(status=Status.STOPPED, status_reason=OTHER_WAY) | Q(status=Status.NOT_DONE, status_reason__in=WHY_NOT)
    )
    left_before.update(status=Status.PREPARATION, status_reason="")
    Communication.objects.bulk_create(siblings, ignore_conflicts=True)
    gone = [row for row in rows if row.channel not in {way.channel for way in ways}]
    _waiting(gone).update(status=Status.STOPPED, status_reason=OTHER_WAY)


def _waiting(rows: list[Communication]) -> QuerySet[Communication]:
    """Those of them that still wait, and were not handed over without an answer."""
    names = [row.pk for row in rows]
    return Communication.objects.filter(pk__in=names, status=Status.PREPARATION, maybe_sent_at=None)


def _why_not(row: Communication, reach: Reach) -> str:
    way = reach.by[row.channel]
    return way.words if isinstance(way, WhyNot) else OTHER_WAY


def _ways(row: Communication, reach: Reach) -> list[Way]:
    clinic = messages_of(row.appointment.location if row.appointment else None)
    return [way for way in reach.ways_of(row.kind, channels=clinic.channels(row.kind)) if isinstance(way, Way)]


def _without_channel(row: Communication) -> tuple[str, ...]:
    subject, kind, _channel, *rest = row.dedupe_key.split(":")
    return (subject, kind, *rest)


def _sibling(row: Communication, way: Way, *, due_at: datetime, now: datetime) -> Communication:
    """The same message by another way, unsaved."""
    subject, kind, _channel, *rest = row.dedupe_key.split(":")
    return Communication(
        dedupe_key=":".join((subject, kind, way.channel, *rest)),
        kind=row.kind,
        channel=way.channel,
        appointment=row.appointment,
        patient=row.patient,
        schedule_version=row.schedule_version,
        recipient=way.address,
        language=row.language,
        content=row.content,
        created_at=now,
        due_at=due_at,
        not_after=row.not_after,
    )

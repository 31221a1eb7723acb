"""Complaints and incidents: who may see which, what is due, and how often something happens."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Case, Count, DateField, F, OuterRef, Q, QuerySet, Subquery, Value, When

from booking.models import Appointment, Incident, IncidentEntry, Location, TreatmentRecord
from booking.rules.walltime import start_of_day
from intake.access import live_relations, manages
from intake.errors import NotAllowed
from intake.models import User
from intake.selectors.audit import record_read

FAR = date(9999, 12, 31)


@dataclass(frozen=True, slots=True)
class Entry:
    """One step of the history, opened."""

    entry: IncidentEntry
    words: str


@dataclass(frozen=True, slots=True)
class Rate:
    """How many of one severity, and how many that is in a thousand sessions with needles; None without a session."""

    severity: str
    count: int
    per_thousand: float | None


@dataclass(frozen=True, slots=True)
class Register:
    """Incidents of a period over the sessions with needles in it; `whose` is empty for the whole clinic."""

    whose: str
    sessions: int
    rates: tuple[Rate, ...]


def incidents_visible_to(user: User, *, now: datetime) -> QuerySet[Incident]:
    """Managers see all; others what they logged themselves; a therapist also those of patients whom they care for.
    Open ones first, and what is due first of them.
    """
    found = Incident.objects.select_related(
        "appointment__patient", "appointment__practitioner", "logged_by", "closed_by"
    )
    if not manages(user):
        cared_for = live_relations(now).filter(practitioner=user).values("patient")
        found = found.filter(Q(logged_by=user) | Q(appointment__patient__in=cared_for))
    far = Value(FAR, output_field=DateField())
    due = Case(When(closed_at=None, reply_due_date__isnull=False, then=F("reply_due_date")), default=far)
    return found.annotate(due=due, is_open=Q(closed_at=None)).order_by("-is_open", "due", "-logged_at", "pk")


def replies_due(*, by: User, today: date, now: datetime) -> int:
    """To how many somebody is owed an answer by today, or since."""
    return incidents_visible_to(by, now=now).filter(closed_at=None, reply_due_date__lte=today).count()


def history_of(*, incident: Incident, by: User, now: datetime) -> list[Entry]:
    """What was written, the first first, opened; that it was read is written down.

    :raises NotAllowed: it is not theirs to see
    """
    if not incidents_visible_to(by, now=now).filter(pk=incident.pk).exists():
        raise NotAllowed
    record_read(entity=incident, patient_id=incident.appointment.patient_id, by=by, now=now)
    return [Entry(one, one.content["words"]) for one in incident.entries.select_related("made_by")]


def register_of(location: Location, *, from_date: date, to_date: date, each_therapist: bool = False) -> list[Register]:
    """How often something happened, over sessions in which needles were used or nobody wrote down that none were.

    Both days are of the clinic's clock and inclusive. The clinic first, then each therapist by name.
    """
    first = start_of_day(from_date, location.time_zone)
    end = start_of_day(to_date + timedelta(days=1), location.time_zone)
    sessions = _sessions(location, first, end)
    incidents = Incident.objects.filter(
        kind=Incident.Kind.INCIDENT, appointment__location=location, happened_at__gte=first, happened_at__lt=end
    )
    counted = _by(incidents.values_list("appointment__practitioner", "severity").annotate(n=Count("pk")))
    of_each = dict(sessions.values_list("practitioner").annotate(n=Count("pk")).order_by())
    everybody = [_register("", sum(of_each.values()), list(counted.values()))]
    if not each_therapist:
        return everybody
    names = _names(location, {*of_each, *counted})
    return everybody + [_register(name, of_each.get(pk, 0), [counted.get(pk, {})]) for pk, name in names]


def _sessions(location: Location, first: datetime, end: datetime) -> QuerySet[Appointment]:
    """Visits with needles that took place; not those whose latest record says that there was no needling."""
    found = Appointment.objects.filter(
        location=location, status=Appointment.Status.FULFILLED, start__gte=first, start__lt=end
    ).exclude(service__modality="none")
    records = TreatmentRecord.objects.filter(encounter__appointment=OuterRef("pk")).order_by("-recorded_at", "-pk")
    not_needled = Q(needling=TreatmentRecord.Needling.NONE, needling__isnull=False)
    return found.annotate(needling=Subquery(records.values("needling")[:1])).exclude(not_needled)


def _by(rows: QuerySet[Incident, tuple[UUID, str, int]]) -> dict[UUID, dict[str, int]]:
    counted: dict[UUID, dict[str, int]] = {}
    for practitioner, severity, number in rows.order_by():
        counted.setdefault(practitioner, {})[severity] = number
    return counted


def _register(whose: str, sessions: int, counted: list[dict[str, int]]) -> Register:
    rates = []
    for severity in Incident.Severity.values:
        number = sum(one.get(severity, 0) for one in counted)
        rates.append(Rate(severity, number, round(number * 1000 / sessions, 1) if sessions else None))
    return Register(whose, sessions, tuple(rates))


def _names(location: Location, practitioners: set[UUID]) -> list[tuple[UUID, str]]:
    found = Appointment.objects.filter(practitioner__in=practitioners).values_list("practitioner", "practitioner__name")
    return sorted(set(found), key=lambda one: (one[1], one[0].hex))

"""The log of messages: where each stands and why one was not sent, narrowed to who asks. The words are the page's."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from booking.models import Appointment, Location
from booking.reminders.again import may_be_sent_again
from booking.reminders.models import Communication, DeliveryReport
from booking.reminders.settings import messages_of
from booking.rules.kinds import KINDS, MARKETING
from booking.rules.walltime import start_of_day
from booking.selectors.appointments import appointments_visible_to
from intake.access import is_therapist, works_at_desk
from intake.models import Patient, User
from intake.selectors.patients import patients_visible_to, search_patients

Status = Communication.Status
What = DeliveryReport.What


class State(StrEnum):
    """Where a message stands. The last word is the provider's: what came back was sent, and did not arrive."""

    PLANNED = "planned"  # for a moment to come
    WAITING = "waiting"  # due, and not sent yet
    SENT = "sent"  # handed over; nobody said what became of it
    DELIVERED = "delivered"
    RETURNED = "returned"
    COMPLAINED = "complained"  # its reader called it unwanted
    NOT_SENT = "not-sent"
    STOPPED = "stopped"


# Which reports say so; of two, the one that stands further up counts.
_REPORTED = (
    (State.COMPLAINED, (What.COMPLAINED,)),
    (State.RETURNED, (What.BOUNCED, What.FAILED)),
    (State.DELIVERED, (What.DELIVERED,)),
)
_ENDED = {Status.NOT_DONE: State.NOT_SENT, Status.STOPPED: State.STOPPED}
_OPEN = (Status.PREPARATION, Status.IN_PROGRESS)


@dataclass(frozen=True, slots=True)
class Logged:
    """A message, where it stands, the report that says so (if one does), and whether it can be sent once more."""

    message: Communication
    state: State
    report: DeliveryReport | None = None
    may_resend: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which messages are asked for; what is empty says nothing. `day` is a day on the clinic's clock; without one they
    are those whose moment has come, or with `coming` the others.
    """

    kind: str = ""
    state: str = ""
    channel: str = ""
    person: str = ""
    patient: UUID | None = None
    day: date | None = None
    coming: bool = False

    @property
    def is_ahead(self) -> bool:
        """Whether only what is to come is asked for; what is planned always is."""
        return self.day is None and (self.coming or self.state == State.PLANNED)


def messages_visible_to(user: User, *, now: datetime) -> QuerySet[Communication]:
    """The desk sees every message, a therapist what was written to their patients and to themselves."""
    if works_at_desk(user):
        return Communication.objects.all()
    if not is_therapist(user):
        return Communication.objects.none()
    of_visits = Q(appointment__in=appointments_visible_to(user, now=now).values("pk"))
    of_patients = Q(patient__in=patients_visible_to(user, now=now).values("pk"))
    return Communication.objects.filter(of_visits | of_patients | Q(recipient__iexact=user.email))


def messages_like(wanted: Wanted, *, zone: str, by: User, now: datetime) -> QuerySet[Communication]:
    """The messages asked for: what is to come in its order, all else with the latest first."""
    rows = messages_visible_to(by, now=now)
    if wanted.kind:
        rows = rows.filter(Q(kind=wanted.kind) | Q(kind__startswith=f"{wanted.kind}-", kind__regex=r"-\d+$"))
    elif not wanted.person:
        rows = rows.exclude(kind__in=MARKETING)  # thousands of one story; its own page counts them
    if wanted.channel:
        rows = rows.filter(channel=wanted.channel)
    if wanted.person:
        people = search_patients(wanted.person, by=by, now=now).values("pk")
        rows = rows.filter(Q(patient__in=people) | Q(recipient__iexact=wanted.person))
    if wanted.patient:
        rows = rows.filter(patient=wanted.patient)
    if wanted.day:
        tomorrow = start_of_day(wanted.day + timedelta(days=1), zone)
        rows = rows.filter(due_at__gte=start_of_day(wanted.day, zone), due_at__lt=tomorrow)
    else:
        rows = rows.filter(due_at__gt=now) if wanted.is_ahead else rows.filter(due_at__lte=now)
    if wanted.state:
        rows = _in_state(rows, State(wanted.state), now)
    order = ("due_at", "pk") if wanted.is_ahead else ("-due_at", "pk")
    return rows.select_related("patient", "appointment").prefetch_related("reports").order_by(*order)


def messages_about(visit: Appointment, *, now: datetime) -> list[Logged]:
    """Every message about a visit, the latest first."""
    return logged(visit.communications.order_by("-created_at", "kind", "channel"), now=now)


def messages_to(patient: Patient, *, by: User, limit: int, now: datetime) -> list[Logged]:
    """The messages to a patient that this person may see, those that come latest first."""
    return logged(messages_visible_to(by, now=now).filter(patient=patient).order_by("-due_at", "pk")[:limit], now=now)


def kinds_switched_off(location: Location) -> list[str]:
    """The kinds of messages that the clinic does without: of these no row is written."""
    chosen = messages_of(location)
    return [code for code in KINDS if not chosen.channels(code)]


def logged(messages: QuerySet[Communication], *, now: datetime) -> list[Logged]:
    """Each of these messages, and where it stands."""
    found = messages.select_related("patient", "appointment").prefetch_related("reports")
    return [log_of(one, reports=one.reports.all(), now=now) for one in found]


def log_of(message: Communication, *, reports: Iterable[DeliveryReport], now: datetime) -> Logged:
    """Where one message stands, by its row and by what was reported about it."""
    ended = message.status not in _OPEN
    may_resend = ended and message.patient_id is not None and may_be_sent_again(message, now=now)
    if message.status != Status.COMPLETED:
        waiting = State.PLANNED if message.due_at > now else State.WAITING
        return Logged(message, _ENDED.get(Status(message.status), waiting), may_resend=may_resend)
    told = {one.what: one for one in sorted(reports, key=lambda one: one.reported_at)}
    for state, kinds in _REPORTED:
        said = next((told[what] for what in kinds if what in told), None)
        if said:
            return Logged(message, state, said, may_resend)
    return Logged(message, State.SENT, may_resend=may_resend)


def _in_state(rows: QuerySet[Communication], state: State, now: datetime) -> QuerySet[Communication]:
    if state == State.PLANNED:
        return rows.filter(status__in=_OPEN, due_at__gt=now)
    if state == State.WAITING:
        return rows.filter(status__in=_OPEN, due_at__lte=now)
    for status, named in _ENDED.items():
        if state == named:
            return rows.filter(status=status)
    rows = rows.filter(status=Status.COMPLETED)
    for name, kinds in _REPORTED:
        if state == name:
            return rows.filter(_reported(*kinds))
        rows = rows.exclude(_reported(*kinds))
    return rows


def _reported(*kinds: What) -> Exists:
    return Exists(DeliveryReport.objects.filter(communication=OuterRef("pk"), what__in=kinds))

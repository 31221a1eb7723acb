"""Texts that people sent us: which wait for an answer, who probably wrote, and what was said before."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from booking.models import Appointment
from booking.reminders.addresses import patients_at
from booking.reminders.models import Communication, IncomingMessage
from booking.reminders.models.reports import TO_ANSWER
from booking.rules.lifecycle import COMING
from booking.selectors.appointments import appointments_visible_to, with_relations
from booking.selectors.messages import Logged, logged, messages_visible_to
from intake.access import is_therapist, works_at_desk
from intake.models import Patient, User
from intake.selectors.patients import patients_visible_to

Status = Appointment.Status
SMS = Communication.Channel.SMS
_SHOWN = 60  # lines of a conversation
_BEFORE, _AFTER = timedelta(days=14), timedelta(days=60)  # how far from a text the visit may lie that it is about


@dataclass(frozen=True, slots=True)
class Conversation:
    """The texts of one number that wait, as the inbox lists them: the last of them, how many there are, and whether one
    of them says that they can't come.
    """

    last: IncomingMessage
    count: int
    cant_come: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a conversation: a text of theirs (with what was answered at once), or a message of ours."""

    at: datetime
    theirs: IncomingMessage | None = None
    letter: Logged | None = None


def texts_visible_to(user: User, *, now: datetime) -> QuerySet[IncomingMessage]:
    """The desk sees every text, a therapist those of their patients, others none."""
    texts = IncomingMessage.objects.select_related("patient", "appointment__service", "dealt_by")
    if works_at_desk(user):
        return texts
    if not is_therapist(user):
        return texts.none()
    of_visits = Q(appointment__in=appointments_visible_to(user, now=now).values("pk"))
    return texts.filter(of_visits | Q(patient__in=patients_visible_to(user, now=now).values("pk")))


def texts_to_answer(*, by: User, now: datetime) -> QuerySet[IncomingMessage]:
    """Those of them that somebody has to see to, the one that waits longest first."""
    return texts_visible_to(by, now=now).filter(TO_ANSWER).order_by("received_at", "pk")


def conversations_to_answer(*, by: User, now: datetime) -> list[Conversation]:
    """What waits, one line for each number, the one that waits longest first."""
    found: dict[str, list[IncomingMessage]] = {}
    for text in texts_to_answer(by=by, now=now):
        found.setdefault(text.sender, []).append(text)
    cannot = IncomingMessage.Keyword.CANNOT
    return [Conversation(texts[-1], len(texts), cannot in {one.keyword for one in texts}) for texts in found.values()]


def texts_dealt_with(*, by: User, now: datetime) -> QuerySet[IncomingMessage]:
    """What somebody has seen to, the latest first."""
    return texts_visible_to(by, now=now).filter(dealt_at__isnull=False).order_by("-dealt_at", "-received_at")


def texts_about(visit: Appointment) -> list[IncomingMessage]:
    """What was texted about a visit, the latest first; when and what kind of thing, not its words."""
    return list(visit.incoming_messages.select_related("dealt_by").order_by("-received_at", "pk"))


def conversation_with(text: IncomingMessage, *, by: User, now: datetime) -> list[Line]:
    """What was said both ways with the number of a text, in order; of a number that people share, a therapist sees what
    was said with their own patients.
    """
    theirs = texts_visible_to(by, now=now).filter(sender=text.sender).order_by("-received_at", "-pk")[:_SHOWN]
    ours = messages_visible_to(by, now=now).filter(channel=SMS, recipient=text.sender, due_at__lte=now)
    letters = logged(ours.exclude(status=Communication.Status.STOPPED).order_by("-due_at", "pk")[:_SHOWN], now=now)
    lines = [Line(one.received_at, theirs=one) for one in theirs]
    lines += [Line(one.message.sent_at or one.message.due_at, letter=one) for one in letters]
    return sorted(lines, key=lambda line: line.at)[-_SHOWN:]


def text_waiting() -> Exists:
    """Whether a text that is probably about the visit waits for an answer."""
    return Exists(IncomingMessage.objects.filter(TO_ANSWER, appointment=OuterRef("pk")))


def coming_visits(people: Iterable[Patient], *, now: datetime) -> QuerySet[Appointment]:
    """The visits ahead of these people, the next one first."""
    return with_relations().filter(patient__in=people, status__in=COMING, start__gt=now).order_by("start", "pk")


def visit_probably_meant(people: Iterable[Patient], *, now: datetime) -> Appointment | None:
    """The next visit of these people, or the one that was last."""
    visits = with_relations().filter(patient__in=people)
    living = visits.exclude(status__in=[Status.CANCELLED, Status.ENTERED_IN_ERROR])
    coming = living.filter(end__gt=now).order_by("start").first()
    return coming or visits.filter(start__lte=now).order_by("-start").first()


def people_behind(text: IncomingMessage) -> list[Patient]:
    """Whoever has the number that a text came from."""
    return list(patients_at(SMS, text.sender))


def visits_it_may_be_about(
    people: Iterable[Patient], *, text: IncomingMessage, by: User, now: datetime
) -> QuerySet[Appointment]:
    """The visits of these people around the time of a text, the next ones first, that this person may see."""
    near = (text.received_at - _BEFORE, text.received_at + _AFTER)
    visits = appointments_visible_to(by, now=now).filter(patient__in=list(people), start__range=near)
    return visits.exclude(status__in=[Status.PROPOSED, Status.ENTERED_IN_ERROR]).order_by("start", "pk")

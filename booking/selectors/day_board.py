"""One day of a clinic: every visit with its time, and what stands in its way, each with the mend."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from booking.models import Appointment, Location
from booking.payments.ledger import OWES_FEES_ONLY, Balance, balances_of
from booking.reminders.models import Communication, DeliveryReport
from booking.rules.walltime import start_of_day
from booking.selectors.alerts import must_be_acknowledged
from booking.selectors.appointments import appointments_visible_to, finished_needlings
from booking.selectors.approvals import visits_resting_on
from booking.selectors.courses import waits_for_review
from booking.selectors.covers import blocked_by_cover, cover_circumstances
from booking.selectors.incoming_texts import text_waiting
from booking.selectors.outside_hours import Uncovered, uncovered
from booking.selectors.practitioners import needles
from booking.selectors.rechecks import recheck_due, was_asked_again
from booking.selectors.rooms import in_use_before
from booking.selectors.time_off import asked_for_another_time, displacing, room_closing
from booking.selectors.treatments import agreement_of_visits
from intake.models import Outcome, Screening, User
from intake.selectors.clearance import Clearance, get_clearance
from intake.selectors.screenings import CONTENT

Status = Appointment.Status
Awaiting = Appointment.Awaiting
_HERE = (Status.ARRIVED, Status.CHECKED_IN)
_COMING = (Status.PENDING, Status.BOOKED)
_CAME_BACK = (DeliveryReport.What.BOUNCED, DeliveryReport.What.FAILED)


@dataclass(frozen=True, slots=True)
class Blocker:
    """What is wrong, in words, and the name of what mends it."""

    code: str
    words: str | Promise
    mend: str
    amount: int = 0  # minor units, where it is about money
    communication: UUID | None = None  # where it is about a message


# What reception says, and no more: "your therapist will talk with you first".
_TALK = Blocker("therapist-talks-first", _("The therapist will talk with the patient first."), "talk")
_COVERS = {
    "expired": Blocker("cover-expired", _("The payer's approval has expired by this visit."), "cover"),
    "used-up": Blocker("cover-used-up", _("The payer's approved visits are used up."), "cover"),
    "no-claim-number": Blocker("claim-number-missing", _("The claim number is missing."), "cover"),
    "other-currency": Blocker("cover-other-currency", _("The payer pays in another currency."), "cover"),
}
_ASKED = _("Can't be as booked: asked for another time, no answer yet.")
_UNCOVERED: dict[Uncovered, str | Promise] = {
    "outside-hours": _("The therapist does not work at that time."),
    "not-authorised": _("The therapist's authorisation to needle ends before this visit."),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One visit on the board."""

    appointment: Appointment
    balance: Balance
    blockers: tuple[Blocker, ...]


@dataclass(frozen=True, slots=True)
class DayBoard:
    """A clinic's day, in order of time."""

    location: Location
    date: date
    rows: tuple[Row, ...]

    @property
    def blocked(self) -> int:
        """How many visits have something in their way."""
        return sum(bool(row.blockers) for row in self.rows)


def day_board(*, location: Location, date: date, by: User, now: datetime) -> DayBoard:
    """The visits of a day in the clinic's time zone that `by` may see, cancelled ones only while money is open on
    them.
    """
    visits = list(_visits_of(location, date, by, now))
    balances = balances_of(visits)
    unsent, beyond = _unsent(visits), uncovered(visits)
    rows = (
        Row(visit, balances[visit.pk], tuple(_blockers(visit, balances[visit.pk], unsent[visit.pk], beyond, now)))
        for visit in visits
    )
    gone = (Status.CANCELLED, Status.ENTERED_IN_ERROR)
    shown = tuple(
        row
        for row in rows
        if row.appointment.status not in gone or row.balance.due or row.appointment.cancel_settles_at
    )
    return DayBoard(location, date, shown)


def blockers_of(appointment: Appointment, *, by: User, now: datetime) -> tuple[Blocker, ...]:
    """The same for one visit, as its page shows it; empty for a visit that `by` may not see."""
    visit = _with_circumstances(appointments_visible_to(by, now=now).filter(pk=appointment.pk), now).first()
    if visit is None:
        return ()
    balance, unsent = balances_of([visit])[visit.pk], _unsent([visit])[visit.pk]
    return tuple(_blockers(visit, balance, unsent, uncovered([visit]), now))


def _visits_of(location: Location, day: date, by: User, now: datetime) -> QuerySet[Appointment]:
    zone = location.time_zone
    found = appointments_visible_to(by, now=now).filter(
        location=location,
        start__gte=start_of_day(day, zone),
        start__lt=start_of_day(day + timedelta(days=1), zone),
    )
    nobody_asked = Q(
        status__in=[Status.CANCELLED, Status.ENTERED_IN_ERROR], payments__isnull=True, cancel_settles_at__isnull=True
    )
    ordered = _with_circumstances(found.exclude(status=Status.PROPOSED).exclude(nobody_asked), now)
    return ordered.order_by("start", "practitioner__name", "pk")


def _with_circumstances(visits: QuerySet[Appointment], now: datetime) -> QuerySet[Appointment]:
    returning = Exists(finished_needlings().filter(patient=OuterRef("patient")))
    with_answers = visits.select_related("screening__response", "screening__questionnaire")
    lean = with_answers.defer(*(f"screening__{one}" for one in CONTENT))
    return lean.select_related("course", "cover__payer", "patient__contact_preference").annotate(
        displaced=displacing(),
        course_waits=waits_for_review(now=now),
        asked=asked_for_another_time(),
        room_closed=room_closing(),
        room_in_use=in_use_before(),
        texted=text_waiting(),
        returning=returning,
        **cover_circumstances(),
        **agreement_of_visits(),
    )


def _unsent(visits: Iterable[Appointment]) -> Mapping[UUID, list[Communication]]:
    """Messages to patients that could not be sent, or came back, by visit."""
    unsent: dict[UUID, list[Communication]] = defaultdict(list)
    back = DeliveryReport.objects.filter(communication=OuterRef("pk"), what__in=_CAME_BACK)
    rows = Communication.objects.filter(
        Q(status=Communication.Status.NOT_DONE) | Exists(back),
        appointment__in=[visit.pk for visit in visits],
        patient__isnull=False,
    )
    for row in rows.order_by("created_at"):
        if row.appointment_id is not None:
            unsent[row.appointment_id].append(row)
    return unsent


def _blockers(
    visit: Appointment,
    balance: Balance,
    unsent: list[Communication],
    beyond: Mapping[UUID, Uncovered],
    now: datetime,
) -> Iterator[Blocker]:
    yield from _about_answers(visit, now)
    yield from _about_agreement(visit)
    if visit.status in (*_COMING, *_HERE) and getattr(visit, "course_waits", False):
        yield Blocker("review-point", _("Review point: does the course go on?"), "review-course")
    yield from _about_place(visit, beyond.get(visit.pk), now)
    yield from _about_money(visit, balance)
    current = [one for one in unsent if one.schedule_version == visit.schedule_version]
    if visit.status in (*_COMING, Status.CANCELLED):  # who is here needs no reminder
        for reason, message in {_why_not(one): one for one in reversed(current)}.items():  # a reason is said once
            yield Blocker("message-not-sent", reason, "resend", communication=message.pk)
    if visit.status in (*_COMING, *_HERE) and getattr(visit, "texted", False):
        yield Blocker("text-waits", _("A text from them waits for an answer."), "texts")
    if visit.status in _COMING and visit.end <= now:
        yield Blocker("not-closed", _("The time is over: done, or did not come?"), "close")


def _why_not(message: Communication) -> str | Promise:
    if message.status == Communication.Status.NOT_DONE:
        return message.status_reason
    return _("A message came back. Please check the address, or call.")


def _about_place(visit: Appointment, beyond: Uncovered | None, now: datetime) -> Iterator[Blocker]:
    """Whether somebody who may give it and a room are there for it."""
    if visit.status in _COMING:
        yield from _about_therapist(visit, beyond)
    if visit.status not in (*_COMING, Status.ARRIVED):
        return
    if getattr(visit, "room_closed", False):
        yield Blocker("room-closed", _("The room is closed at that time."), "room")
    elif getattr(visit, "room_in_use", False) and visit.start <= now:
        yield Blocker("room-in-use", _("The visit before is still in the room."), "room")


def _about_therapist(visit: Appointment, beyond: Uncovered | None) -> Iterator[Blocker]:
    asked = getattr(visit, "asked", False)
    if getattr(visit, "displaced", False):
        yield Blocker("displaced", _ASKED if asked else _("The therapist is away at that time."), "ways-out")
    elif beyond is not None:
        yield Blocker(beyond, _ASKED if asked else _UNCOVERED[beyond], "ways-out")


def _about_answers(visit: Appointment, now: datetime) -> Iterator[Blocker]:
    """What checking in would find, said before."""
    if visit.status not in (*_COMING, *_HERE) or not needles(visit.service):
        return
    screening = visit.screening
    if screening is not None and not screening.complete and was_asked_again(visit):
        yield _TALK
        return
    if visit.awaiting == Awaiting.FORM or screening is None or not screening.complete:
        yield Blocker("form-unfinished", _("The health form is not filled in."), "send-form")
        return
    clearance = get_clearance(
        screening=screening,
        service=visit.service,
        start=visit.start,
        birth_date=visit.patient.birth_date if visit.patient else None,
        returning=bool(getattr(visit, "returning", False)),
        by_staff=True,
        visits_used=visits_resting_on(besides=visit),
        now=now,
    )
    yield from _about_asking_again(visit, screening, clearance, now)
    outcomes = (screening.effective_outcome, clearance.outcome)
    if was_asked_again(visit) and clearance.decision != "yes":
        yield _TALK
    elif Outcome.STOP in outcomes or screening.urgent or clearance.urgent:
        yield Blocker("not-cleared", _("The answers do not allow needling."), "make-needle-free")
    elif visit.awaiting == Awaiting.REVIEW or (Outcome.REVIEW in outcomes and clearance.decision != "yes"):
        yield Blocker("review-pending", _("A therapist must look at the answers."), "review")
    if visit.status in _HERE and must_be_acknowledged(visit):
        yield Blocker("alert", _("The therapist has not confirmed what to be careful about."), "acknowledge")


def _about_agreement(visit: Appointment) -> Iterator[Blocker]:
    """What is signed and written down about needling; nobody is kept from arriving, nor the day from closing."""
    if not needles(visit.service) or visit.awaiting in (Awaiting.FORM, Awaiting.PAYMENT):
        return
    if visit.status in (*_COMING, *_HERE) and getattr(visit, "has_withdrawn", False):
        yield Blocker("consent-withdrawn", _("The patient has taken back their agreement."), "make-needle-free")
    elif visit.status in (*_COMING, *_HERE) and not getattr(visit, "has_signed", True):
        yield Blocker("consent-missing", _("The information is not signed."), "sign")
    if visit.status == Status.FULFILLED and not getattr(visit, "is_recorded", True):
        yield Blocker("record-missing", _("The therapist has not written down what was done."), "record")


def _about_asking_again(
    visit: Appointment, screening: Screening, clearance: Clearance, now: datetime
) -> Iterator[Blocker]:
    """What was answered too long ago, or not for this visit."""
    is_here = visit.status == Status.ARRIVED
    mend = "ask-again" if is_here else "send-form"
    if screening.valid_until < max(visit.start, now):
        yield Blocker("recheck-due", _("The answers are too old for this visit."), mend)
    elif is_here and recheck_due(visit, now=now) != "nothing":
        yield Blocker("recheck-due", _("The short questions before the visit are not answered yet."), mend)
    elif not clearance.complete:
        yield Blocker("recheck-due", _("Some questions must be asked again before this visit."), mend)


def _about_money(visit: Appointment, balance: Balance) -> Iterator[Blocker]:
    blocked = blocked_by_cover(visit) if visit.status in (*_COMING, *_HERE, Status.FULFILLED) else None
    if blocked is not None:
        yield _COVERS[blocked]
    if visit.awaiting == Awaiting.PAYMENT:
        yield Blocker("payment-waiting", _("The deposit is being paid online."), "pay-at-desk", amount=balance.due)
    elif balance.due < 0 and visit.cancel_settles_at is None:  # else it goes back by itself
        yield Blocker("money-back", _("There is money to give back."), "give-back", amount=-balance.due)
    elif balance.due > 0 and visit.status not in _COMING:
        words = _("The fee is not paid yet.") if visit.status in OWES_FEES_ONLY else _("Not paid yet.")
        yield Blocker("unpaid", words, "take-payment", amount=balance.due)

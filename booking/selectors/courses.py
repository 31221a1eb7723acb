"""Courses: which times a series could have, how one stands, and what waits in it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from booking.models import Appointment, Course, HealthcareService, Location, Practitioner
from booking.rules.availability import Slot
from booking.rules.courses import FEWEST, MOST, Series, Session, Spacing, alternatives_to, find_series, last_date
from booking.rules.lifecycle import COMING
from booking.rules.walltime import to_wall, wall_date
from booking.selectors.appointments import with_relations
from booking.selectors.locations import the_clinic
from booking.selectors.slots import free_times

Status = Appointment.Status
_GONE = (Status.CANCELLED, Status.ENTERED_IN_ERROR)


@dataclass(frozen=True, slots=True)
class Choice:
    """One session of a proposal with the other times that it could have, and whether the health questions are asked
    in full before it.
    """

    session: Session
    alternatives: tuple[datetime, ...]
    checked_again: bool


@dataclass(frozen=True, slots=True)
class Proposal:
    """The best series with one therapist; fewer sessions than `wanted` if no more are possible."""

    practitioner: Practitioner | None
    location: Location
    spacing: Spacing
    wanted: int
    choices: tuple[Choice, ...]

    @property
    def is_whole(self) -> bool:
        return len(self.choices) == self.wanted

    @property
    def starts(self) -> list[datetime]:
        return [choice.session.start for choice in self.choices]

    @property
    def differing(self) -> int:
        return sum(choice.session.differs for choice in self.choices)

    @property
    def checked_again(self) -> int:
        return sum(choice.checked_again for choice in self.choices)


def spacing_of(service: HealthcareService) -> Spacing:
    """The clinic's spacing for a course of this service."""
    return Spacing(service.course_min_days, service.course_max_days)


def spacing_within(course: Course) -> Spacing:
    """The spacing that this course was booked with."""
    return Spacing(course.min_days, course.max_days)


def propose_course(
    *,
    service: HealthcareService,
    practitioner: Practitioner | None,
    first_start: datetime,
    sessions: int,
    spacing: Spacing,
    answers_until: datetime | None = None,
    starts: Sequence[datetime] = (),
    holder: Appointment | None = None,
    by_staff: bool = False,
    now: datetime,
) -> Proposal:
    """The best series that begins with this start, and other times for each session. Reads the free times of the whole
    span once.

    Without a therapist: the one with the best series. `starts`: what somebody has chosen instead, kept as it is.
    The times of `holder` and its course count as free. Sessions after `answers_until` are marked.
    """
    location = the_clinic()
    assert location is not None, "services belong to a clinic"
    zone = location.time_zone
    begins = wall_date(first_start, zone)
    free = free_times(
        service=service,
        from_date=begins,
        to_date=last_date(begins, sessions=sessions, spacing=spacing),
        practitioner=practitioner,
        location=location,
        holder=holder,
        by_staff=by_staff,
        now=now,
    ).slots
    whose, times = _best(free, practitioner, first_start, sessions, spacing, zone)
    if starts:
        found = _as_chosen(starts, first_start, zone)
    elif holder is None and first_start not in times:
        found = Series((), sessions)  # it can't even begin
    else:
        found = find_series(times, first=first_start, sessions=sessions, spacing=spacing, zone=zone)
    chosen = [session.start for session in found.sessions]
    return Proposal(
        practitioner=practitioner or (Practitioner.objects.filter(pk=whose).first() if whose else None),
        location=location,
        spacing=spacing,
        wanted=sessions,
        choices=tuple(
            Choice(
                session,
                tuple(alternatives_to(session.number, free=times, starts=chosen, spacing=spacing, zone=zone)),
                answers_until is not None and session.start > answers_until,
            )
            for session in found.sessions
        ),
    )


def sessions_of(course: Course | UUID) -> QuerySet[Appointment]:
    """The sessions that stand, in their order."""
    return with_relations().filter(course=course).exclude(status__in=_GONE).order_by("start", "session_number")


def coming_sessions(course: Course | UUID, *, now: datetime) -> QuerySet[Appointment]:
    """The sessions that have not begun."""
    return sessions_of(course).filter(status__in=COMING, start__gt=now)


def cancelled_with(visit: Appointment) -> list[Appointment]:
    """The sessions of its course that were cancelled in one go with this one and can still be taken back with it; none
    if it was cancelled by itself.
    """
    if visit.course_id is None or visit.cancel_settles_at is None:
        return []
    same = Appointment.objects.filter(course=visit.course_id, status=Status.CANCELLED, cancelled_at=visit.cancelled_at)
    found = list(same.exclude(cancel_settles_at=None).order_by("start"))
    return found if len(found) > 1 else []


def waiting_with(visit: Appointment) -> QuerySet[Appointment]:
    """The other sessions of its course that wait for the same: the form, or a therapist's word on the same answers."""
    if visit.course_id is None:
        return Appointment.objects.none()
    others = Appointment.objects.filter(course=visit.course_id, status=Status.PENDING).exclude(pk=visit.pk)
    by_form = Q(awaiting=Appointment.Awaiting.FORM, screening=None)
    by_review = Q(awaiting=Appointment.Awaiting.REVIEW, screening__isnull=False, screening=visit.screening_id)
    return others.filter(by_form if visit.awaiting == Appointment.Awaiting.FORM else by_review).order_by("start")


def allowed_dates(visit: Appointment) -> tuple[date | None, date | None]:
    """The first and the last day on which this session keeps the spacing to its neighbours; None: no limit."""
    if visit.course is None:
        return None, None
    spacing, zone = spacing_within(visit.course), visit.time_zone
    others = sessions_of(visit.course).exclude(pk=visit.pk).exclude(status=Status.NOSHOW)
    before = others.filter(start__lt=visit.start).last()
    after = others.filter(start__gte=visit.start).first()
    least, most = timedelta(days=spacing.min_days), timedelta(days=spacing.max_days)
    first, last = [], []
    if before is not None:
        day = wall_date(before.start, zone)
        first.append(day + least)
        last.append(day + most)
    if after is not None:
        day = wall_date(after.start, zone)
        first.append(day - most)
        last.append(day - least)
    return max(first, default=None), min(last, default=None)


def keeps_spacing(visit: Appointment, *, start: datetime) -> bool:
    """Whether this session could be at that time without coming too near to, or too far from, its neighbours. Another
    hour of its own day changes nothing about that.
    """
    day = wall_date(start, visit.time_zone)
    if visit.course is None or day == wall_date(visit.start, visit.time_zone):
        return True
    first, last = allowed_dates(visit)
    return (first is None or first <= day) and (last is None or day <= last)


def courses_to_review(*, now: datetime) -> QuerySet[Course]:
    """Courses in which the session is done or over after which the therapist looks, and nobody has said yet how it
    goes on.
    """
    over = Appointment.objects.filter(Q(status=Status.FULFILLED) | Q(end__lte=now), course=OuterRef("pk"))
    reached = over.filter(session_number__gte=OuterRef("review_after")).exclude(status=Status.ENTERED_IN_ERROR)
    return Course.objects.filter(Exists(reached), reviewed_at=None)


def waits_for_review(*, now: datetime) -> Exists:
    """Whether a session comes after the point at which its course waits for the therapist's word."""
    return Exists(courses_to_review(now=now).filter(pk=OuterRef("course"), review_after__lt=OuterRef("session_number")))


def lengths_of(service: HealthcareService) -> range:
    """How many sessions can be booked at once; empty where only one can."""
    return range(FEWEST, min(service.course_sessions_max or 0, MOST) + 1)


def _best(
    free: Iterable[Slot],
    practitioner: Practitioner | None,
    first: datetime,
    sessions: int,
    spacing: Spacing,
    zone: str,
) -> tuple[UUID | None, list[datetime]]:
    """Whose free times give the best series, and those."""
    times: dict[UUID, list[datetime]] = {}
    for slot in free:
        times.setdefault(slot.practitioner, []).append(slot.start)
    if practitioner is not None:
        return practitioner.pk, times.get(practitioner.pk, [])
    can_begin = sorted(one for one, starts in times.items() if first in starts)
    if not can_begin:
        return None, []

    def worth(one: UUID) -> tuple[int, int]:
        series = find_series(times[one], first=first, sessions=sessions, spacing=spacing, zone=zone)
        return -len(series.sessions), sum(session.differs for session in series.sessions)

    best = min(can_begin, key=worth)
    return best, times[best]


def _as_chosen(starts: Sequence[datetime], first: datetime, zone: str) -> Series:
    usual = to_wall(first, zone)
    told = []
    for number, start in enumerate(starts, 1):
        wall = to_wall(start, zone)
        told.append(Session(number, start, wall.weekday() != usual.weekday(), wall.time() != usual.time()))
    return Series(tuple(told), len(starts))

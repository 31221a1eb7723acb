"""What becomes of a course once it is booked: moved together, ended, looked at half way, made longer."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID, uuid5

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from booking.errors import NotCleared, NotPossibleNow, SlotTaken, SpacingBroken
from booking.models import Appointment, Course
from booking.rules.courses import MOST, breaks_spacing
from booking.rules.intervals import Interval, overlaps
from booking.selectors.courses import coming_sessions, courses_to_review, propose_course, sessions_of, spacing_within
from booking.selectors.covers import problem_of
from booking.services.admission import clearance_for
from booking.services.cancellations import PATIENTS_REASONS, Cancelled, cancel_undoably, check_own
from booking.services.confirming import Confirmed, Details, confirm
from booking.services.constraints import named_constraints
from booking.services.holds import Wish, place_hold
from booking.services.locks import lock_appointments, lock_resources
from booking.services.moves import Moved, move_to_place
from booking.services.places import rooms_there
from booking.services.states import acts_for_clinic, record_change, require_clinic
from intake.access import is_therapist
from intake.errors import NotAllowed
from intake.models import User
from intake.selectors.rechecks import last_answers_of

Reason = Appointment.CancelReason
Review = Course.Review
Status = Appointment.Status


def move_course(
    *, course: Course, starts: Sequence[datetime], tell: bool = True, by: User | None, now: datetime
) -> list[Moved]:
    """Move all coming sessions to these times, in their order, each with its therapist; all or none. Without `by` it is
    whoever holds the link.

    :raises SpacingBroken: a session would come too soon or too late after the one before
    :raises SlotTaken: details hold a new `proposal`; nothing changed
    :raises SlotNotOffered, PatientBusy, NotCleared, IncompleteAnswers, TooLate, NotPossibleNow, NotAllowed: nothing
        changed
    """
    try:
        with named_constraints(), transaction.atomic(durable=True):
            return _move_all(course, starts, tell, by, now)
    except SlotTaken as taken:
        first = coming_sessions(course, now=now).first()
        raise SlotTaken(
            proposal=propose_course(
                service=course.service,
                practitioner=first.practitioner if first else course.practitioner,
                first_start=starts[0],
                sessions=len(starts),
                spacing=spacing_within(course),
                holder=first,
                by_staff=acts_for_clinic(by),
                now=now,
            )
        ) from taken


def cancel_rest(
    *, course: Course, by: User | None, reason: Reason, tell: bool = True, now: datetime
) -> list[Cancelled]:
    """Cancel every session that has not begun; each follows its own terms. It can be undone session by session.

    :raises NotPossibleNow: there is none
    :raises NotAllowed, TooLate: as `cancel_appointment`
    """
    if reason not in (*PATIENTS_REASONS, Reason.CLINIC):
        raise NotPossibleNow
    with named_constraints(), transaction.atomic(durable=True):
        return _cancel_rest(course, by, reason, tell, now)


def review_course(*, course: Course, outcome: str, by: User, now: datetime) -> Course:
    """The therapist says at the review point whether to go on: "continued", or "ended", which cancels what is left at
    no cost. Said once.

    :raises NotAllowed: not a therapist
    :raises NotPossibleNow: it is not due, or was answered
    """
    if not is_therapist(by):
        raise NotAllowed
    with named_constraints(), transaction.atomic(durable=True):
        sessions = _lock_standing(course)
        if outcome == Review.ENDED:
            for visit in sessions:
                if visit in _coming(sessions, now):
                    cancel_undoably(visit, reason=Reason.CLINIC, by=by, now=now)
        elif outcome != Review.CONTINUED:
            raise NotPossibleNow
        return _note_review(course, outcome, by, now)


def add_sessions(
    *, course: Course, starts: Sequence[datetime], request_key: UUID, by: User, now: datetime
) -> list[Confirmed]:
    """Book further sessions after the last one, up to six in all, on the patient's latest answers; where those don't
    hold for them the patient gets the form. A therapist who adds them has answered the review point.

    :raises SpacingBroken, SlotTaken, SlotNotOffered, NotCleared, PatientBusy: nothing changed
    :raises NotPossibleNow: there would be more than six, or none is left to follow
    """
    require_clinic(by)
    with named_constraints(), transaction.atomic(durable=True):
        rooms = rooms_there(service=course.service, practitioner=course.practitioner)
        lock_resources(practitioners=[course.practitioner_id], rooms=rooms)
        sessions = _lock_standing(course)
        last = max(sessions, key=lambda one: one.start, default=None)
        if last is None or last.patient is None or len(sessions) + len(starts) > MOST or not starts:
            raise NotPossibleNow
        _require_spacing(course, [last.start, *starts], last.time_zone)
        made = [_add(course, last, number, start, request_key, by, now) for number, start in _numbered(course, starts)]
        Course.objects.filter(pk=course.pk).update(sessions=len(sessions) + len(starts))
        if is_therapist(by) and course.reviewed_at is None:
            _write_review(course, Review.EXTENDED, by, now)
        return made


def _move_all(course: Course, starts: Sequence[datetime], tell: bool, by: User | None, now: datetime) -> list[Moved]:
    seen = list(coming_sessions(course, now=now))
    if not seen or len(seen) != len(starts):
        raise NotPossibleNow
    wanted = dict(zip((one.pk for one in seen), starts, strict=True))
    rooms = [room for one in seen for room in rooms_there(service=one.service, practitioner=one.practitioner)]
    visits = lock_appointments(seen, rooms=rooms)
    zone = visits[0].time_zone
    over = sessions_of(course).filter(start__lt=visits[0].start).exclude(status=Status.NOSHOW).last()
    _require_spacing(course, [*([over.start] if over else []), *starts], zone)
    return [
        move_to_place(
            visit,
            practitioner=visit.practitioner,
            start=wanted[visit.pk],
            by=by,
            with_course=True,
            tell=tell,
            now=now,
        )
        for visit in _in_turn([one for one in visits if one.start != wanted[one.pk]], wanted)
    ]


def _in_turn(visits: Sequence[Appointment], wanted: Mapping[UUID, datetime]) -> list[Appointment]:
    """So that no session goes where another of the course still is. Both follow each other in time, so one is free."""
    left, order = list(visits), list[Appointment]()
    while left:
        following = next(
            (one for one in left if not any(_goes_where(one, wanted, other) for other in left if other is not one)),
            left[0],
        )
        left.remove(following)
        order.append(following)
    return order


def _goes_where(one: Appointment, wanted: Mapping[UUID, datetime], other: Appointment) -> bool:
    shift = wanted[one.pk] - one.start
    goes = Interval(one.occupied.lower + shift, one.occupied.upper + shift)
    return overlaps(goes, Interval(other.occupied.lower, other.occupied.upper))


def _require_spacing(course: Course, starts: Sequence[datetime], zone: str) -> None:
    spacing = spacing_within(course)
    broken = breaks_spacing(starts, spacing=spacing, zone=zone)
    if broken:
        raise SpacingBroken(sessions=broken, min_days=spacing.min_days, max_days=spacing.max_days)


def _lock_standing(course: Course) -> list[Appointment]:
    """The course's sessions that are not cancelled, locked in the common order."""
    return lock_appointments(sessions_of(course))


def _coming(sessions: Sequence[Appointment], now: datetime) -> list[Appointment]:
    return [one for one in sessions if one.status in (Status.PENDING, Status.BOOKED) and one.start > now]


def _cancel_rest(course: Course, by: User | None, reason: Reason, tell: bool, now: datetime) -> list[Cancelled]:
    coming = _coming(_lock_standing(course), now)
    if not coming:
        raise NotPossibleNow
    for visit in coming:
        check_own(visit, by)
    return [cancel_undoably(visit, reason=reason, by=by, tell=tell, now=now) for visit in coming]


def _note_review(course: Course, outcome: str, by: User, now: datetime) -> Course:
    if not courses_to_review(now=now).filter(pk=course.pk).exists():
        raise NotPossibleNow(_("This review point has been answered already, or has not come yet."))
    return _write_review(course, outcome, by, now)


def _write_review(course: Course, outcome: str, by: User, now: datetime) -> Course:
    course.review, course.reviewed_at, course.reviewed_by = outcome, now, by
    course.save(update_fields=["review", "reviewed_at", "reviewed_by"])
    last = Appointment.objects.filter(course=course, start__lte=now).order_by("-start").first()
    if last is not None:
        record_change(appointment=last, action=f"course-{outcome}", by=by, now=now)
    return course


def _numbered(course: Course, starts: Sequence[datetime]) -> list[tuple[int, datetime]]:
    """Numbers that were never given: a cancelled session that comes back keeps its own."""
    highest = Appointment.objects.filter(course=course).aggregate(Max("session_number"))["session_number__max"]
    return list(enumerate(starts, (highest or 0) + 1))


def _add(
    course: Course, last: Appointment, number: int, start: datetime, key: UUID, by: User, now: datetime
) -> Confirmed:
    assert last.patient is not None
    last.screening = last_answers_of(last.patient)
    answers_hold = clearance_for(last, start=start, by_staff=True, now=now).complete
    needs_form = course.service.needs_screening and not answers_hold
    wish = Wish(
        service=course.service,
        start=start,
        screening=None if needs_form else last.screening,
        request_key=uuid5(key, str(number)),
        held_by=f"staff:{by.pk}",
        source=Appointment.Source.DESK,
        by=by,
        wait_for_form=needs_form,
        course=course,
        session_number=number,
    )
    held = place_hold(wish, course.practitioner, now=now)
    cover = last.cover if last.cover and problem_of(last.cover, held.appointment) is None else None
    details = Details(
        patient=last.patient,
        payment="desk",
        policies_accepted=False,
        by=by,
        wait_for_form=needs_form,
        cover=cover,
    )
    confirmed = confirm(held.appointment, details, now=now)
    if confirmed is None:
        raise NotCleared
    return confirmed

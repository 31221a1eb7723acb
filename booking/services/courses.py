"""Booking a course: all sessions are held in one go, and confirmed in one go, or none is."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

from django.db import transaction

from booking.errors import HoldExpired, NotCleared, NotPossibleNow, PaymentNotOffered, SlotTaken, SpacingBroken
from booking.models import Appointment, Course, Cover, HealthcareService, Practitioner
from booking.rules.courses import Spacing, breaks_spacing, review_point
from booking.selectors.courses import Proposal, lengths_of, propose_course, sessions_of, spacing_of
from booking.selectors.locations import the_clinic
from booking.selectors.packages import sessions_for
from booking.services.confirming import Confirmed, Details, PaymentChoice, confirm, ways_to_pay
from booking.services.constraints import named_constraints
from booking.services.hoarding import range_held_from
from booking.services.holds import Held, Wish, let_go, place_hold, with_whoever_is_free
from booking.services.links import hold_token
from booking.services.locks import ChangedMeanwhile, lock_appointments, lock_resources, take_turns
from booking.services.places import rooms_there
from booking.services.states import require_clinic
from intake.models import Patient, Screening, User
from intake.services.consents import Signature
from intake.services.patients import PatientDetails

Status = Appointment.Status
# A course is paid session by session at the clinic: online, the deposit of one visit is all that can be paid.
WAYS: Final[tuple[PaymentChoice, ...]] = ("package", "desk", "none")


@dataclass(frozen=True, slots=True)
class HeldCourse:
    """The course and its holds, in order."""

    course: Course
    holds: tuple[Held, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseWish:
    """What somebody asks to be held: the starts in order, all with one therapist."""

    service: HealthcareService
    practitioner: Practitioner
    starts: tuple[datetime, ...]
    screening: Screening | None
    request_key: UUID
    held_by: str
    source: str
    by: User | None = None
    wait_for_form: bool = False
    held_from: str = ""
    from_the_clinic: bool = False

    @property
    def spacing(self) -> Spacing:
        return spacing_of(self.service)

    def session(self, number: int, course: Course | None = None) -> Wish:
        return Wish(
            service=self.service,
            start=self.starts[number - 1],
            screening=self.screening,
            request_key=uuid5(self.request_key, str(number)),
            held_by=self.held_by,
            source=self.source,
            by=self.by,
            wait_for_form=self.wait_for_form,
            held_from=self.held_from,
            from_the_clinic=self.from_the_clinic,
            course=course,
            session_number=number,
        )


def hold_course(
    *,
    service: HealthcareService,
    practitioner: Practitioner,
    starts: Sequence[datetime],
    screening: Screening | None,
    request_key: UUID,
    held_by: str,
    source: str,
    address: str = "",
    instead_of: Appointment | None = None,
    by: User | None = None,
    now: datetime,
) -> HeldCourse:
    """Hold all sessions of a course for ten minutes, in one transaction. The same `request_key` gives the same holds.

    `instead_of` is a hold (or one of a course) of the same taker that is let go for it.

    :raises SpacingBroken: a session comes too soon or too late after the one before
    :raises SlotTaken: somebody was faster; details hold the `session` and, if there is one, a new `proposal`
    :raises NotCleared, SlotNotOffered, TooManyHolds, HoldExpired, NotPossibleNow: as `hold_time`; nothing changed
    """
    held_from = range_held_from(address)
    wish = CourseWish(
        service=service,
        practitioner=practitioner,
        starts=tuple(starts),
        screening=screening,
        request_key=request_key,
        held_by=held_by,
        source=source,
        held_from=held_from,
        from_the_clinic=bool(address) and not held_from,
        by=by,
    )
    _check(wish)
    try:
        return with_whoever_is_free(
            wish.session(1), practitioner, lambda _one: place_course(wish, instead_of=instead_of, now=now), now=now
        )
    except SlotTaken as taken:
        raise SlotTaken(proposal=_proposed_instead(wish, instead_of, now)) from taken


def place_course(wish: CourseWish, *, instead_of: Appointment | None = None, now: datetime) -> HeldCourse:
    """The holds themselves, in the caller's transaction; everything they need is locked first."""
    take_turns(*wish.session(1).turns)
    if (same := _made_before(wish)) is not None:
        return same
    _lock_and_let_go(wish, instead_of, now)
    course = Course.objects.create(
        service=wish.service,
        practitioner=wish.practitioner,
        sessions=len(wish.starts),
        min_days=wish.spacing.min_days,
        max_days=wish.spacing.max_days,
        review_after=review_point(sessions=len(wish.starts), after=wish.service.course_review_after),
        request_key=wish.request_key,
        created_at=now,
        created_by=wish.by,
    )
    numbers = range(1, len(wish.starts) + 1)
    return HeldCourse(
        course, tuple(place_hold(wish.session(number, course), wish.practitioner, now=now) for number in numbers)
    )


def confirm_course(
    *,
    course: Course,
    patient: Patient | PatientDetails,
    payment: PaymentChoice,
    policies_accepted: bool,
    accepts_assessment: bool = False,
    note: str = "",
    signature: Signature | None = None,
    terms_shown: str = "",
    by: User | None = None,
    now: datetime,
) -> list[Confirmed]:
    """Make bookings, or requests, of all holds of a course, in one transaction; called twice it gives the same ones.

    :raises NotCleared: the answers forbid it with this birth date; all times are let go
    :raises PaymentNotOffered: not at the clinic, where courses are paid
    :raises SlotTaken: one time is gone; details may hold a new `proposal`; nothing changed
    :raises DrypointError: whatever else `confirm_details` raises; nothing changed
    """
    details = Details(
        patient=patient,
        payment=payment,
        policies_accepted=policies_accepted,
        accepts_assessment=accepts_assessment,
        note=note,
        signature=signature,
        terms_shown=terms_shown,
        by=by,
    )
    try:
        confirmed = _confirm_in_one_go(course, details, now)
    except ChangedMeanwhile:  # the same details sent twice at once
        confirmed = _confirm_in_one_go(course, details, now)
    if not confirmed:
        raise NotCleared
    return confirmed


def book_course_for_caller(
    *,
    service: HealthcareService,
    practitioner: Practitioner,
    starts: Sequence[datetime],
    patient: Patient | PatientDetails,
    screening: Screening | None = None,
    wait_for_form: bool = False,
    payment: PaymentChoice = "desk",
    cover: Cover | None = None,
    note: str = "",
    request_key: UUID,
    by: User,
    now: datetime,
) -> list[Confirmed]:
    """Book a course for somebody on the phone, all sessions or none; as `book_for_caller`.

    :raises SpacingBroken, SlotTaken, SlotNotOffered, NotCleared, PatientBusy, IncompleteAnswers: nothing changed
    :raises CoverNotUsable: the payer bears not all of these sessions; nothing changed
    """
    require_clinic(by)
    awaits_form = wait_for_form and screening is None and service.needs_screening
    wish = CourseWish(
        service=service,
        practitioner=practitioner,
        starts=tuple(starts),
        screening=screening,
        request_key=request_key,
        held_by=f"staff:{by.pk}",
        source=Appointment.Source.DESK,
        by=by,
        wait_for_form=awaits_form,
    )
    _check(wish)
    details = Details(
        patient=patient, payment=payment, policies_accepted=False, note=note, by=by, wait_for_form=awaits_form,
        cover=cover,
    )  # fmt: skip

    def book(_one: Practitioner) -> list[Confirmed]:
        held = place_course(wish, now=now)
        confirmed = confirm_all(held.course, [one.appointment for one in held.holds], details, now=now)
        if not confirmed:
            raise NotCleared  # and the holds are gone with the transaction
        return confirmed

    try:
        return with_whoever_is_free(wish.session(1), practitioner, book, now=now)
    except SlotTaken as taken:
        raise SlotTaken(proposal=_proposed_instead(wish, None, now)) from taken


def confirm_all(course: Course, holds: Sequence[Appointment], details: Details, *, now: datetime) -> list[Confirmed]:
    """The bookings themselves, in the caller's transaction. Empty: the answers forbid them, and the holds have ended.

    The first session makes or takes the record and its answers; the others stand on the same.
    """
    known = details.patient if isinstance(details.patient, Patient) else None
    locked = lock_appointments(holds, patient=known)
    first = confirm(locked[0], details, now=now)
    if first is None:
        let_go(locked[1:], now=now)
        return []
    confirmed = [first]
    later = replace(details, signature=None, terms_shown="")  # one signature is enough; what was shown, the first's
    for hold in locked[1:]:
        one = confirm(hold, later, after=first.appointment, now=now)
        if one is None:
            raise NotCleared
        confirmed.append(one)
    Course.objects.filter(pk=course.pk).update(patient=first.appointment.patient)
    return confirmed


def ways_to_pay_course(hold: Appointment, *, who: object = None, by_staff: bool = False) -> list[PaymentChoice]:
    """How a course may be paid; empty where the clinic takes money for it online only."""
    known = who if isinstance(who, Patient) else None
    ways = ways_to_pay(hold, who=who, by_staff=by_staff)
    return [way for way in ways if way in WAYS and (way != "package" or _is_prepaid(hold.course, known))]


def _is_prepaid(course: Course | None, patient: Patient | None) -> bool:
    """Whether packages of this patient can pay every session."""
    last = sessions_of(course).last() if course else None
    return course is not None and last is not None and sessions_for(last, patient) >= course.sessions


def _confirm_in_one_go(course: Course, details: Details, now: datetime) -> list[Confirmed]:
    if details.payment not in WAYS:
        raise PaymentNotOffered
    holds = list(Appointment.objects.filter(course=course, session_number__lte=course.sessions).order_by("start"))
    if not holds:
        raise HoldExpired
    with named_constraints(), transaction.atomic(durable=True):
        return confirm_all(course, holds, details, now=now)


def _check(wish: CourseWish) -> None:
    """:raises NotPossibleNow, SpacingBroken: not that many sessions, or not at those distances"""
    if len(wish.starts) not in lengths_of(wish.service):
        raise NotPossibleNow
    clinic = the_clinic()
    assert clinic is not None, "services belong to a clinic"
    broken = breaks_spacing(wish.starts, spacing=wish.spacing, zone=clinic.time_zone)
    if broken:
        raise SpacingBroken(sessions=broken, min_days=wish.spacing.min_days, max_days=wish.spacing.max_days)


def _made_before(wish: CourseWish) -> HeldCourse | None:
    """The course that this request made the first time.

    :raises NotPossibleNow: the key was used for something else
    :raises HoldExpired: its holds have ended
    """
    found = Course.objects.filter(request_key=wish.request_key).first()
    if found is None:
        return None
    sessions = list(sessions_of(found))
    if not sessions:
        raise HoldExpired
    if [one.start for one in sessions] != list(wish.starts) or sessions[0].held_by != wish.held_by:
        raise NotPossibleNow
    return HeldCourse(found, tuple(Held(one, hold_token(one)) for one in sessions))


def _lock_and_let_go(wish: CourseWish, instead_of: Appointment | None, now: datetime) -> None:
    rooms = rooms_there(service=wish.service, practitioner=wish.practitioner)
    if instead_of is None:
        lock_resources(practitioners=[wish.practitioner.pk], rooms=rooms)
        return
    same = Appointment.objects.filter(course=instead_of.course_id) if instead_of.course_id else None
    holds = list(same) if same is not None else [instead_of]
    locked = lock_appointments(holds, practitioners=[wish.practitioner.pk], rooms=rooms)
    if any(hold.held_by != wish.held_by for hold in locked):
        raise NotPossibleNow
    let_go((hold for hold in locked if hold.status == Status.PROPOSED), now=now)


def _proposed_instead(wish: CourseWish, instead_of: Appointment | None, now: datetime) -> Proposal:
    """What `SlotTaken` tells of a course: the best series that is possible by now, from the same beginning."""
    return propose_course(
        service=wish.service,
        practitioner=wish.practitioner,
        first_start=wish.starts[0],
        sessions=len(wish.starts),
        spacing=wish.spacing,
        holder=instead_of,
        by_staff=wish.session(1).by_staff,
        now=now,
    )

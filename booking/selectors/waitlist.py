"""Who waits for which time, and which offers they were made. Always narrowed to who asks."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from booking.models import Appointment, FreedTime, Location, Offer, WaitlistEntry
from booking.rules.intervals import Interval
from booking.rules.lifecycle import COMING
from booking.rules.opening_hours import hours_of_week
from booking.rules.waitlist import OfferHours, Wanted
from booking.selectors.courses import allowed_dates
from booking.selectors.openings import occupying
from intake.access import is_therapist, live_relations, works_at_desk
from intake.clock import clinic_date
from intake.models import Patient, User
from intake.tokens import hash_token

_RELATED = ("patient", "service", "location", "screening", "swap_for__practitioner", "swap_for__course")
_OFFER_RELATED = (
    "hold__service",
    "hold__practitioner",
    "hold__location",
    "entry__patient",
    "entry__service",
    "instead_of__patient",
    "instead_of__service",
    "instead_of__practitioner",
)
_OPEN = Offer.Status.OPEN
_LONGEST = timedelta(days=1)  # more than any visit lasts


@dataclass(frozen=True, slots=True)
class InLine:
    """An entry, and what it waits for as the rules read it. `is_answering`: another time is before them just now."""

    entry: WaitlistEntry
    wanted: Wanted
    is_answering: bool = False


def with_relations() -> QuerySet[WaitlistEntry]:
    """Entries with everything that a row on a page shows."""
    return WaitlistEntry.objects.select_related(*_RELATED).prefetch_related("practitioners")


def waiting_entries(*, now: datetime) -> QuerySet[WaitlistEntry]:
    """Those who wait, in line: by urgency, then by how long they have waited."""
    return with_relations().filter(_still_waits(now)).order_by("urgency", "created_at", "pk")


def outdated_entries(*, now: datetime) -> QuerySet[WaitlistEntry]:
    """Entries that nothing can come of any more: the last day is over, or the later visit is."""
    waiting = WaitlistEntry.objects.filter(status=WaitlistEntry.Status.WAITING)
    return waiting.exclude(_still_waits(now)).order_by("pk")


def entries_visible_to(user: User, *, now: datetime) -> QuerySet[WaitlistEntry]:
    """The line as staff see it: reception and managers all of it, therapists who asked for them and their patients.
    With `made` and `open_now`: how many offers there were, and whether one is open.
    """
    line = waiting_entries(now=now).annotate(
        made=Count("offers", distinct=True),
        open_now=Exists(Offer.objects.filter(entry=OuterRef("pk"), status=_OPEN)),
    )
    if works_at_desk(user):
        return line
    if not is_therapist(user):
        return line.none()
    cared_for = live_relations(now).filter(practitioner=user).values("patient")
    named = WaitlistEntry.objects.filter(practitioners__user=user).values("pk")
    return line.filter(Q(patient__in=cared_for) | Q(pk__in=named))


def entries_of_user(user: User, *, now: datetime) -> QuerySet[WaitlistEntry]:
    """What everybody waits for whom this account may act for and see."""
    mine = waiting_entries(now=now).filter(patient__user=user)
    return mine.exclude(patient__guardian_sees=Patient.GuardianSees.NOTHING)


def entry_for(visit: Appointment, *, now: datetime) -> WaitlistEntry | None:
    """The entry that waits for an earlier time for this visit."""
    return waiting_entries(now=now).filter(swap_for=visit).first()


def may_wait_for_earlier(visit: Appointment) -> bool:
    """Whether an earlier time could replace this visit: paid or nothing to pay, and booked online."""
    waits_for_money = visit.awaiting == Appointment.Awaiting.PAYMENT
    return visit.status in COMING and not waits_for_money and visit.service.online


def entry_by_token(token: str) -> WaitlistEntry | None:
    """The entry that this token opens, be it over; None if there is none."""
    return with_relations().filter(token_hash=hash_token(token)).first() if token else None


def offer_by_token(token: str) -> Offer | None:
    """The offer to somebody who waits that this token opens, whatever became of it."""
    return offers_to_wait().filter(token_hash=hash_token(token)).first() if token else None


def offers_to_wait() -> QuerySet[Offer]:
    """Offers to those who wait, with everything that a page shows."""
    return Offer.objects.exclude(entry=None).select_related(*_OFFER_RELATED)


def open_offer_of(entry: WaitlistEntry, *, now: datetime) -> Offer | None:
    """The time that is kept for them at this moment."""
    return offers_to_wait().filter(entry=entry, status=_OPEN, expires_at__gt=now).first()


def due_freed_times(*, now: datetime) -> QuerySet[FreedTime]:
    """Freed times to be looked at: due, not done with, and not before somebody at this moment; the soonest first."""
    due = FreedTime.objects.filter(handled_at=None, due_at__lte=now)
    asked = Offer.objects.filter(freed_time=OuterRef("pk"), status=_OPEN)
    return due.exclude(Exists(asked)).select_related("practitioner", "location", "appointment").order_by("start", "pk")


def line_for(freed: FreedTime, *, now: datetime) -> list[InLine]:
    """Those who could take this time, in line: not asked for it before. The time of a hold that came to nothing is for
    those who joined while it was held; whoever waited before could have had it.
    """
    asked_before = Offer.objects.filter(entry=OuterRef("pk"), freed_time=freed)
    asked_now = Offer.objects.filter(entry=OuterRef("pk"), status=_OPEN)
    with_them = WaitlistEntry.practitioners.through.objects.filter(waitlistentry=OuterRef("pk"))
    entries = list(
        waiting_entries(now=now)
        .filter(location=freed.location_id, service__practitioners=freed.practitioner_id)
        .exclude(Exists(asked_before))
        .exclude(swap_for__awaiting=Appointment.Awaiting.PAYMENT)
        .exclude(patient__email="")  # nobody could write to them: staff call
        .filter(~Exists(with_them) | Exists(with_them.filter(practitioner=freed.practitioner_id)))
        .filter(Q() if freed.appointment.confirmed_at else Q(created_at__gte=freed.appointment.created_at))
        .annotate(is_answering=Exists(asked_now))
    )
    busy = _visits_near(freed, [one.patient_id for one in entries], now)
    return [InLine(one, wanted_by(one, busy=busy[one.patient_id]), one.is_answering) for one in entries]


def wanted_by(entry: WaitlistEntry, *, busy: Iterable[tuple[UUID, Interval]] = ()) -> Wanted:
    """What an entry waits for; of the patient's other visits the one to be replaced doesn't count, and in a course only
    days that keep the spacing do.
    """
    first, last = allowed_dates(entry.swap_for) if entry.swap_for else (None, None)
    return Wanted(
        practitioners=frozenset(one.pk for one in entry.practitioners.all()),
        hours=tuple(hours_of_week(entry.weekly_hours)),
        from_date=max((day for day in (entry.from_date, first) if day), default=None),
        until_date=min((day for day in (entry.until_date, last) if day), default=None),
        before=entry.swap_for.start if entry.swap_for else None,
        busy=tuple(visit for appointment, visit in busy if appointment != entry.swap_for_id),
    )


def offer_hours_of(location: Location) -> OfferHours:
    """When the clinic asks people, and how long it keeps a time for them."""
    return OfferHours(
        opens=location.offers_from,
        closes=location.offers_until,
        minutes=location.offer_minutes,
        zone=location.time_zone,
    )


def _still_waits(now: datetime) -> Q:
    comes = Q(swap_for=None) | Q(swap_for__status__in=COMING, swap_for__start__gt=now)
    in_time = Q(until_date=None) | Q(until_date__gte=clinic_date(now))
    return Q(status=WaitlistEntry.Status.WAITING) & comes & in_time


def _visits_near(freed: FreedTime, patients: list[UUID], now: datetime) -> dict[UUID, list[tuple[UUID, Interval]]]:
    """The patients' visits around the freed time; a visit may begin in it and last longer."""
    rows = occupying(now=now).filter(
        patient__in=patients, start__lt=freed.end + _LONGEST, end__gt=freed.start - _LONGEST
    )
    found: dict[UUID, list[tuple[UUID, Interval]]] = defaultdict(list)
    for pk, patient, start, end in rows.values_list("pk", "patient_id", "start", "end"):
        if patient is not None:
            found[patient].append((pk, Interval(start, end)))
    return found

"""The waitlist: who waits for which time, from when on and how urgently."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from booking.errors import NotCleared, NotPossibleNow, TooLate
from booking.models import Appointment, HealthcareService, Location, Practitioner, WaitlistEntry
from booking.reminders.waiting import tell_of_waiting
from booking.rules.opening_hours import hours_of_week
from booking.selectors.waitlist import may_wait_for_earlier, outdated_entries
from booking.services.admission import clearance_to_wait, is_unfinished
from booking.services.batches import work_off
from booking.services.cancellations import check_own
from booking.services.constraints import named_constraints
from booking.services.locks import lock_appointment
from booking.services.offers import withdraw_offers
from booking.services.records import register_for
from booking.services.states import SYSTEM, acts_for_clinic, require_clinic
from intake.errors import IncompleteAnswers, NotAllowed
from intake.models import Patient, Screening, User
from intake.origin import network_of
from intake.services.audit import record_event
from intake.services.limits import count_attempt
from intake.services.patients import PatientDetails
from intake.services.screenings import attach_screening
from intake.tokens import hash_token, new_token

Status = WaitlistEntry.Status
Urgency = WaitlistEntry.Urgency
WINDOW: Final = timedelta(hours=24)
JOINED_BY_A_BROWSER: Final = 6
MAILS_TO_AN_ADDRESS: Final = 6
JOINED_BY_A_NETWORK: Final = 60


@dataclass(frozen=True, slots=True)
class Joined:
    """A place in line, and the token that opens its page."""

    entry: WaitlistEntry
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Which times would suit. Empty means any; `weekly_hours` as `Location.weekly_hours`; dates inclusive.

    :raises ValueError: hours that can't be read, or a last date before the first
    """

    practitioners: tuple[Practitioner, ...] = ()
    weekly_hours: dict[str, list[list[str]]] = field(default_factory=dict)
    from_date: date | None = None
    until_date: date | None = None

    def __post_init__(self) -> None:
        hours_of_week(self.weekly_hours)
        if self.from_date and self.until_date and self.until_date < self.from_date:
            raise ValueError("the last date comes before the first")


def count_joining(*, browser: str, address: str, recipient: str, now: datetime) -> None:
    """Count one more place in line asked for by this browser and network, and one more mail to this mailbox.

    :raises TooManyAttempts: too many in a day
    """
    mailbox = hash_token(recipient.casefold())
    count_attempt(key=f"wait:{browser}", limit=JOINED_BY_A_BROWSER, window=WINDOW, now=now)
    count_attempt(key=f"wait-to:{mailbox}", limit=MAILS_TO_AN_ADDRESS, window=WINDOW, now=now)
    count_attempt(key=f"wait-from:{network_of(address)}", limit=JOINED_BY_A_NETWORK, window=WINDOW, now=now)


def join_waitlist(
    *,
    service: HealthcareService,
    location: Location,
    patient: Patient | PatientDetails,
    screening: Screening | None,
    times: Times,
    by: User | None = None,
    now: datetime,
) -> Joined:
    """Put somebody in line for a visit they don't have yet: a record of their own account, or of staff, or a new one.

    Staff may do so without answers; then the health form is asked for once a time is taken.

    :raises NotCleared: the answers forbid it
    :raises IncompleteAnswers, ScreeningOfAnother: answers are missing, out of date, or another person's
    :raises NotPossibleNow: this service is not booked online
    :raises WaitsAlready: they are in line for this service
    :raises NotAllowed: somebody else's record
    """
    if isinstance(patient, Patient) and not acts_for_clinic(by) and (by is None or patient.user_id != by.pk):
        raise NotAllowed
    if not service.online:
        raise NotPossibleNow(_("For this kind of visit please call us."))
    with named_constraints(), transaction.atomic(durable=True):
        if isinstance(patient, PatientDetails):
            patient = register_for(patient, location=location, start=now, by=by, now=now)
        if screening is not None and service.needs_screening:
            screening = attach_screening(screening=screening, patient=patient, now=now)
        _require_cleared(service, patient, screening, may_lack=acts_for_clinic(by), now=now)
        return _put_in_line(service, location, patient, screening, None, times, by, now)


def wait_for_earlier(*, appointment: Appointment, times: Times, by: User | None = None, now: datetime) -> Joined:
    """Put a visit in line for an earlier time, which would replace it. Without `by` it is whoever holds the link.

    :raises NotPossibleNow: it is not coming, waits for its payment, or is not booked online
    :raises WaitsAlready: it is in line
    :raises TooLate: it has begun
    :raises NotAllowed: somebody else's visit
    """
    with named_constraints(), transaction.atomic(durable=True):
        visit = lock_appointment(appointment)
        check_own(visit, by)
        if visit.start <= now:
            raise TooLate
        if not may_wait_for_earlier(visit):
            raise NotPossibleNow
        assert visit.patient is not None
        return _put_in_line(visit.service, visit.location, visit.patient, visit.screening, visit, times, by, now)


def leave_waitlist(*, entry: WaitlistEntry, by: User | None = None, now: datetime) -> WaitlistEntry:
    """Take somebody out of the line, with what they are offered just now. Done twice it stays done.

    :raises NotPossibleNow: they are being offered a time at this moment
    """
    with named_constraints(), transaction.atomic(durable=True):
        return _end(entry, Status.LEFT, by=by, role=by.role if by else "patient", now=now)


def set_urgency(*, entry: WaitlistEntry, urgency: Urgency, by: User, now: datetime) -> WaitlistEntry:
    """Put somebody further to the front, or back among the others.

    :raises NotPossibleNow: they wait no longer
    """
    require_clinic(by)
    with named_constraints(), transaction.atomic(durable=True):
        row = WaitlistEntry.objects.select_for_update(no_key=True).get(pk=entry.pk)
        if row.status != Status.WAITING:
            raise NotPossibleNow
        row.urgency = urgency
        row.save(update_fields=["urgency"])
        _record(row, "waitlist-urgency", by=by, role=by.role, urgency=int(urgency), now=now)
        return row


def end_outdated_entries(*, now: datetime) -> int:
    """End the entries whose last day is over or whose later visit is; how many. Safe twice and beside itself."""
    ended: list[WaitlistEntry] = []

    def end(entry: WaitlistEntry) -> None:
        with named_constraints(), transaction.atomic(durable=True):
            ended.append(_end(entry, Status.ENDED, role=SYSTEM, now=now))

    work_off(outdated_entries(now=now)[:200], end)
    return len(ended)


def end_entries_of(*, patient: Patient, by: User | None, now: datetime) -> int:
    """End every place in line of somebody whose record is erased, in the caller's transaction; how many."""
    entries = list(WaitlistEntry.objects.filter(patient=patient, status=Status.WAITING).order_by("pk"))
    for entry in entries:
        _end(entry, Status.ENDED, by=by, role=by.role if by else SYSTEM, now=now)
    return len(entries)


def _put_in_line(
    service: HealthcareService,
    location: Location,
    patient: Patient,
    screening: Screening | None,
    swap_for: Appointment | None,
    times: Times,
    by: User | None,
    now: datetime,
) -> Joined:
    token = new_token()
    entry = WaitlistEntry.objects.create(
        service=service,
        location=location,
        patient=patient,
        screening=screening if service.needs_screening else None,
        swap_for=swap_for,
        weekly_hours=times.weekly_hours,
        from_date=times.from_date,
        until_date=times.until_date,
        created_at=now,
        created_by=by,
        token_hash=hash_token(token),
    )
    entry.practitioners.set(times.practitioners)
    _record(entry, "waitlist-joined", by=by, role=by.role if by else "patient", now=now)
    if swap_for is None:
        tell_of_waiting(entry=entry, token=token, now=now)
    return Joined(entry, token)


def _require_cleared(
    service: HealthcareService, patient: Patient, screening: Screening | None, *, may_lack: bool, now: datetime
) -> None:
    clearance = clearance_to_wait(service=service, patient=patient, screening=screening, start=now, now=now)
    if clearance.decision != "no" or (may_lack and screening is None):
        return
    raise IncompleteAnswers if is_unfinished(clearance) else NotCleared


def _end(
    entry: WaitlistEntry, status: WaitlistEntry.Status, *, by: User | None = None, role: str, now: datetime
) -> WaitlistEntry:
    withdraw_offers(entry=entry, now=now)
    row = WaitlistEntry.objects.select_for_update(no_key=True).get(pk=entry.pk)
    if row.status == Status.WAITING:
        row.status, row.ended_at = status, now
        row.save(update_fields=["status", "ended_at"])
        _record(row, f"waitlist-{status}", by=by, role=role, now=now)
    return row


def _record(entry: WaitlistEntry, action: str, *, by: User | None, role: str, now: datetime, **details: Any) -> None:
    record_event(action=action, entity=entry, patient=entry.patient, by=by, role=role, details=details, now=now)

"""What is written of a morning: to therapists their day, to buyers of packages that one ends soon."""

from datetime import datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from booking.models import Appointment, Location, Package, Practitioner
from booking.reminders.models import Communication
from booking.reminders.of_money import announce_end_of_package
from booking.reminders.rows import message_row
from booking.reminders.settings import messages_of
from booking.rules.kinds import kind_of
from booking.rules.reminders import Planned
from booking.rules.walltime import start_of_day
from booking.selectors.packages import all_packages, standings
from booking.selectors.requests import waiting_requests

MORNING: Final = time(6, 30)
LATEST: Final = time(9)
_LIST: Final = "morning-list"
_COMING: Final = (
    Appointment.Status.PENDING,
    Appointment.Status.BOOKED,
    Appointment.Status.ARRIVED,
    Appointment.Status.CHECKED_IN,
)


def write_of_a_morning(*, now: datetime) -> int:
    """Between half past six and nine at each clinic, write what is written once a day; answers how many messages."""
    mornings = [place for place in Location.objects.all() if _is_morning(place, now)]
    return sum(_lists(place, now) + _ends_of_packages(place, now) for place in mornings)


def _is_morning(place: Location, now: datetime) -> bool:
    return MORNING <= now.astimezone(ZoneInfo(place.time_zone)).time() < LATEST


def _lists(place: Location, now: datetime) -> int:
    """To each therapist with visits or requests, once a day, times and initials: no name, and no word of why."""
    if not messages_of(place).channels(_LIST):
        return 0
    today = now.astimezone(ZoneInfo(place.time_zone)).date().isoformat()
    written = 0
    for therapist in Practitioner.objects.filter(active=True, user__is_active=True).select_related("user"):
        subject = f"morning/{place.pk}/{today}/{therapist.pk}"
        if not therapist.user.email or Communication.objects.filter(dedupe_key__startswith=f"{subject}:").exists():
            continue
        content = _day_of(therapist, place, today, now)
        if content["visits"] or content["requests"]:
            _write_list(therapist, subject, content, now)
            written += 1
    return written


def _write_list(therapist: Practitioner, subject: str, content: dict[str, Any], now: datetime) -> None:
    row = message_row(
        subject=subject,
        planned=Planned(now, _LIST, now + kind_of(_LIST).keeps),
        recipient=therapist.user.email,
        language=therapist.user.language,
        content=content,
        now=now,
    )
    Communication.objects.bulk_create([row], ignore_conflicts=True)


def _day_of(therapist: Practitioner, place: Location, today: str, now: datetime) -> dict[str, Any]:
    visits = Appointment.objects.filter(
        practitioner=therapist, location=place, status__in=_COMING, wall_start__startswith=today
    )
    return {
        "place": str(place.pk),
        "day_of": now.isoformat(),
        "visits": [
            {
                "start": visit.start.isoformat(),
                "initials": _initials(visit),
                "open": visit.status == Appointment.Status.PENDING,
            }
            for visit in visits.select_related("patient").order_by("start")
        ],
        "requests": waiting_requests(by=therapist.user, now=now).count(),
    }


def _initials(visit: Appointment) -> str:
    patient = visit.patient
    return f"{patient.given_name[:1]}.{patient.family_name[:1]}." if patient else ""


def _ends_of_packages(place: Location, now: datetime) -> int:
    """To whoever has sessions left on a package that ends soon, once for each end."""
    hours = max(messages_of(place).hours("package-expiring"))
    today = now.astimezone(ZoneInfo(place.time_zone)).date()
    ending = all_packages().filter(
        location=place,
        state=Package.State.ACTIVE,
        patient__erased_at=None,
        expires_on__gte=today,
        expires_on__lte=today + timedelta(hours=hours),
    )
    ends = [one.package for one in standings(ending, now=now) if one.left]
    return sum(announce_end_of_package(package=one, ends_at=_end_of(one), now=now) for one in ends)


def _end_of(package: Package) -> datetime:
    assert package.expires_on is not None
    return start_of_day(package.expires_on + timedelta(days=1), package.location.time_zone)

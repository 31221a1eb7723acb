"""Seeding from start to end."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from io import StringIO
from random import Random
from zoneinfo import ZoneInfo

from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import F

from booking.models import Location, TimeOff
from booking.reminders.models import Communication
from booking.reminders.services import plan_reminders
from booking.services.links import manage_token
from config.seed.clinic import Clinic, make_clinic, new_id
from config.seed.demonstration import make_it_lively
from config.seed.diary import BOOKED_SHARE, ROOM_TO_CHOOSE, Diary
from config.seed.payers import AGED, AGED_VISITS, Payers
from config.seed.visits import Writer, midnight_of

_DEMONSTRATION = {"practitioners": 3, "appointments": 520}
_DEMONSTRATION_ROOMS = 2


class ClinicExists(Exception):
    """Seeding never mixes with what is there."""


@dataclass(frozen=True, slots=True)
class Made:
    """What was made."""

    location: Location
    today: date
    practitioners: int
    patients: int
    appointments: int
    coming: int


def seed(
    *,
    practitioners: int | None,
    appointments: int | None,
    days: int,
    number: int,
    today: date | None,
    flush: bool = False,
    now: datetime,
) -> Made:
    """Make a clinic; the same numbers and day give the same clinic. The demonstration gets what happens today as well.

    :param flush: delete the clinic that is there, in the same transaction
    :raises ClinicExists: there is one
    """
    demonstration = practitioners is None and appointments is None
    rng = Random(number)
    today = today or now.astimezone(ZoneInfo(settings.CLINIC_TIME_ZONE)).date()
    with transaction.atomic():
        _take_your_time()
        if flush:
            empty_the_clinic()
        if Location.objects.exists():
            raise ClinicExists
        people = practitioners or _DEMONSTRATION["practitioners"]
        total = _DEMONSTRATION["appointments"] if appointments is None else appointments
        call_command("load_questionnaire", stdout=StringIO())
        rooms = _DEMONSTRATION_ROOMS if demonstration else people
        clinic = make_clinic(rng=rng, practitioners=people, rooms=rooms, today=today)
        share = ROOM_TO_CHOOSE if demonstration else BOOKED_SHARE
        midnight = midnight_of(today, ZoneInfo(clinic.location.time_zone))
        payers = Payers(midnight) if demonstration else None
        made = _fill(clinic, rng, today=today, days=days, total=total, share=share, payers=payers, now=now)
    if demonstration:
        make_it_lively(clinic=clinic, rng=rng, now=now)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return made


def _fill(
    clinic: Clinic,
    rng: Random,
    *,
    today: date,
    days: int,
    total: int,
    share: float,
    payers: Payers | None,
    now: datetime,
) -> Made:
    midnight = midnight_of(today, ZoneInfo(clinic.location.time_zone))
    _make_time_off(clinic, rng, today, days)
    diary = Diary(clinic=clinic, rng=rng, today=today, share=share)
    coming = diary.coming(today=today, days=days, at_most=total)
    aged = [] if payers is None else [one for ago in AGED for one in diary.past(today=today - ago, number=AGED_VISITS)]
    past = aged + diary.past(today=today, number=total - len(coming) - len(aged))
    writer = Writer(clinic=clinic, rng=rng, midnight=midnight, payers=payers)
    made = [writer.add(visit) for visit in (*past, *coming)]
    writer.written.insert()
    planned_at = now if midnight <= now < midnight + timedelta(days=1) else midnight
    for appointment in made[len(past) :]:
        known_at = min(planned_at, appointment.start - timedelta(hours=3))
        plan_reminders(appointment=appointment, manage_token=manage_token(appointment), now=known_at)
    # whoever comes soon was reminded two hours before, like everybody
    Communication.objects.filter(status=Communication.Status.PREPARATION, due_at__lte=planned_at).update(
        status=Communication.Status.COMPLETED, sent_at=F("due_at")
    )
    return Made(clinic.location, today, len(clinic.practitioners), len(writer.written.patients), len(made), len(coming))


def _take_your_time() -> None:
    """Years of visits are drawn and copied in one transaction, which is longer than any request may take."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL statement_timeout = 0")


def empty_the_clinic() -> None:
    """Delete every row of every clinic. Sessions go too; whether this copy may send stays as it is."""
    ours = {"intake", "booking", "payments", "reminders", "account", "mfa", "sessions"}
    tables = [
        f'"{model._meta.db_table}"'
        for model in apps.get_models(include_auto_created=True)
        if model._meta.app_label in ours and model._meta.label != "reminders.SenderSwitch"
    ]
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(tables)} CASCADE")


def _make_time_off(clinic: Clinic, rng: Random, today: date, days: int) -> list[TimeOff]:
    """A day away for each therapist in the window."""
    zone = ZoneInfo(clinic.location.time_zone)
    absences = []
    for practitioner in clinic.practitioners:
        first = midnight_of(today + timedelta(days=rng.randint(2, max(2, days - 1))), zone)
        absences.append(
            TimeOff(
                id=new_id(rng), location=clinic.location, practitioner=practitioner, start=first,
                end=first + timedelta(days=1), reason="Away",
            )
        )  # fmt: skip
    return TimeOff.objects.bulk_create(absences)

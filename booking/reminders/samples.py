"""A message as it would read, about a visit that nobody has: for previews, tests by mail and the tests of our words."""

from datetime import datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.utils.translation import override

from booking.models import Appointment, HealthcareService, Location, Practitioner
from booking.reminders.channels.base import Letter
from booking.reminders.letters import context_of, letter_in
from booking.reminders.models import Communication
from booking.reminders.wording import MessageForm, Words, our_words, own_filled
from booking.rules.kinds import kind_of
from intake.models import Patient

GIVEN_NAME: Final = "Camille"
_TOKEN: Final = "sample".ljust(43, "0")  # as long as a real one
_CANCELLED: Final = {"status": Appointment.Status.CANCELLED, "cancel_reason": Appointment.CancelReason.CLINIC}


def sample_of(form: MessageForm, *, now: datetime) -> Communication:
    """An unsaved message of this kind about an unsaved visit at the clinic, a week from now at ten in the morning."""
    location, language = form.location, form.language
    start, kind = _a_week_on(location, now), kind_of(form.kind)
    about_visit = kind.of in ("visit", "staff")
    return Communication(
        kind=form.kind,
        channel=form.channel,
        language=language,
        appointment=_visit(location, start, now, ended=kind.tells_end) if about_visit else None,
        patient=Patient(given_name=GIVEN_NAME, family_name="", language=language) if kind.of != "staff" else None,
        content=_content(start, now),
        created_at=now,
        due_at=now,
        not_after=start - timedelta(hours=20),
    )


def sample_letter(words: Words | None, *, form: MessageForm, now: datetime) -> Letter:
    """The finished message about a sample visit: in these words of a clinic, or without any as we ship it."""
    sample = sample_of(form, now=now)
    with override(form.language):
        context = context_of(sample, now=now)
        how = {"channel": form.channel, "language": form.language}
        if words is None:
            said = our_words(form.kind, **how, context=context)
        else:
            said = own_filled(words, form.kind, **how, context=context)
        return letter_in(said, sample, context=context, now=now)


def _visit(location: Location, start: datetime, now: datetime, *, ended: bool) -> Appointment:
    therapist = Practitioner.objects.filter(active=True).order_by("name").first() or Practitioner(name="Anna Roy")
    service = HealthcareService.objects.exclude(room_kind="").order_by("name").first()
    return Appointment(
        location=location,
        practitioner=therapist,
        service=service or HealthcareService(room_kind="treatment"),
        start=start,
        end=start + timedelta(minutes=45),
        time_zone=location.time_zone,
        free_cancel_until=start - timedelta(hours=24),
        late_fee_amount=1,
        decide_by=now + timedelta(hours=20),
        form_due_at=start - timedelta(hours=24),
        **(_CANCELLED | {"cancelled_at": now} if ended else {"status": Appointment.Status.BOOKED}),
    )


def _a_week_on(location: Location, now: datetime) -> datetime:
    zone = ZoneInfo(location.time_zone)
    return datetime.combine(now.astimezone(zone).date() + timedelta(days=7), time(10), zone)


def _content(start: datetime, now: datetime) -> dict[str, Any]:
    """What any kind may need besides its visit; a sample's links lead nowhere."""
    other = (start + timedelta(days=1)).isoformat()
    return {
        "token": _TOKEN,
        "path": f"/visit/{_TOKEN}/",
        "url": "https://example.org/sample/",
        "code": "ABCD-1234",
        "news": "password",
        "manager": "Anna Roy",
        "choices": [{"start": other, "practitioner": "Anna Roy"}],
        "alternatives": [other],
        "answer_by": (start - timedelta(days=2)).isoformat(),
        "ends_at": (start + timedelta(days=14)).isoformat(),
        "day_of": start.isoformat(),
        "visits": [{"start": start.isoformat(), "initials": "A.B.", "open": False}],
        "requests": 2,
        "subject": "Camille",
        "text": "Camille",
        "title": "Anna Roy",
        "story": "Anna Roy",
        "first": True,
        "fee": True,
    }

"""Days on which much goes wrong: what is stale stays here, what is said is true, and each thing is said once."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from icalendar import Calendar

from booking.models import Appointment, Location
from booking.reminders.channels.base import Letter
from booking.reminders.channels.email import EmailChannel
from booking.reminders.delivery import deliver_due
from booking.reminders.models import Communication, ContactPreference
from booking.reminders.rows import message_row
from booking.reminders.services import announce_cancellation, plan_booking_messages, replan_after_move
from booking.reminders.verdicts import TOO_LATE
from booking.rules.kinds import kind_of
from booking.rules.reminders import Planned, payment_nudge
from booking.services.appointments import reschedule_appointment
from tests.booking.reminders.contacts import SMS, make_texted_visit
from tests.booking.reminders.visits import NOW, START, make_visit
from tests.factories.booking import NOW as TODAY
from tests.factories.booking import at, make_appointment, make_clinic, make_staff
from tests.factories.intake import make_patient
from tests.simulators.mail.smtp import Faults, Mailbox
from tests.simulators.mail.store import Received
from tests.simulators.sms import SmsSimulator

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def planned(visit: Appointment, now: datetime = NOW) -> Appointment:
    plan_booking_messages(appointment=visit, manage_token="secret", now=now)
    return visit


def sent(visit: Appointment) -> list[str]:
    rows = Communication.objects.filter(appointment=visit, status="completed")
    return [row.kind for row in rows.order_by("sent_at", "due_at", "kind")]


def why_not(visit: Appointment) -> set[tuple[str, str]]:
    rows = Communication.objects.filter(appointment=visit, status__in=["not-done", "stopped"])
    return {(row.kind, row.status_reason) for row in rows}


def move(visit: Appointment, by: timedelta, now: datetime) -> None:
    visit.start, visit.end = visit.start + by, visit.end + by
    visit.schedule_version += 1
    Appointment.objects.filter(pk=visit.pk).update(
        start=visit.start,
        end=visit.end,
        occupied=DateTimeTZRange(visit.start, visit.end),
        schedule_version=visit.schedule_version,
    )
    replan_after_move(appointment=visit, now=now)


def test_after_six_hours_without_anybody_who_sends_nothing_stale_goes_out(mailbox: Mailbox) -> None:
    """What would have been due in those hours goes out only if it is still of use then, and the rest says why not."""
    too_late = "It could not be sent while it was useful."
    visits = {hours: planned(make_visit(start=NOW + hours * HOUR), NOW - 72 * HOUR) for hours in (1, 3, 7.5, 27, 50)}
    Communication.objects.filter(due_at__lte=NOW).update(status="completed", sent_at=NOW)
    deliver_due(now=NOW + 6 * HOUR)
    fresh = Communication.objects.filter(status="completed", sent_at__gt=NOW).values_list("appointment", "kind")
    assert set(fresh) == {
        (visits[7.5].pk, "reminder-2"),  # an hour and a half before: just in time
        (visits[27].pk, "recheck"),
        (visits[50].pk, "reminder-1"),
    }
    assert {hours: why_not(visit) for hours, visit in visits.items()} == {
        1: set(),
        3: {("reminder-2", too_late)},
        7.5: set(),
        27: set(),
        50: set(),
    }


def test_after_six_hours_no_code_and_no_offer_goes_out_that_has_ended(mailbox: Mailbox) -> None:
    """What has an end of its own: codes and links to sign in, a time that is kept, a payment that is awaited."""
    visit = make_visit()
    codes = ("sign-in-code", "sign-in-by-code", "sign-in-by-password", "password-reset", "resume-link", "account-news")
    ends = {code: NOW + kind_of(code).keeps for code in codes}
    ends |= {"waitlist-offer": NOW + HOUR / 2, "payment-waiting": payment_nudge(now=NOW).not_after}
    said = {"code": "ABCD-1234", "url": "https://clinic.example/x/", "path": "/x/", "news": "password"}
    for code, end in ends.items():
        about = visit if kind_of(code).of == "visit" else None
        message_row(
            subject=code, planned=Planned(NOW, code, end), recipient="ana@example.test", language="en", content=said,
            appointment=about, now=NOW,
        ).save()  # fmt: skip
    deliver_due(now=NOW + 6 * HOUR)
    rows = Communication.objects.values_list("kind", "status", "status_reason")
    late = {kind for kind, *end in rows if end == ["not-done", TOO_LATE]}
    assert late == ends.keys() - {"account-news"}
    assert {kind for kind, status, _ in rows if status == "completed"} == {"account-news"}


def test_a_visit_booked_two_hours_ahead_is_confirmed_and_never_told_of_tomorrow(mailbox: Mailbox) -> None:
    visit = planned(make_visit(start=NOW + 2 * HOUR))
    for minutes in range(0, 180, 20):
        deliver_due(now=NOW + timedelta(minutes=minutes))
    assert sent(visit) == ["confirmation"]


def test_a_visit_moved_five_times_is_told_of_as_it_is_at_last(mailbox: Mailbox) -> None:
    visit = planned(make_visit())
    deliver_due(now=NOW)
    for number in range(1, 6):
        move(visit, timedelta(days=1), NOW + number * HOUR)
    deliver_due(now=NOW + 6 * HOUR)
    for hours in (48, 24, 2):
        deliver_due(now=visit.start - hours * HOUR)
    told = [mail.subject for mail in reversed(mailbox.store.messages())]
    assert sent(visit) == ["confirmation", "moved", "reminder-1", "recheck", "reminder-2"]
    assert [subject for subject in told if "1 December" in subject] == told[:1]  # of the first time, before it moved
    assert {row.schedule_version for row in Communication.objects.filter(kind="moved", status="completed")} == {6}
    assert {reason for _, reason in why_not(visit)} == {"The visit was moved."}


def test_moved_five_times_at_the_desk_it_is_told_of_once_with_one_calendar_file(mailbox: Mailbox) -> None:
    clinic, staff = make_clinic(), make_staff()
    visit = make_appointment(clinic, start=at(10), service=clinic.call, patient=make_patient(email="ana@example.test"))
    for days in (2, 3, 4, 7, 8):  # Wednesday to Friday, Monday and Tuesday
        visit.refresh_from_db()
        reschedule_appointment(appointment=visit, practitioner=None, start=at(10, days=days), by=staff, now=TODAY)
    deliver_due(now=TODAY + HOUR)
    (mail,) = mailbox.store.messages()
    assert mail.subject == "Your appointment has a new time: Tuesday 1 December, 10:00"
    (event,) = Calendar.from_ical(calendar_of(mail)).walk("VEVENT")
    assert (event.decoded("DTSTART"), event["SEQUENCE"]) == (at(10, days=8), 12)
    assert {reason for _, reason in why_not(visit)} == {"The visit was moved."}


def calendar_of(mail: Received) -> bytes:
    parts = [part for part in mail.content.walk() if part.get_content_type() == "text/calendar"]
    return bytes(parts[0].get_payload(decode=True))


class Meanwhile(EmailChannel):
    """While the first mail is handed over, the visit is cancelled."""

    visit: Appointment

    def send(self, letter: Letter) -> str:
        visit = self.visit
        if visit.status != "cancelled":
            visit.status, visit.cancel_reason, visit.cancelled_at = "cancelled", "clinic", NOW
            visit.save()
            announce_cancellation(appointment=visit, now=NOW)
        return super().send(letter)


def test_a_visit_cancelled_while_its_mail_is_sent_is_told_of_the_end_after_it(mailbox: Mailbox) -> None:
    Meanwhile.visit = planned(make_visit())
    deliver_due(now=NOW, channel=Meanwhile)
    assert sent(Meanwhile.visit) == ["cancellation", "confirmation"] or sent(Meanwhile.visit) == [
        "confirmation",
        "cancellation",
    ]
    assert {reason for _, reason in why_not(Meanwhile.visit)} == {"The visit was cancelled."}
    assert "is cancelled" in mailbox.store.messages()[0].subject


def test_a_visit_cancelled_after_its_mail_got_no_answer_says_that_it_may_have_arrived(mailbox: Mailbox) -> None:
    visit = planned(make_visit())
    mailbox.faults = Faults(drop=True, times=1)
    deliver_due(now=NOW)
    visit.status, visit.cancel_reason, visit.cancelled_at = "cancelled", "clinic", NOW
    visit.save()
    announce_cancellation(appointment=visit, now=NOW)
    deliver_due(now=NOW + HOUR)
    assert sent(visit) == ["cancellation"]
    assert ("confirmation", "It may have arrived: it was handed over, and no answer ever came.") in why_not(visit)


# Noon on the wall of three days: in Toronto the clocks go on by an hour at two in the night before, go back by one, and
# in Edmonton, where they did until the law of 2026, they do nothing. Beside it: eight in that morning, in UTC.
CHANGES = [
    pytest.param("America/Toronto", datetime(2027, 3, 14, 16, tzinfo=UTC), 12, id="spring"),
    pytest.param("America/Toronto", datetime(2026, 11, 1, 17, tzinfo=UTC), 13, id="autumn"),
    pytest.param("America/Edmonton", datetime(2026, 11, 1, 18, tzinfo=UTC), 14, id="no change"),
]


def visit_in(zone: str, start: datetime) -> Appointment:
    visit = make_texted_visit(start=start)
    Location.objects.filter(pk=visit.location_id).update(time_zone=zone)
    Appointment.objects.filter(pk=visit.pk).update(time_zone=zone)
    visit.refresh_from_db()
    return visit


@pytest.mark.parametrize(("zone", "noon", "eight"), CHANGES)
@pytest.mark.parametrize("hours", [7.5, 10.5, 11.5])
def test_the_night_of_a_clock_change_ends_at_eight_on_the_wall(
    zone: str, noon: datetime, eight: int, hours: float, mailbox: Mailbox, phones: SmsSimulator
) -> None:
    """Whether the message was due before the change, in the hour that comes twice, or after it."""
    visit = visit_in(zone, noon + 48 * HOUR)
    plan_booking_messages(appointment=visit, manage_token="secret", now=noon - 72 * HOUR)
    row = Communication.objects.get(kind="reminder-1", channel=SMS)
    night = noon - hours * HOUR
    Communication.objects.filter(pk=row.pk).update(due_at=night)
    deliver_due(now=night, by=SMS)
    row.refresh_from_db()
    assert (row.status, row.due_at) == ("preparation", noon.replace(hour=eight))


@pytest.mark.parametrize(("zone", "noon", "_eight"), CHANGES)
def test_reminders_come_so_many_hours_before_whatever_the_clocks_do_and_name_the_hour_on_the_wall(
    zone: str, noon: datetime, _eight: int, mailbox: Mailbox
) -> None:
    planned(visit_in(zone, noon), noon - 96 * HOUR)
    rows = Communication.objects.exclude(kind="confirmation").filter(channel="email")
    assert {row.kind: (noon - row.due_at) / HOUR for row in rows} == {"reminder-1": 48, "recheck": 24, "reminder-2": 2}
    deliver_due(now=noon - 96 * HOUR)
    sent_at = []
    for hours in (48, 24, 2):
        due = noon - hours * HOUR
        sent_at.append((deliver_due(now=due - timedelta(minutes=1)), deliver_due(now=due)))
    assert sent_at == [(0, 1)] * 3
    assert ["12:00" in mail.text for mail in mailbox.store.messages()] == [True] * 4


@pytest.mark.parametrize(
    ("zone", "morning"),
    [("", datetime(2026, 12, 1, 15, tzinfo=UTC)), ("America/Halifax", datetime(2026, 12, 1, 13, tzinfo=UTC))],
    ids=["the clinic's zone", "their own"],
)
def test_quiet_hours_of_one_s_own_are_kept_in_one_s_zone(mailbox: Mailbox, zone: str, morning: datetime) -> None:
    visit = make_visit(start=START + 48 * HOUR)
    ContactPreference.objects.create(
        patient=visit.patient, quiet_from=time(22), quiet_until=time(9), time_zone=zone, changed_at=NOW
    )
    plan_booking_messages(appointment=visit, manage_token="secret", now=NOW)
    Communication.objects.exclude(kind="reminder-1").delete()
    night = datetime(2026, 12, 1, 8, tzinfo=UTC)  # two in Edmonton, four in Halifax
    Communication.objects.update(due_at=night)
    assert deliver_due(now=night) == 0
    assert Communication.objects.get().due_at == morning


def cancelled_by_clinic(start: datetime, now: datetime) -> Appointment:
    visit = make_texted_visit(email="", start=start)
    visit.status, visit.cancel_reason, visit.cancelled_at = "cancelled", "clinic", now
    visit.save()
    announce_cancellation(appointment=visit, now=now)
    return visit


def test_a_cancellation_of_the_same_day_is_told_at_any_hour_and_another_waits(phones: SmsSimulator) -> None:
    five = datetime(2026, 12, 1, 11, tzinfo=UTC)  # in the morning, in Edmonton
    today, later = cancelled_by_clinic(five + 4 * HOUR, five), cancelled_by_clinic(five + 60 * HOUR, five)
    assert deliver_due(now=five, by=SMS) == 1
    assert (sent(today), sent(later)) == (["cancellation"], [])
    assert deliver_due(now=five + 3 * HOUR, by=SMS) == 1
    assert sent(later) == ["cancellation"]

"""Days on which much goes wrong: what is stale stays here, what is said is true, and each thing is said once."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from booking.models import Appointment, Location
from booking.reminders.channels.base import Letter
from booking.reminders.channels.email import EmailChannel
from booking.reminders.delivery import deliver_due
from booking.reminders.models import Communication, ContactPreference
from booking.reminders.services import announce_cancellation, plan_booking_messages, replan_after_move
from tests.booking.reminders.contacts import SMS, make_texted_visit
from tests.booking.reminders.visits import NOW, START, make_visit
from tests.simulators.mail.smtp import Faults, Mailbox
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


# Toronto still changes its clocks: on 14 March 2027 at two in the morning it is three.
TORONTO_NOON = datetime(2027, 3, 14, 16, tzinfo=UTC)


def test_the_night_of_a_clock_change_ends_at_eight_on_the_wall(mailbox: Mailbox, phones: SmsSimulator) -> None:
    visit = make_texted_visit(start=TORONTO_NOON + 48 * HOUR)
    Location.objects.filter(pk=visit.location_id).update(time_zone="America/Toronto")
    visit.location.refresh_from_db()
    plan_booking_messages(appointment=visit, manage_token="secret", now=TORONTO_NOON - 72 * HOUR)
    row = Communication.objects.get(kind="reminder-1", channel=SMS)
    Communication.objects.filter(pk=row.pk).update(due_at=TORONTO_NOON - 9 * HOUR)  # in the night of the change
    deliver_due(now=TORONTO_NOON - 9 * HOUR, by=SMS)
    row.refresh_from_db()
    assert (row.status, row.due_at) == ("preparation", datetime(2027, 3, 14, 12, tzinfo=UTC))


def test_a_reminder_a_day_before_comes_twenty_four_hours_before_whatever_the_clocks_do(mailbox: Mailbox) -> None:
    visit = make_visit(start=TORONTO_NOON)
    Location.objects.filter(pk=visit.location_id).update(time_zone="America/Toronto")
    visit.location.refresh_from_db()
    planned(visit, TORONTO_NOON - 96 * HOUR)
    due = Communication.objects.get(kind="recheck").due_at
    assert due == TORONTO_NOON - 24 * HOUR
    assert deliver_due(now=due - timedelta(minutes=1)) > 0  # the confirmation and the first reminder
    assert deliver_due(now=due) == 1


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

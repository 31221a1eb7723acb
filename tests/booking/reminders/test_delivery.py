import smtplib
from contextlib import suppress
from datetime import timedelta
from email.message import EmailMessage

import pytest
from pytest_django import Settings

from booking.models import Location
from booking.reminders.delivery import claim, deliver_due
from booking.reminders.models import Communication
from booking.reminders.services import (
    announce_cancellation,
    plan_booking_messages,
    queue_sign_in_mail,
    replan_after_move,
)
from booking.reminders.switch import hold_senders, release_senders
from tests.booking.reminders.visits import NOW, START, make_visit
from tests.simulators.mail.smtp import Faults, Mailbox

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def outcome(kind: str = "confirmation") -> tuple[str, str]:
    row = Communication.objects.get(kind=kind)
    return row.status, row.status_reason


def booked(**over: object) -> object:
    visit = make_visit(**over)
    plan_booking_messages(appointment=visit, manage_token="secret", now=NOW)
    return visit


def test_what_is_due_is_sent_once(mailbox: Mailbox) -> None:
    visit = booked()
    assert deliver_due(now=NOW) == 1
    assert deliver_due(now=NOW + MINUTE) == 0
    (mail,) = mailbox.store.messages()
    assert mail.recipients == [visit.patient.email]
    row = Communication.objects.get(kind="confirmation")
    assert (row.status, row.attempts, row.lease_token, mail.content["Message-ID"]) == (
        "completed",
        1,
        None,
        f"<{row.pk}@riverside.example>",
    )


def test_reminders_come_at_their_time(mailbox: Mailbox) -> None:
    booked()
    for hours in (48, 24, 2):
        assert deliver_due(now=START - timedelta(hours=hours)) == (2 if hours == 48 else 1)
    assert len(mailbox.store.messages()) == 4


def test_what_lost_its_use_is_skipped_and_says_so(mailbox: Mailbox) -> None:
    booked()
    deliver_due(now=START - timedelta(hours=1))
    assert outcome("reminder-1") == ("not-done", "It could not be sent while it was useful.")
    assert outcome("reminder-2") == ("not-done", "It could not be sent while it was useful.")


def test_the_world_is_looked_at_again_before_sending(mailbox: Mailbox) -> None:
    visit = booked()
    visit.status, visit.cancel_reason, visit.cancelled_at = "cancelled", "patient", NOW
    visit.save()
    assert deliver_due(now=NOW) == 0
    assert outcome() == ("stopped", "The visit was cancelled.")


def test_a_moved_visit_is_not_announced_at_its_old_time(mailbox: Mailbox) -> None:
    visit = booked()
    visit.schedule_version = 2
    visit.save()
    assert deliver_due(now=NOW) == 0
    assert outcome() == ("stopped", "The visit was moved.")


def test_a_reminder_waits_for_the_morning(mailbox: Mailbox) -> None:
    booked()
    due = START - timedelta(hours=48)  # Sunday, 9:00
    Location.objects.update(quiet_from="21:00", quiet_until="10:00")
    Communication.objects.filter(kind="confirmation").delete()
    assert deliver_due(now=due) == 0
    row = Communication.objects.get(kind="reminder-1")
    assert (row.status, row.due_at, row.attempts) == ("preparation", due + timedelta(hours=1), 0)
    assert deliver_due(now=due + timedelta(hours=1)) == 1


def test_one_bad_address_never_stops_the_others(mailbox: Mailbox) -> None:
    bad, good = booked(email="nobody@@example.test\nBcc: all@example.test"), booked()
    assert deliver_due(now=NOW) == 1
    rows = {row.appointment_id: (row.status, row.status_reason) for row in Communication.objects.filter(due_at=NOW)}
    assert rows == {bad.pk: ("not-done", "The e-mail address can't be used."), good.pk: ("completed", "")}


def test_a_corrected_address_is_the_one_that_is_used(mailbox: Mailbox) -> None:
    visit = booked()
    visit.patient.email = "right@example.test"
    visit.patient.save()
    assert deliver_due(now=NOW) == 1
    assert mailbox.store.messages()[0].recipients == ["right@example.test"]
    assert Communication.objects.get(kind="confirmation").recipient == "right@example.test"


def test_an_address_that_was_taken_away_is_not_used(mailbox: Mailbox) -> None:
    visit = booked()
    visit.patient.email = ""
    visit.patient.save()
    assert deliver_due(now=NOW) == 0
    assert outcome() == ("not-done", "There is no e-mail address.")


def test_nobody_writes_to_an_erased_record(mailbox: Mailbox) -> None:
    visit = booked()
    visit.patient.erased_at = NOW
    visit.patient.save()
    assert deliver_due(now=NOW) == 0
    assert outcome() == ("stopped", "The record was erased.")


def test_a_refusal_for_good_says_what_the_server_said(mailbox: Mailbox) -> None:
    booked()
    mailbox.faults = Faults(refuse=550)
    assert deliver_due(now=NOW) == 0
    assert outcome() == ("not-done", "The mail server refused it: 550 5.1.1 No such mailbox")


def test_a_refusal_for_now_is_tried_again_later(mailbox: Mailbox) -> None:
    booked()
    mailbox.faults = Faults(refuse=451, times=1)
    assert deliver_due(now=NOW) == 0
    assert outcome() == ("preparation", "The mail server refused it: 451 4.3.0 Try again later")
    assert deliver_due(now=NOW + timedelta(seconds=29)) == 0
    assert deliver_due(now=NOW + timedelta(seconds=31)) == 1
    assert outcome() == ("completed", "")


def test_after_eight_refusals_it_is_given_up(mailbox: Mailbox) -> None:
    booked()
    mailbox.faults = Faults(refuse=451)
    for hours in range(12):
        deliver_due(now=NOW + timedelta(hours=hours))
    row = Communication.objects.get(kind="confirmation")
    assert (row.status, row.attempts) == ("not-done", 8)


def test_a_broken_connection_leads_to_one_more_mail_with_the_same_id_and_the_row_says_so(mailbox: Mailbox) -> None:
    booked()
    mailbox.faults = Faults(drop=True, times=1)
    assert deliver_due(now=NOW) == 0
    assert Communication.objects.get(kind="confirmation").maybe_sent_at is not None
    assert deliver_due(now=NOW + MINUTE) == 1
    assert outcome() == ("completed", "Sent a second time, because the first try ended without an answer.")
    assert len(mailbox.store.messages()) == 2
    assert len({mail.content["Message-ID"] for mail in mailbox.store.messages()}) == 1


def test_it_is_never_handed_over_a_third_time(mailbox: Mailbox) -> None:
    booked()
    mailbox.faults = Faults(drop=True)
    for minutes in (0, 1, 5, 20, 90):
        assert deliver_due(now=NOW + minutes * MINUTE) == 0
    assert outcome()[0] == "not-done"
    assert "may have arrived" in outcome()[1]
    assert len(mailbox.store.messages()) == 2


def test_while_the_server_is_away_no_try_is_used_up_and_all_goes_out_after_its_return(
    mailbox: Mailbox, settings: Settings
) -> None:
    port = settings.EMAIL_PORT
    for _ in range(3):
        booked()
    settings.EMAIL_PORT = 1
    for hours in range(12):
        assert deliver_due(now=NOW + timedelta(hours=hours)) == 0
    waiting = Communication.objects.filter(kind="confirmation").values_list("status", "attempts", "status_reason")
    assert set(waiting) == {("preparation", 0, "The mail server can't be reached; it will be sent when it is back.")}
    settings.EMAIL_PORT = port
    assert deliver_due(now=NOW + timedelta(hours=12)) == 3
    assert outcome_set() == {("completed", "")}


def outcome_set() -> set[tuple[str, str]]:
    return set(Communication.objects.filter(kind="confirmation").values_list("status", "status_reason"))


def test_a_restored_copy_sends_nothing_until_it_is_released(mailbox: Mailbox) -> None:
    booked()
    hold_senders(reason="restored", now=NOW)
    assert deliver_due(now=NOW) == 0
    assert outcome() == ("preparation", "")
    release_senders(now=NOW)
    assert deliver_due(now=NOW) == 1


def test_what_expires_first_goes_first(mailbox: Mailbox) -> None:
    booked()
    queue_sign_in_mail(
        recipient="a@example.test", language="en", template="sign-in-code", context={"code": "KX7M"}, now=NOW
    )
    assert deliver_due(now=NOW, limit=1) == 1
    (mail,) = mailbox.store.messages()
    assert "KX7M" in mail.text
    assert "KX7M" not in mail.subject


def test_a_sign_in_code_is_forgotten_once_sent_or_expired(mailbox: Mailbox) -> None:
    for moment in (NOW, NOW - timedelta(hours=1)):
        queue_sign_in_mail(
            recipient="a@example.test", language="en", template="sign-in-code", context={"code": "KX7M"}, now=moment
        )
    assert deliver_due(now=NOW) == 1
    assert set(Communication.objects.values_list("status", "content")) == {("completed", None), ("not-done", None)}


def test_a_worker_that_slept_through_its_lease_can_write_no_more(mailbox: Mailbox) -> None:
    booked()
    slow = claim(now=NOW)
    assert slow is not None
    assert claim(now=NOW + timedelta(seconds=59)) is None
    assert deliver_due(now=NOW + timedelta(seconds=60)) == 1
    stale = Communication.objects.filter(pk=slow.pk, lease_token=slow.lease_token)
    assert stale.update(status="not-done", status_reason="x") == 0
    assert outcome() == ("completed", "")


def test_a_row_that_breaks_its_worker_each_time_is_given_up_after_eight_tries(mailbox: Mailbox) -> None:
    booked()
    Communication.objects.filter(kind="confirmation").update(kind="unheard-of")
    for minutes in range(0, 20, 2):
        with suppress(KeyError):
            deliver_due(now=NOW + minutes * MINUTE)
    assert outcome("unheard-of") == ("not-done", "Given up after 8 tries.")


def test_moving_and_cancelling_each_tell_once(mailbox: Mailbox) -> None:
    visit = booked()
    visit.start, visit.end, visit.schedule_version = START + 7 * timedelta(days=1), visit.end + timedelta(days=7), 2
    visit.occupied = None
    type(visit).objects.filter(pk=visit.pk).update(schedule_version=2)
    replan_after_move(appointment=visit, now=NOW)
    type(visit).objects.filter(pk=visit.pk).update(status="cancelled", cancel_reason="clinic", cancelled_at=NOW)
    visit.status, visit.cancel_reason = "cancelled", "clinic"
    announce_cancellation(appointment=visit, now=NOW)
    assert deliver_due(now=NOW) == 1
    assert [mail.subject for mail in mailbox.store.messages()] == [
        "Your appointment on Tuesday 1 December, 9:00 is cancelled"
    ]


def test_the_server_speaks_as_we_assume(mailbox: Mailbox, settings: Settings) -> None:
    """The fault we order is the one we mean: a message that was kept, and no answer."""
    mailbox.faults = Faults(drop=True, times=1)
    mail = EmailMessage()
    mail["To"], mail["From"], mail["Subject"] = "a@example.test", "b@example.test", "x"
    with smtplib.SMTP("127.0.0.1", settings.EMAIL_PORT) as server, pytest.raises(smtplib.SMTPServerDisconnected):
        server.send_message(mail)
    assert len(mailbox.store.messages()) == 1

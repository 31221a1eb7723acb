from datetime import timedelta

import pytest

from booking.errors import NotPossibleNow
from booking.models import Appointment
from booking.reminders.models import Communication
from booking.reminders.services import (
    announce_cancellation,
    announce_decision,
    announce_lost_slot,
    ask_to_check,
    plan_booking_messages,
    queue_sign_in_mail,
    replan_after_move,
    resend,
    stop_messages,
    tell_staff,
)
from booking.rules.availability import Slot
from intake.models.user import Role
from tests.booking.reminders.visits import NOW, START, make_visit
from tests.factories.intake import make_user

pytestmark = pytest.mark.django_db


def kinds(appointment: Appointment, status: str = "preparation") -> list[str]:
    rows = Communication.objects.filter(appointment=appointment, status=status)
    return [row.kind for row in rows.order_by("due_at", "kind")]


def test_a_booked_visit_is_confirmed_at_once_and_reminded_of_twice() -> None:
    visit = make_visit()
    plan_booking_messages(appointment=visit, manage_token="secret", now=NOW)
    rows = Communication.objects.order_by("due_at")
    assert [(row.dedupe_key, row.due_at, row.recipient) for row in rows] == [
        (f"appointment/{visit.pk}:confirmation:email:v1", NOW, visit.patient.email),
        (f"appointment/{visit.pk}:reminder-1:email:v1", START - timedelta(hours=48), visit.patient.email),
        (f"appointment/{visit.pk}:recheck:email:v1", START - timedelta(hours=24), visit.patient.email),
        (f"appointment/{visit.pk}:reminder-2:email:v1", START - timedelta(hours=2), visit.patient.email),
    ]
    assert {row.content["token"] for row in rows} == {"secret"}


def test_planning_twice_plans_once() -> None:
    visit = make_visit()
    plan_booking_messages(appointment=visit, manage_token="secret", now=NOW)
    plan_booking_messages(appointment=visit, now=NOW + timedelta(seconds=1))
    assert kinds(visit) == ["confirmation", "reminder-1", "recheck", "reminder-2"]


def test_a_visit_in_two_hours_is_confirmed_and_not_reminded_of() -> None:
    visit = make_visit()
    plan_booking_messages(appointment=visit, manage_token="secret", now=START - timedelta(hours=2))
    assert kinds(visit) == ["confirmation"]


def test_payment_then_review_then_approval_each_say_their_own_and_keep_the_link() -> None:
    visit = make_visit(status="pending", awaiting="payment")
    plan_booking_messages(appointment=visit, manage_token="secret", now=NOW)
    assert kinds(visit) == ["payment-waiting"]
    visit.awaiting, visit.decide_by = "review", NOW + timedelta(hours=24)
    plan_booking_messages(appointment=visit, now=NOW)
    assert kinds(visit) == ["request-received"]
    assert kinds(visit, "stopped") == ["payment-waiting"]
    visit.status, visit.awaiting = "booked", ""
    announce_decision(appointment=visit, decision="approved", now=NOW)
    assert kinds(visit) == ["approved", "reminder-1", "recheck", "reminder-2"]
    assert {row.content["token"] for row in Communication.objects.all()} == {"secret"}


def test_the_therapist_is_told_of_a_request_though_the_patient_s_mail_is_planned_after() -> None:
    visit = make_visit(status="pending", awaiting="review", decide_by=NOW + timedelta(hours=24))
    tell_staff(kind="request-waiting", recipients=[visit.practitioner.user], appointment=visit, now=NOW)
    plan_booking_messages(appointment=visit, manage_token="secret", now=NOW)
    assert kinds(visit) == ["request-received", "request-waiting"]


def test_a_phone_booking_asks_for_the_form_and_is_reminded_of_all_the_same() -> None:
    visit = make_visit(status="pending", awaiting="form", form_due_at=START - timedelta(hours=24))
    plan_booking_messages(appointment=visit, manage_token="secret", now=NOW)
    assert kinds(visit) == ["form-needed", "reminder-1", "recheck", "reminder-2"]
    assert Communication.objects.get(kind="form-needed").not_after == START - timedelta(hours=24)


def test_a_patient_without_email_has_rows_that_say_so() -> None:
    visit = make_visit(email="")
    plan_booking_messages(appointment=visit, manage_token="secret", now=NOW)
    rows = Communication.objects.values_list("status", "status_reason")
    assert list(rows) == [("not-done", "There is no e-mail address.")] * 4


def test_moving_stops_the_old_messages_and_plans_new_ones() -> None:
    visit = make_visit()
    plan_booking_messages(appointment=visit, manage_token="secret", now=NOW)
    visit.start, visit.end = START + timedelta(days=7), START + timedelta(days=7, hours=1)
    visit.schedule_version = 2
    replan_after_move(appointment=visit, now=NOW)
    assert kinds(visit) == ["moved", "reminder-1", "recheck", "reminder-2"]
    assert kinds(visit, "stopped") == ["confirmation", "reminder-1", "recheck", "reminder-2"]
    stopped = Communication.objects.filter(status="stopped").values_list("status_reason", flat=True)
    assert set(stopped) == {"The visit was moved."}
    assert Communication.objects.get(kind="reminder-1", schedule_version=2).content == {"token": "secret"}


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("patient", "cancellation"),
        ("clinic", "cancellation"),
        ("screening-declined", "declined"),
        ("payment-lapsed", "time-released"),
        ("review-lapsed", "time-released"),
    ],
)
def test_each_end_has_its_words(reason: str, kind: str) -> None:
    visit = make_visit()
    plan_booking_messages(appointment=visit, manage_token="secret", now=NOW)
    visit.status, visit.cancel_reason = "cancelled", reason
    announce_cancellation(appointment=visit, now=NOW)
    assert kinds(visit) == [kind]


def test_a_hold_that_ends_tells_nobody() -> None:
    hold = make_visit(status="cancelled", cancel_reason="hold-expired")
    hold.patient = None
    announce_cancellation(appointment=hold, now=NOW)
    assert not Communication.objects.exists()


def test_a_lost_time_offers_three_others() -> None:
    visit = make_visit(status="cancelled", cancel_reason="payment-lapsed")
    slots = [Slot(START + timedelta(days=n), START, visit.practitioner_id, visit.location_id) for n in range(1, 6)]
    announce_lost_slot(appointment=visit, alternatives=slots, now=NOW)
    row = Communication.objects.get()
    assert (row.kind, len(row.content["alternatives"])) == ("paid-too-late", 3)


def test_stopping_some_kinds_leaves_the_others() -> None:
    visit = make_visit()
    plan_booking_messages(appointment=visit, manage_token="secret", now=NOW)
    assert stop_messages(appointment=visit, reason="Not wanted.", kinds=["reminder-1"], now=NOW) == 1
    assert kinds(visit) == ["confirmation", "recheck", "reminder-2"]


def test_a_visit_without_needles_asks_no_questions_before_it() -> None:
    visit = make_visit()
    visit.service.modality = "none"
    plan_booking_messages(appointment=visit, manage_token="secret", now=NOW)
    assert kinds(visit) == ["confirmation", "reminder-1", "reminder-2"]


def test_the_questions_are_asked_for_by_hand_now_instead_of_later() -> None:
    visit = make_visit()
    plan_booking_messages(appointment=visit, manage_token="secret", now=NOW)
    ask_to_check(appointment=visit, manage_token=None, now=NOW)
    row = Communication.objects.get(kind="recheck")
    assert (row.status, row.due_at, row.content) == ("preparation", NOW, {"token": "secret"})


def test_each_therapist_is_told_once() -> None:
    visit = make_visit(status="pending", awaiting="review", decide_by=NOW + timedelta(hours=4))
    people = [make_user(Role.THERAPIST), make_user(Role.THERAPIST)]
    for _ in range(2):
        tell_staff(kind="request-waiting", recipients=people, appointment=visit, now=NOW)
    assert sorted(Communication.objects.values_list("recipient", flat=True)) == sorted(one.email for one in people)
    assert set(Communication.objects.values_list("patient", flat=True)) == {None}


def test_a_sign_in_mail_is_worthless_after_a_quarter_of_an_hour() -> None:
    row = queue_sign_in_mail(
        recipient="a@example.test", language="en", template="sign-in-code", context={"code": "X"}, now=NOW
    )
    row.refresh_from_db()
    assert (row.kind, row.language, row.content, row.not_after) == (
        "sign-in-code",
        "en",
        {"code": "X"},
        NOW + timedelta(minutes=15),
    )


def test_sending_again_by_hand_numbers_the_rows() -> None:
    visit = make_visit()
    plan_booking_messages(appointment=visit, manage_token="secret", now=NOW)
    first = Communication.objects.get(kind="confirmation")
    second = resend(communication=first, now=NOW)
    third = resend(communication=second, now=NOW)
    assert (second.dedupe_key, third.dedupe_key) == (f"{first.dedupe_key}:r1", f"{first.dedupe_key}:r2")
    third.refresh_from_db()
    assert (third.content, third.patient) == ({"token": "secret"}, visit.patient)


def test_what_is_no_longer_true_is_not_sent_again() -> None:
    visit = make_visit(status="cancelled")
    plan_booking_messages(appointment=visit, manage_token="secret", now=NOW)
    with pytest.raises(NotPossibleNow):
        resend(communication=Communication.objects.get(kind="confirmation"), now=NOW)

"""The log of messages: where each stands, and who sees it."""

from datetime import date, timedelta
from itertools import count
from typing import Any

import pytest

from booking.models import Appointment
from booking.reminders.models import Communication, DeliveryReport
from booking.selectors.messages import State, Wanted, log_of, messages_like
from intake.models import Role
from tests.booking.reminders.visits import NOW, START, make_visit
from tests.factories import intake as people

pytestmark = pytest.mark.django_db
ZONE = "America/Edmonton"
HOUR = timedelta(hours=1)
_numbers = count(1)


def write(visit: Appointment, *reports: str, **over: Any) -> Communication:
    fields: dict[str, Any] = {
        "dedupe_key": f"log-{next(_numbers)}",
        "kind": "confirmation",
        "appointment": visit,
        "patient": visit.patient,
        "schedule_version": visit.schedule_version,
        "recipient": "ana@example.test",
        "created_at": NOW - HOUR,
        "due_at": NOW - HOUR,
        "not_after": START,
    }
    if over.get("status") == "completed":
        fields["sent_at"] = NOW - HOUR
    if over.get("status") in ("not-done", "stopped"):
        fields["status_reason"] = "The visit was moved."
    row = Communication.objects.create(**{**fields, **over})
    for number, what in enumerate(reports):
        at = NOW + timedelta(minutes=number)
        DeliveryReport.objects.create(communication=row, what=what, provider_id="p", reported_at=at)
    return row


def write_one_of_each(visit: Appointment) -> dict[State, Communication]:
    return {
        State.PLANNED: write(visit, kind="reminder-1", due_at=NOW + HOUR),
        State.WAITING: write(visit, kind="recheck"),
        State.SENT: write(visit, status="completed"),
        State.DELIVERED: write(visit, "delivered", status="completed"),
        State.RETURNED: write(visit, "delivered", "bounced", status="completed", channel="sms"),
        State.COMPLAINED: write(visit, "complained", "delivered", status="completed"),
        State.NOT_SENT: write(visit, status="not-done"),
        State.STOPPED: write(visit, status="stopped", kind="reminder-2", due_at=NOW + 2 * HOUR),
    }


def found(**wanted: Any) -> list[Communication]:
    by = people.make_user(Role.RECEPTION)
    return list(messages_like(Wanted(**wanted), zone=ZONE, by=by, now=NOW))


def test_each_row_stands_in_one_state_and_is_found_by_it() -> None:
    written = write_one_of_each(make_visit())
    assert {state: log_of(row, reports=row.reports.all(), now=NOW).state for state, row in written.items()} == {
        state: state for state in State
    }
    by_state = {state: list({*found(state=state), *found(state=state, coming=True)}) for state in State}
    assert by_state == {state: [row] for state, row in written.items()}


def test_what_has_come_stands_apart_from_what_is_to_come() -> None:
    written = write_one_of_each(make_visit())
    to_come = [written[State.PLANNED], written[State.STOPPED]]
    assert found(coming=True) == to_come
    assert set(found()) == set(written.values()) - set(to_come)


def test_messages_are_found_by_kind_way_day_and_person() -> None:
    visit = make_visit(email="ana@example.test")
    written = write_one_of_each(visit)
    late = write(make_visit(), recipient="other@example.test", due_at=NOW - 24 * HOUR)
    assert found(kind="reminder", coming=True) == [written[State.PLANNED], written[State.STOPPED]]
    assert found(channel="sms") == [written[State.RETURNED]]
    assert found(day=date(2026, 11, 19)) == [late]
    assert found(person="other@example.test") == [late]
    assert set(found(patient=visit.patient_id)) == set(found()) - {late}
    assert found(person="nobody at all") == []


def test_therapists_see_what_was_written_to_their_patients_and_to_themselves() -> None:
    mine, other = make_visit(), make_visit()
    user = mine.practitioner.user
    assert user is not None
    seen = [write(mine), write(other, patient=None, appointment=None, recipient=user.email, kind="morning-list")]
    write(other)
    assert set(messages_like(Wanted(), zone=ZONE, by=user, now=NOW)) == set(seen)
    assert list(messages_like(Wanted(), zone=ZONE, by=people.make_user(Role.OWNER), now=NOW)) == []


@pytest.mark.parametrize(
    ("over", "again"), [({}, True), ({"schedule_version": 7}, False), ({"kind": "unheard-of"}, False)]
)
def test_a_sent_message_may_go_out_again_while_it_is_true(over: dict[str, Any], again: bool) -> None:
    row = write(make_visit(), status="completed", **over)
    assert log_of(row, reports=(), now=NOW).may_resend is again
    assert log_of(row, reports=(), now=START).may_resend is False

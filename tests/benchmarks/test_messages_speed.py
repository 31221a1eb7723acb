"""The log of messages stays quick: the first page of every filter, its count included, with 100,000 rows."""

import os
import time
from datetime import date, timedelta

import pytest
from django.core.paginator import Paginator
from django.db import connection

from booking.selectors.messages import State, Wanted, log_of, messages_like
from intake.models import Patient, Role
from tests.factories import intake as people
from tests.factories.booking import NOW, at, make_appointment, make_clinic

pytestmark = [pytest.mark.bench, pytest.mark.django_db]
ROWS = int(os.environ.get("BENCH_MESSAGES", "100000"))
MOST = 0.2  # seconds
PEOPLE = 2000
FILTERS = {
    "all": Wanted(),
    "to come": Wanted(coming=True),
    "a day": Wanted(day=date(2026, 11, 20)),
    "reminders": Wanted(kind="reminder"),
    "a rare kind": Wanted(kind="to-sign"),
    "text messages": Wanted(channel="sms"),
    "a person": Wanted(person="Nuria 7"),
    "an address": Wanted(person="p77@example.test"),
    **{f"state {state}": Wanted(state=state) for state in State},
    "reminders that came back": Wanted(kind="reminder", state=State.RETURNED),
}


def _fill() -> None:
    clinic = make_clinic()
    patients = [
        Patient(given_name=f"Nuria {one}", family_name="Vidal", email=f"p{one}@example.test", created_at=NOW)
        for one in range(PEOPLE)
    ]
    Patient.objects.bulk_create(patients)
    visit = make_appointment(clinic, start=at(9), patient=patients[0])
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO reminders_communication (id, dedupe_key, kind, channel, appointment_id, patient_id,
                schedule_version, recipient, language, status, status_reason, created_at, due_at, not_after, attempts,
                message_id, provider_id, sent_at)
            SELECT gen_random_uuid(), 'k' || n,
                CASE WHEN n %% 500 = 0 THEN 'to-sign' WHEN n %% 3 = 0 THEN 'confirmation' ELSE 'reminder-1' END,
                CASE WHEN n %% 10 = 0 THEN 'sms' ELSE 'email' END, %s, (%s::uuid[])[1 + n %% %s], 1,
                'p' || n %% %s || '@example.test', 'en',
                CASE WHEN n < 2000 THEN 'preparation' WHEN n %% 50 = 0 THEN 'stopped' WHEN n %% 99 = 0 THEN 'not-done'
                    ELSE 'completed' END,
                CASE WHEN n >= 2000 AND (n %% 50 = 0 OR n %% 99 = 0) THEN 'Why.' ELSE '' END,
                %s, %s - (n - 1500) * interval '10 minutes', %s, 0, '', '', %s
            FROM generate_series(1, %s) n
            """,
            [visit.pk, [one.pk for one in patients], PEOPLE, PEOPLE, NOW, NOW, NOW + timedelta(days=99), NOW, ROWS],
        )
        cursor.execute(
            """
            INSERT INTO reminders_deliveryreport (communication_id, what, words, provider_id, reported_at)
            SELECT id, CASE WHEN row_number() OVER () %% 200 = 0 THEN 'bounced'
                WHEN row_number() OVER () %% 5000 = 1 THEN 'complained' ELSE 'delivered' END, '', 'p', %s
            FROM reminders_communication WHERE status = 'completed' AND channel = 'email'
            """,
            [NOW],
        )
        cursor.execute("ANALYZE")


def test_the_first_page_of_every_filter_is_quick() -> None:
    _fill()
    by = people.make_user(Role.RECEPTION)
    taken = {}
    for name, wanted in FILTERS.items():
        began = time.perf_counter()
        shown = Paginator(messages_like(wanted, zone="America/Edmonton", by=by, now=NOW), 50).get_page(1)
        rows = [log_of(one, reports=one.reports.all(), now=NOW) for one in shown.object_list]
        taken[name] = (round(time.perf_counter() - began, 3), shown.paginator.count)
        assert rows, name
    print(f"\n{ROWS} messages", *(f"{s:6.3f} s {count:7} {name}" for name, (s, count) in taken.items()), sep="\n")
    assert {name: seconds for name, (seconds, _count) in taken.items() if seconds > MOST} == {}

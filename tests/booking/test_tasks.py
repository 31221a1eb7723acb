"""The sweeps that beat asks for."""

from datetime import timedelta

import pytest

from booking.models import Appointment
from booking.tasks import sweep_forms, sweep_freed_times, sweep_holds, sweep_requests, sweep_waitlist
from config.celery import app
from intake.clock import now
from tests.factories.booking import Clinic, at, make_appointment
from tests.factories.intake import make_patient

pytestmark = pytest.mark.django_db


def test_each_sweep_ends_what_is_due_and_may_run_twice(clinic: Clinic) -> None:
    a_minute_ago = now() - timedelta(minutes=1)
    patient = make_patient()
    make_appointment(clinic, start=at(9), status="proposed", hold_expires_at=a_minute_ago)
    make_appointment(clinic, start=at(11), status="pending", awaiting="review", decide_by=a_minute_ago, patient=patient)
    make_appointment(clinic, start=at(13), status="pending", awaiting="form", form_due_at=a_minute_ago, patient=patient)
    done = [[sweep() for sweep in (sweep_holds, sweep_requests, sweep_forms)] for _ in range(2)]
    assert done == [[1, 1, 1], [0, 0, 0]]
    assert [row.cancel_reason or row.status for row in Appointment.objects.order_by("start")] == [
        "hold-expired",
        "review-lapsed",
        "booked",
    ]


def test_beat_knows_them_by_name() -> None:
    asked = {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert {
        task.name for task in (sweep_freed_times, sweep_waitlist, sweep_holds, sweep_requests, sweep_forms)
    } <= asked

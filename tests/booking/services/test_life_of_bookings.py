"""Whatever happens to bookings, in any order, against the database: after each step every promise holds."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.booking.services.life_of_a_clinic import ClinicLife
from tests.simulators.stripe import StripeSimulator

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _stripe(stripe_simulator: StripeSimulator, clock_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ClinicLife, "clock_file", clock_file, raising=False)


def live(examples: int, steps: int) -> None:
    run_state_machine_as_test(
        ClinicLife,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize=examples < 100,
        ),
    )


def test_bookings_live_without_breaking_a_promise() -> None:
    live(examples=4, steps=25)


@pytest.mark.chaos
def test_bookings_live_long_without_breaking_a_promise() -> None:
    live(examples=300, steps=50)

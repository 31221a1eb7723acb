"""What the tests of booking share."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from tests.factories.booking import Clinic, make_clinic
from tests.factories.payments import Till
from tests.simulators.sms import SmsSimulator
from tests.simulators.stripe import StripeSimulator


@pytest.fixture
def clinic(db: None) -> Clinic:
    return make_clinic()


@pytest.fixture
def till(stripe_simulator: StripeSimulator, clock_file: Path, transactional_db: None) -> Till:
    return Till(stripe_simulator, clock_file)


@pytest.fixture
def phones(settings: Settings, clock_file: Path) -> Iterator[SmsSimulator]:
    """A real HTTP server that sends our texts to no phone, on the clock of the test. It reports nothing by itself."""
    with SmsSimulator(clock_file=clock_file) as simulator:
        settings.TWILIO_API_BASE = simulator.base_url
        yield simulator

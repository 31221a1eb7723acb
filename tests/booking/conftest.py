"""What the tests of booking share."""

from pathlib import Path

import pytest

from tests.factories.booking import Clinic, make_clinic
from tests.factories.payments import Till
from tests.simulators.stripe import StripeSimulator


@pytest.fixture
def clinic(db: None) -> Clinic:
    return make_clinic()


@pytest.fixture
def till(stripe_simulator: StripeSimulator, clock_file: Path, transactional_db: None) -> Till:
    return Till(stripe_simulator, clock_file)

"""What the tests of booking share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.factories.booking import Clinic, make_clinic
from tests.factories.payments import Till
from tests.simulators.stripe import StripeSimulator


@pytest.fixture
def clinic(db: None) -> Clinic:
    return make_clinic()


@pytest.fixture
def till(stripe_simulator: StripeSimulator, clock_file: Path, transactional_db: None) -> Iterator[Till]:
    """A till; every request and answer of the test must have been valid by Stripe's own description."""
    till = Till(stripe_simulator, clock_file)
    yield till
    assert stripe_simulator.violations == []

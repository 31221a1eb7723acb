"""A clinic at work, and a browser for everybody who might knock."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.factories.booking import NOW, Clinic, make_clinic
from tests.factories.intake import make_questionnaire
from tests.security.house import House, make_house


@pytest.fixture
def set_clock(clock_file: Path) -> Callable[[datetime], None]:
    """Set what every view thinks the time is."""
    return lambda moment: clock_file.write_text(str((moment - datetime.now(UTC)) / timedelta(seconds=1)))


@pytest.fixture(autouse=True)
def _monday_morning(set_clock: Callable[[datetime], None]) -> None:
    set_clock(NOW)


@pytest.fixture
def clinic(transactional_db: None) -> Clinic:
    made = make_clinic()
    make_questionnaire(NOW)
    return made


@pytest.fixture
def house(db: None) -> House:
    return make_house()

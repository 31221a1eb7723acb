"""A clinic, its questions, the clock at `NOW`, and a program that books."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.booking.api.calls import Api
from tests.factories.booking import NOW
from tests.factories.intake import make_questionnaire


@pytest.fixture
def set_clock(clock_file: Path) -> Callable[[datetime], None]:
    """Set what every view thinks the time is."""
    return lambda moment: clock_file.write_text(str((moment - datetime.now(UTC)) / timedelta(seconds=1)))


@pytest.fixture(autouse=True)
def _ready(set_clock: Callable[[datetime], None], db: None) -> None:
    set_clock(NOW)
    make_questionnaire()


@pytest.fixture
def api() -> Api:
    return Api()

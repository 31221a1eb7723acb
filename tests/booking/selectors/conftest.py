"""A clinic that takes payments online."""

from typing import Any

import pytest


@pytest.fixture(autouse=True)
def _stripe_is_there(settings: Any) -> None:
    settings.STRIPE_SECRET_KEY = "sk_test_x"

"""A clinic that takes payments online."""

import pytest
from pytest_django.fixtures import SettingsWrapper


@pytest.fixture(autouse=True)
def _stripe_is_there(settings: SettingsWrapper) -> None:
    settings.STRIPE_SECRET_KEY = "sk_test_x"

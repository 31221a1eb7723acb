"""A clinic that takes payments online, and who is there: a patient with an account, reception, a manager."""

from typing import Any

import pytest

from intake.models import Patient, Role, User
from tests.factories.booking import NOW, make_staff
from tests.factories.intake import make_patient, make_user


@pytest.fixture(autouse=True)
def _stripe_is_there(settings: Any) -> None:
    settings.STRIPE_SECRET_KEY = "sk_test_x"


@pytest.fixture
def patient(db: None) -> Patient:
    return make_patient(now=NOW, user=make_user(Role.PATIENT))


@pytest.fixture
def desk(db: None) -> User:
    return make_staff(Role.RECEPTION)


@pytest.fixture
def manager(db: None) -> User:
    return make_staff(Role.MANAGER)

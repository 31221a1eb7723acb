"""A clinic, its questionnaire, and somebody with a browser."""

from collections.abc import Callable

import pytest
from django.test import Client
from pytest_django import Settings

from tests.factories.booking import NOW, Clinic, make_clinic
from tests.factories.intake import make_questionnaire
from tests.frontend.patient.person import Person

MODULES = (
    "after_visit",
    "progress",
    "agreement",
    "cards",
    "handed",
    "check",
    "questions",
    "result",
    "times",
    "undo",
    "booking",
    "course",
    "visit_course",
    "paying",
    "visit",
    "choices",
    "call_back",
    "resume_link",
    "recheck",
    "request_waits",
    "waiting",
    "offered",
)  # those that look at the clock


@pytest.fixture(autouse=True)
def _today(monkeypatch: pytest.MonkeyPatch) -> None:
    """Monday, 08:00 at the clinic, for every page."""
    set_now(monkeypatch, NOW)


def set_now(monkeypatch: pytest.MonkeyPatch, moment: object) -> None:
    """The moment that pages take for now."""
    for name in MODULES:
        monkeypatch.setattr(f"frontend.patient.{name}.now", lambda: moment)


@pytest.fixture
def clinic(transactional_db: None) -> Clinic:
    made = make_clinic()
    make_questionnaire(NOW)
    return made


@pytest.fixture
def person(clinic: Clinic, settings: Settings) -> Person:
    return Person(Client(), clinic)


@pytest.fixture
def someone(clinic: Clinic) -> Callable[[], Person]:
    """Another person with a browser of their own."""
    return lambda: Person(Client(), clinic)

"""A clinic with visits, and people of every role who are signed in with their second factor."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.test import Client

import config.urls  # noqa: F401 - who takes `now` out of the clock must have done so before it stands still
import frontend.account_forms
import frontend.accounts  # noqa: F401 - the same: they are only loaded when somebody signs in
from booking.models import Appointment
from intake import clock
from intake.models import Patient, Role, Screening, User
from intake.services.consents import sign_information
from tests.factories import booking as made
from tests.factories import intake as people

NOW = made.NOW
AUTHENTICATION_BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@pytest.fixture(autouse=True)
def _monday_morning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


def signed_in(user: User) -> Client:
    """A browser of this person, second factor given."""
    client = Client()
    client.force_login(user, backend=AUTHENTICATION_BACKEND)
    if user.works_here:
        TOTP.activate(user, generate_totp_secret())
        session = client.session
        session["second_factor_set_up_by"] = str(user.pk)
        session.save()
    return client


class Browsers(dict[str, Client]):
    """One for each role, signed in when it is first asked for; and one for nobody."""

    def __init__(self, users: dict[str, User]) -> None:
        super().__init__(nobody=Client())
        self._users = users

    def __missing__(self, role: str) -> Client:
        self[role] = signed_in(self._users[role])
        return self[role]


@dataclass
class Desk:
    """The clinic, a therapist's patient with answers, and a browser for each role."""

    clinic: made.Clinic
    patient: Patient
    screening: Screening
    visit: Appointment
    browsers: Browsers
    users: dict[str, User]

    def make_visit(self, start: datetime, **over: Any) -> Appointment:
        fields = {"patient": self.patient, "screening": self.screening} | over
        return made.make_appointment(self.clinic, start=start, **fields)


@pytest.fixture
def desk(db: None) -> Desk:
    clinic = made.make_clinic()
    users = {
        "reception": people.make_user(Role.RECEPTION, name="Robin"),
        "manager": people.make_user(Role.MANAGER, name="Dana"),
        "owner": people.make_user(Role.OWNER, name="Olive"),
        "therapist": clinic.anna.user,
        "colleague": clinic.ben.user,
        "patient": people.make_user(Role.PATIENT),
    }
    patient = people.make_patient(now=NOW)
    screening = screening_of(patient)
    sign_information(patient=patient, signature=people.make_signature(), now=NOW)
    people.make_care_relation(clinic.anna.user, patient, now=NOW)
    visit = made.make_appointment(clinic, start=made.at(10, days=0), patient=patient, screening=screening)
    return Desk(clinic, patient, screening, visit, Browsers(users), users)


def screening_of(patient: Patient, line: object = None) -> Screening:
    """A screening on the patient's record."""
    screening = people.make_screening(line, now=NOW).screening
    screening.patient = patient
    screening.save(update_fields=["patient"])
    return screening


Browser = Callable[[str], Client]

"""Steps that many tests take: hold, say who you are."""

from datetime import date
from typing import Any
from uuid import uuid4

from booking.services.appointments import Confirmed, confirm_details
from booking.services.holds import Held, hold_time
from intake.services.patients import PatientDetails
from tests.factories.booking import NOW, Clinic, at
from tests.factories.intake import clear_line, make_screening, make_signature

ADA = {
    "given_name": "Ada",
    "family_name": "Berg",
    "birth_date": None,
    "email": "ada@example.com",
    "phone": "+14035550123",
    "language": "en",
}


def details(**over: Any) -> PatientDetails:
    return PatientDetails(**{**ADA, "birth_date": date(1986, 4, 3), **over})


def hold(clinic: Clinic, line: object = None, **over: Any) -> Held:
    """Somebody holds Anna's Tuesday at ten for needling, with the answers of `line` (a healthy person's without)."""
    if "screening" not in over:
        over["screening"] = make_screening(line or clear_line(), now=NOW).screening
    wish = {
        "service": clinic.needling,
        "practitioner": clinic.anna,
        "start": at(10),
        "request_key": uuid4(),
        "held_by": str(uuid4()),
        "source": "patient",
        "now": NOW,
    }
    return hold_time(**{**wish, **over})


def confirm(held: Held, **over: Any) -> Confirmed:
    """They say who they are, sign the information before needling, and pay at the desk."""
    said = {
        "appointment": held.appointment,
        "patient": details(),
        "payment": "desk",
        "policies_accepted": True,
        "signature": make_signature(),
        "now": NOW,
    }
    return confirm_details(**{**said, **over})


def book(clinic: Clinic, line: object = None, **over: Any) -> Confirmed:
    """Both at once; `over` goes to the confirmation where it belongs there."""
    names = ("patient", "payment", "by", "accepts_assessment", "signature")
    later = {key: over.pop(key) for key in names if key in over}
    return confirm(hold(clinic, line, **over), **later)

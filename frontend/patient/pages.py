"""What patient pages have in common: never stored by anybody on the way, and where one is."""

from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache

from intake.access import is_patient
from intake.models import User


@dataclass(frozen=True, slots=True)
class Step:
    """One stop of the way, as `components/_steps.html` shows it."""

    label: str | Promise
    done: bool
    current: bool
    url: str = ""


_CHECK: Final = (
    ("about", _("You")),
    ("where", _("Where")),
    ("urgent", _("Urgent signs")),
    ("health", _("Health")),
    ("answers", _("Your answers")),
)
_BOOK: Final = (
    ("visit", _("Visit"), "patient:book"),
    ("time", _("Time"), "patient:times"),
    ("details", _("Who comes"), "patient:details"),
    ("agree", _("Agree"), "patient:agree"),
)


def check_steps(current: str) -> list[Step]:
    names = [name for name, _label in _CHECK]
    here = names.index(current)
    return [Step(label, number < here, number == here) for number, (_name, label) in enumerate(_CHECK)]


def book_steps(current: str) -> list[Step]:
    here = [name for name, _label, _url in _BOOK].index(current)
    return [
        Step(label, number < here, number == here, reverse(url) if number < here else "")
        for number, (_name, label, url) in enumerate(_BOOK)
    ]


def signed_in_patient(request: HttpRequest) -> User | None:
    """The patient's account that is signed in, if one is; staff book at the desk."""
    return request.user if isinstance(request.user, User) and is_patient(request.user) else None


private = never_cache  # no browser or proxy keeps a patient's page

"""The pages about money, as the tabs above each of them."""

from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from frontend.staff.frame import DESK
from intake.access import role_of
from intake.models import Role


@dataclass(frozen=True, slots=True)
class Tab:
    """One of the pages; `current` on it and on what hangs under it."""

    label: str | Promise
    url: str
    current: bool


# Address, words, who may open it.
PAGES: Final = (
    ("staff:money", _("Overview"), DESK),
    ("staff:money-day", _("Payments"), DESK),
    ("staff:till", _("Sheet of the day"), DESK),
    ("staff:fees", _("Fees"), DESK),
    ("staff:claims", _("Payers"), DESK),
    ("staff:months", _("Months"), (Role.MANAGER,)),
    ("staff:terms", _("Terms"), (Role.MANAGER,)),
    ("staff:package-offers", _("Packages"), (Role.MANAGER,)),
)


def tabs_for(request: HttpRequest) -> list[Tab]:
    """The tabs of whoever is signed in; of two addresses that fit, the longer one is where they are."""
    mine = [(reverse(name), label) for name, label, roles in PAGES if role_of(request.user) in roles]
    here = max((url for url, _label in mine if request.path.startswith(url)), key=len, default="")
    return [Tab(label, url, url == here) for url, label in mine]

"""The first page about money: the day and what waits in a few numbers, and what does not agree with Stripe."""

from dataclasses import dataclass
from datetime import date

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from booking.feeds.amounts import money as money_words
from booking.feeds.moments import day
from booking.payments.findings import open_findings
from booking.payments.models import Finding
from booking.selectors.money_overview import money_overview
from booking.services.money_tasks import see_to_finding
from frontend.staff.frame import DESK, SeeOther, clinic_or_refuse, for_roles, me, page
from intake import clock
from intake.models import Role

SHOWN = 100
_SUMS = ("amount", "ours", "seen")
_NAMES: dict[str, str | Promise] = {
    "amount": gettext_lazy("Sum"),
    "ours": gettext_lazy("Here"),
    "seen": gettext_lazy("At Stripe"),
    "status": gettext_lazy("State at Stripe"),
    "said": gettext_lazy("What Stripe said"),
    "type": gettext_lazy("Event"),
    "answer_by": gettext_lazy("Answer the bank before"),
}
_STATES: dict[str, str | Promise] = {  # of a dispute
    "needs_response": gettext_lazy("waits for our answer"),
    "under_review": gettext_lazy("the bank decides"),
    "won": gettext_lazy("won"),
    "lost": gettext_lazy("lost"),
}


@dataclass(frozen=True, slots=True)
class Found:
    """A finding with its sums, states and Stripe's words as people read them."""

    finding: Finding
    facts: tuple[tuple[str, str], ...]


@for_roles(*DESK)
def money(request: HttpRequest) -> HttpResponse:
    """What came today and what waits; for managers also what does not agree, the oldest first."""
    overview = money_overview(location=clinic_or_refuse(), now=clock.now())
    settles = me(request).role == Role.MANAGER
    found = [_found(finding) for finding in open_findings()[:SHOWN]] if settles else None
    return page(request, "staff/money.html", {"overview": overview, "found": found})


@for_roles(Role.MANAGER, methods=("POST",))
def settled(request: HttpRequest, finding_id: int) -> HttpResponse:
    """Somebody has seen to it. Pressed twice it is the same; found again, it shows again."""
    finding = get_object_or_404(Finding, pk=finding_id)
    see_to_finding(finding=finding, by=me(request), now=clock.now())
    messages.success(request, _("Noted that you have seen to it."))
    return SeeOther(reverse("staff:money"))


def _found(finding: Finding) -> Found:
    facts = ((str(_NAMES.get(name, name)), _words(name, said, finding)) for name, said in finding.details.items())
    return Found(finding, tuple(facts))


def _words(name: str, said: object, finding: Finding) -> str:
    if name in _SUMS and isinstance(said, int) and finding.payment is not None:
        return money_words(said, finding.payment.currency)
    if name == "answer_by" and said:
        return day(date.fromisoformat(str(said)))
    return str(_STATES.get(str(said)) or said)

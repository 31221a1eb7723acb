"""Who may open a staff page, what the menu shows, and what happens to a foreseen error that no page has caught."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any

from allauth.account.internal.flows.reauthentication import raise_if_reauthentication_required
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from booking.models import Location
from booking.payments.findings import open_findings
from booking.selectors.authorisations import to_be_renewed
from booking.selectors.errands import open_tasks
from booking.selectors.incoming_texts import texts_to_answer
from booking.selectors.locations import the_clinic
from booking.selectors.requests import waiting_requests
from intake import clock
from intake.access import role_of
from intake.errors import DrypointError
from intake.models import Role, User

View = Callable[..., HttpResponse]
CLINIC = (Role.THERAPIST, Role.RECEPTION, Role.MANAGER)
DESK = (Role.RECEPTION, Role.MANAGER)


class SeeOther(HttpResponseRedirect):
    """The answer to a POST: look there, with a GET."""

    status_code = 303


@dataclass(frozen=True, slots=True)
class MenuItem:
    """One entry of the main menu; `count` where something waits."""

    label: str | Promise
    url: str
    current: bool
    count: int = 0
    count_kind: str = "review"


def for_roles(*roles: str, methods: Sequence[str] = ("GET", "HEAD")) -> Callable[[View], View]:
    """Open a page to these roles only; others get 403, nobody is sent to sign in. Nothing of it is kept by browsers."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if role_of(request.user) not in roles:
                raise PermissionDenied
            if request.method not in methods:
                return HttpResponseNotAllowed(methods)
            try:
                return view(request, *args, **kwargs)
            except DrypointError as error:
                return page(request, "staff/refused.html", {"refusal": error}, status=error.status)

        signed_in = login_required(guarded)

        @wraps(view)
        def private(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            response = signed_in(request, *args, **kwargs)
            response.headers["Cache-Control"] = "private, no-store"
            return response

        return private

    return decorate


def page(
    request: HttpRequest, template: str, context: Mapping[str, object] | None = None, *, status: int = 200
) -> HttpResponse:
    """A whole page in the staff frame, with the menu of whoever is signed in."""
    return render(request, template, {"navigation": _menu(request), **(context or {})}, status=status)


def me(request: HttpRequest) -> User:
    """Who is signed in; `for_roles` has made sure of it."""
    assert isinstance(request.user, User)
    return request.user


def prove_again(request: HttpRequest) -> None:
    """Let somebody who signed in longer ago show once more who they are; what they sent is carried out after that.

    :raises ReauthenticationRequired: allauth leads to the password or the code, and back
    """
    raise_if_reauthentication_required(request, app="drypoint")


def sent(request: HttpRequest) -> QueryDict | None:
    """What a form has sent, be it nothing; None while it is only looked at."""
    return request.POST if request.method == "POST" else None


def clinic_or_refuse() -> Location:
    """The clinic whose day this is.

    :raises DrypointError: none is set up yet
    """
    clinic = the_clinic()
    if clinic is None:
        raise DrypointError(_("No clinic is set up yet."))
    return clinic


def _menu(request: HttpRequest) -> list[MenuItem]:
    role = role_of(request.user)
    items: list[MenuItem] = []

    def add(label: str | Promise, url: str, count: int = 0, kind: str = "review") -> None:
        items.append(MenuItem(label, url, request.path.startswith(url), count, kind))

    if role in CLINIC:
        items.append(MenuItem(_("Today"), reverse("staff:desk"), request.path == reverse("staff:desk")))
        add(_("Book"), reverse("staff:book"))
        add(_("Calendar"), reverse("staff:calendar"))
        add(_("Requests"), reverse("staff:reviews"), waiting_requests(by=me(request), now=clock.now()).count())
        late, due = _to_do(me(request), clock.now())
        add(_("To do"), reverse("staff:tasks"), late or due, "stop" if late else "review")
        add(_("Waitlist"), reverse("staff:waitlist"))
        add(_("Patients"), reverse("staff:patients"))
        texts = texts_to_answer(by=me(request), now=clock.now()).count()
        place = reverse("staff:inbox") if texts else reverse("staff:messages")
        items.append(MenuItem(_("Messages"), place, request.path.startswith(reverse("staff:messages")), texts))
    if role in DESK:
        add(_("Money"), reverse("staff:money"), open_findings().count() if role == Role.MANAGER else 0)
    if role == Role.OWNER:
        items.append(MenuItem(_("Start"), reverse("staff:desk"), request.path == reverse("staff:desk")))
    if role in (Role.THERAPIST, Role.MANAGER, Role.OWNER):
        add(_("Hours"), reverse("staff:hours"))
    if role == Role.OWNER:
        add(_("Stories"), reverse("staff:stories"))
    if role in (Role.MANAGER, Role.OWNER):
        add(_("Questions"), reverse("staff:questions"))
        add(_("Settings"), reverse("admin:index"))
    return items


def _to_do(user: User, now: datetime) -> tuple[int, int]:
    """How much of what this person has to see to is late, and how much there is in all."""
    due = list(open_tasks(by=user, now=now).values_list("due_at", flat=True))
    today = clock.clinic_date(now)
    ends = to_be_renewed(by=user, today=today).values_list("needling_authorised_until", flat=True)
    late = sum(one <= now for one in due) + sum(end is not None and end < today for end in ends)
    return late, len(due) + len(ends)

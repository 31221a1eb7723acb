"""What this browser remembers between pages: keys to rows, and who comes; never an answer about health."""

from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from django.http import HttpRequest

from booking.models import Appointment, Task
from booking.selectors.appointments import hold_with_token, with_relations
from booking.services.holds import Held, is_live
from intake.models import QuestionnaireResponse, Screening
from intake.selectors.screenings import CONTENT, screening_by_token
from intake.tokens import session_mark

_RESPONSE: Final = "check.response"
_SCREENING: Final = "check.screening"
_PERSON: Final = "check.person"
_LINKED: Final = "check.linked"
_SHOWN: Final = "check.shown"
_CALL_BACK: Final = "call-back"
_HOLD: Final = "book.hold"
_DETAILS: Final = "book.details"
_VISIT: Final = "visit"
_FORM_FOR: Final = "visit.form"


class Way:
    """One person's way through the pages, kept in the browser session for 24 hours."""

    def __init__(self, request: HttpRequest) -> None:
        self.session: Any = request.session

    @property
    def mark(self) -> str:
        """The hash under which forms and holds of this browser belong together."""
        return session_mark(self.session)

    def begin(self, response: QuestionnaireResponse) -> None:
        """Remember the form just started; the result of an earlier one is let go."""
        self.session[_RESPONSE] = str(response.pk)
        self.session.pop(_SCREENING, None)
        self.session.pop(_SHOWN, None)

    def response(self, *, now: datetime) -> QuestionnaireResponse | None:
        """The form being filled in, while nobody's record holds it and it has not run out."""
        rows = QuestionnaireResponse.objects.select_related("questionnaire").defer(*CONTENT)
        found = rows.filter(pk=self.session.get(_RESPONSE), session_hash=self.mark, patient=None, delete_after__gt=now)
        return found.first() if self.session.get(_RESPONSE) else None

    @property
    def screening(self) -> Screening | None:
        return screening_by_token(self.session.get(_SCREENING, ""))

    def keep_screening(self, token: str) -> None:
        self.session[_SCREENING] = token

    def forget_screening(self) -> None:
        """An answer was changed: the result no longer says what the answers do."""
        self.session.pop(_SCREENING, None)

    @property
    def person(self) -> dict[str, Any]:
        """What was said about who comes: `for_whom`, `visit`, `birth_date` (ISO)."""
        return dict(self.session.get(_PERSON, {}))

    def keep_person(self, **said: str) -> None:
        self.session[_PERSON] = {**self.person, **said}

    def show_page(self, key: str, *, now: datetime) -> None:
        """Remember when a page of questions was shown for the first time."""
        self.session[_SHOWN] = {key: now.isoformat(), **self.session.get(_SHOWN, {})}

    def seconds_shown(self, key: str, *, now: datetime) -> float | None:
        """How long the page had been shown when it was sent; None if that isn't known."""
        shown = self.session.get(_SHOWN, {}).get(key)
        return (now - datetime.fromisoformat(shown)).total_seconds() if shown else None

    @property
    def name(self) -> str:
        """What the person who comes is called, if somebody else fills in for them."""
        return str(self.person.get("given_name", "")) if self.person.get("for_whom") == "other" else ""

    @property
    def birth_date(self) -> date | None:
        said = self.person.get("birth_date")
        return date.fromisoformat(said) if said else None

    @property
    def hold(self) -> Appointment | None:
        """The time chosen here last, whatever became of it."""
        kept = self.session.get(_HOLD)
        return hold_with_token(kept["id"], kept["token"]) if kept else None

    def live_hold(self, now: datetime) -> Appointment | None:
        hold = self.hold
        return hold if hold is not None and is_live(hold, now) else None

    def keep_hold(self, held: Held) -> None:
        self.session[_HOLD] = {"id": str(held.appointment.pk), "token": held.token}

    def forget_hold(self) -> None:
        self.session.pop(_HOLD, None)

    @property
    def details(self) -> dict[str, Any]:
        """Who comes, as typed and checked on the page of details."""
        return dict(self.session.get(_DETAILS, {}))

    def keep_details(self, said: dict[str, Any]) -> None:
        self.session[_DETAILS] = said

    def finish_booking(self, visit: Appointment) -> None:
        """The time is a booking: from here on its own page leads on, and a next booking asks again who comes."""
        self.open_visit(visit, proven=True)
        self.session.pop(_DETAILS, None)
        self.session.save()  # not left to the answer: one with 503, as when Stripe is down, saves no session

    def open_visit(self, visit: Appointment, *, proven: bool) -> None:
        """The booking that `/visit/` shows. `proven`: no birth date is asked for any more."""
        self.session[_VISIT] = {"id": str(visit.pk), "proven": proven}

    def prove_visit(self) -> None:
        self.session[_VISIT] = {**self.session[_VISIT], "proven": True}

    @property
    def is_proven(self) -> bool:
        return bool(self.session.get(_VISIT, {}).get("proven"))

    @property
    def visit(self) -> Appointment | None:
        kept = self.session.get(_VISIT)
        return with_relations().filter(pk=kept["id"]).exclude(confirmed_at=None).first() if kept else None

    def fill_in_form_for(self, visit: Appointment) -> None:
        """The next finished check belongs to this visit."""
        self.session[_FORM_FOR] = str(visit.pk)

    def form_is_for(self) -> UUID | None:
        kept = self.session.get(_FORM_FOR)
        return UUID(kept) if kept else None

    def forget_form_for(self) -> None:
        self.session.pop(_FORM_FOR, None)

    def open_form_link(self, response: QuestionnaireResponse) -> None:
        """The form whose link was opened here; it is this browser's only once somebody goes on with it."""
        self.session[_LINKED] = str(response.pk)

    def linked_form(self) -> UUID | None:
        kept = self.session.get(_LINKED)
        return UUID(kept) if kept else None

    @property
    def carried_along(self) -> dict[str, str]:
        """What only this browser knows and a link to the form takes along, encrypted with it."""
        visit = self.session.get(_FORM_FOR)
        return {**self.person, **({"form_for": visit} if visit else {})}

    def take_along(self, response: QuestionnaireResponse) -> None:
        """Go on here with a form that was begun elsewhere."""
        person = dict(response.resume_person or {})
        self.begin(response)
        self.session.pop(_LINKED, None)
        self.session.pop(_FORM_FOR, None)
        if visit := person.pop("form_for", None):
            self.session[_FORM_FOR] = visit
        self.session[_PERSON] = person

    def keep_call_back(self, task: Task) -> None:
        self.session[_CALL_BACK] = str(task.pk)

    @property
    def call_back(self) -> Task | None:
        """The call that this browser asked for and that was not made yet."""
        kept = self.session.get(_CALL_BACK)
        waiting = Task.objects.filter(status__in=[Task.Status.REQUESTED, Task.Status.IN_PROGRESS])
        return waiting.filter(pk=kept).first() if kept else None

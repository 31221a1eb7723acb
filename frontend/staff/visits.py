"""The page of one visit: who, when, what is in the way, money, messages, history."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from booking.models import Appointment
from booking.rules.courses import MOST
from booking.selectors.after_care import can_be_asked_how
from booking.selectors.alerts import must_be_acknowledged
from booking.selectors.appointments import appointments_visible_to
from booking.selectors.courses import coming_sessions, courses_to_review, sessions_of
from booking.selectors.day_board import blockers_of
from booking.selectors.fee_cases import fees_of
from booking.selectors.fee_cases import lines_of as fee_lines
from booking.selectors.incoming_texts import texts_about
from booking.selectors.messages import messages_about
from booking.selectors.money_panel import money_panel
from booking.selectors.offers import needle_free_offer
from booking.selectors.rechecks import was_asked_again
from booking.selectors.terms import agreement_of
from booking.services.coming import may_accept
from booking.services.rechecks import extent_for
from frontend.staff.forms import ReasonForm
from frontend.staff.frame import CLINIC, for_roles, me, page
from frontend.staff.money_forms import GiveBackForm, TakeForm
from frontend.staff.money_words import lines_of, next_sentences
from frontend.staff.steps import STEPS, may_lose_needles, mend_for, offered_steps
from frontend.staff.talk import CHIPS
from frontend.staff.visit_money import desk_money_of
from frontend.staff.visit_package import package_of
from intake import clock
from intake.access import can_see_answers
from intake.errors import DrypointError
from intake.models import Outcome, Role, User
from intake.selectors.audit import events_of
from intake.selectors.changes import Change, changes_between
from intake.selectors.reviews import review_of

Status = Appointment.Status
SHOWN_EVENTS = 60


@dataclass(frozen=True, slots=True)
class Care:
    """What the therapist must be careful about. Clinical: for whoever may see the answers."""

    alerts: tuple[str, ...]
    excluded_regions: tuple[str, ...]
    conditions: tuple[str, ...]
    outcome: str
    urgent: str | None
    changes: tuple[Change, ...]


def visible_visit(request: HttpRequest, appointment_id: UUID) -> Appointment:
    """The visit, if it is one that whoever asks may reach; 404 otherwise."""
    visits = appointments_visible_to(me(request), now=clock.now())
    return get_object_or_404(visits, pk=appointment_id)


@for_roles(*CLINIC)
def visit(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """The page of one visit."""
    return render_visit(request, visible_visit(request, appointment_id))


def render_visit(
    request: HttpRequest,
    appointment: Appointment,
    *,
    refusal: DrypointError | None = None,
    take_form: TakeForm | None = None,
    give_back_form: GiveBackForm | None = None,
    glass_form: ReasonForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page of a visit; with the words of a refusal, or with a form that needs another look."""
    now, user = clock.now(), me(request)
    panel = money_panel(appointment, now=now)
    care = _care(appointment, user, now)
    blockers = blockers_of(appointment, by=user, now=now)
    context = {
        **_before_visit(appointment, care, {one.code for one in blockers}, now),
        **_course_of(appointment, user, now),
        "visit": appointment,
        "refusal": refusal,
        "offered": offered_steps(appointment, now=now),
        "mends": [mend_for(one, role=user.role) for one in blockers],
        "steps": STEPS,
        "may_lose_needles": may_lose_needles(appointment),
        "may_be_mistake": appointment.status not in (Status.CANCELLED, Status.ENTERED_IN_ERROR, Status.PROPOSED),
        "care": care,
        "shows_how": can_be_asked_how(appointment),
        "must_acknowledge": must_be_acknowledged(appointment),
        "may_break_glass": user.role == Role.MANAGER and appointment.screening is not None,
        "glass_form": glass_form or ReasonForm(auto_id="glass_%s"),
        "note": appointment.note if care or _is_from_desk(appointment) else None,
        "balance": panel.balance,
        "money_next": next_sentences(panel.next, appointment),
        "money_lines": lines_of(panel.movements),
        "agreed_terms": agreement_of(appointment),
        **package_of(appointment, user),
        **desk_money_of(appointment, panel.balance, user, take_form=take_form, give_back_form=give_back_form),
        "fee_lines": fee_lines(fees_of(appointment), now=now),
        "letters": messages_about(appointment, now=now),
        "texts": texts_about(appointment),
        "may_say_coming": may_accept(appointment, now=now) and not appointment.is_accepted,
        "events": events_of(appointment)[:SHOWN_EVENTS],
    }
    return page(request, "staff/visit.html", context, status=status)


def _course_of(appointment: Appointment, user: User, now: datetime) -> dict[str, object]:
    """The sessions of its course, what can still be changed, and whether the therapist is asked how it goes on."""
    course = appointment.course
    if course is None:
        return {}
    sessions = list(sessions_of(course))
    return {
        "sessions": sessions,
        "sessions_left": coming_sessions(course, now=now).count(),
        "may_add": 0 < len(sessions) < MOST,
        "review_due": courses_to_review(now=now).filter(pk=course.pk).exists(),
        "may_review": user.role == Role.THERAPIST,
    }


def _before_visit(appointment: Appointment, care: Care | None, blockers: set[str], now: datetime) -> dict[str, object]:
    """What the page says of the questions before the visit, and of the talk that they call for."""
    talks_first = "therapist-talks-first" in blockers
    return {
        "asks_again": extent_for(appointment, now=now) != "nothing",
        "talks_first": talks_first,
        "chips": CHIPS,
        "may_approve": bool(care and care.outcome == Outcome.REVIEW and not care.urgent),
        "needle_free": bool(talks_first and care and not care.urgent and needle_free_offer(appointment, now=now)),
    }


def _care(appointment: Appointment, user: User, now: datetime) -> Care | None:
    """Opens the answers, which is written down; None for whoever may not."""
    screening = appointment.screening
    if screening is None or user.role != Role.THERAPIST or not can_see_answers(user, appointment.patient, now):
        return None
    dossier = review_of(screening=screening, by=user, now=now)
    form = dossier.form
    return Care(
        alerts=form.alerts,
        excluded_regions=form.excluded_regions,
        conditions=tuple(one.conditions for one in form.decisions[:1] if one.conditions),
        outcome=form.outcome,
        urgent=form.urgent,
        changes=changes_between(dossier.last, form) if was_asked_again(appointment) else (),
    )


def _is_from_desk(appointment: Appointment) -> bool:
    """Whether the note is reception's own; what a patient wrote may be about health and is for the therapist."""
    return appointment.source == Appointment.Source.DESK and appointment.status != Status.CANCELLED


def step_or_404(slug: str) -> str:
    """The word of a step, if there is such a one."""
    if slug not in STEPS:
        raise Http404
    return slug

"""The pages of questions, and checking the answers before they are sent."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods

from booking.selectors.appointments import with_relations
from booking.services.appointments import attach_form
from frontend.patient.draft import Draft, QuestionPage, draft_of, ready
from frontend.patient.last_time import last_time
from frontend.patient.pages import check_steps, private
from frontend.patient.question_forms import QuestionsForm
from frontend.patient.recheck_draft import AgainForm
from frontend.patient.way import Way
from frontend.patient.words import ANSWERS, group, region, said
from intake.clock import now
from intake.errors import DrypointError, IncompleteAnswers
from intake.models import QuestionnaireResponse, Screening
from intake.rules.items import UNKNOWN, FollowUp
from intake.rules.reading import seconds_to_read
from intake.selectors.rechecks import NOTHING
from intake.services.haste import note_haste
from intake.services.responses import save_answers, screen_response


class CheckForm(AgainForm):
    """A page of the check: "none of these" counts for the rows that the page says it showed, and for no others."""

    names_rows = True


@dataclass(frozen=True, slots=True)
class AnswerLine:
    """One question with its answer in words, and the page where it can be changed."""

    question: str
    answer: str
    page: int
    denies: bool = False


@private
@require_GET
def resume(request: HttpRequest) -> HttpResponse:
    """On to the first page with something left to answer."""
    way, moment = Way(request), now()
    response = way.response(now=moment)
    if response is None or not ready(response):
        return _back_to_the_start(response)
    return _on_from(draft_of(response, now=moment))


@private
@require_http_methods(["GET", "HEAD", "POST"])
def questions(request: HttpRequest, number: int) -> HttpResponse:
    """One page of questions; an urgent answer leads to help at once."""
    way, moment = Way(request), now()
    response = way.response(now=moment)
    if response is None or not ready(response):
        return _back_to_the_start(response)
    draft = draft_of(response, now=moment)
    page, first_open = draft.page(number), draft.first_open
    if page is None or (first_open is not None and first_open.number < number):
        return _on_from(draft)
    form = CheckForm(
        request.POST if request.method == "POST" else None,
        page=page,
        draft=draft,
        last=NOTHING if page.is_private else last_time(request, draft, now=moment),
    )
    if request.method != "POST":
        way.show_page(page.key, now=moment)
    if request.method != "POST" or not form.is_valid():
        return _question_page(request, form, draft)
    if not draft.is_answered(page):
        _note_haste(way, response, form, moment)
    response = save_answers(response=response, answers=form.page_answers, follow_ups=form.page_follow_ups, now=moment)
    way.forget_screening()
    draft = draft_of(response, now=moment)
    if _may_end(draft, page) and _ends_here(way, response, moment):
        return redirect("patient:result")
    if draft.first_open is not None and draft.first_open.number == number:
        messages.info(request, gettext("One more question on this page, because of what you told us."))
    return _on_from(draft, after=number)


@private
@require_http_methods(["GET", "HEAD", "POST"])
def answers(request: HttpRequest) -> HttpResponse:
    """Everything that was answered, to look at once more; sending it gives the result."""
    way, moment = Way(request), now()
    response = way.response(now=moment)
    if response is None or not ready(response):
        return _back_to_the_start(response)
    draft = draft_of(response, now=moment)
    if draft.first_open is not None:
        return _on_from(draft)
    if request.method == "POST":
        issued = screen_response(response=response, now=moment)
        way.keep_screening(issued.token)
        _attach(request, way, issued.screening, moment)
        return redirect("patient:result")
    lines = [line for page in draft.pages if not page.is_private for line in _lines(draft, page)]
    context = {
        "regions": ", ".join(region(name) for name in draft.context.regions),
        "name": way.name,
        "private_page": next((page.number for page in draft.pages if page.is_private), None),
        "person": way.person,
        "birth_date": way.birth_date,
        "told": [line for line in lines if not line.denies],
        "denied": [line for line in lines if line.denies],
        "steps": check_steps("answers"),
    }
    return render(request, "patient/answers.html", context)


def _note_haste(way: Way, response: QuestionnaireResponse, form: QuestionsForm, moment: datetime) -> None:
    """Write down for the therapist if a page was sent before anybody could have read it."""
    seconds = way.seconds_shown(form.page.key, now=moment)
    if seconds is not None and seconds < seconds_to_read(form.texts):
        note_haste(response=response, page=form.page.key, seconds=seconds)


def _question_page(request: HttpRequest, form: QuestionsForm, draft: Draft) -> HttpResponse:
    page, name = form.page, Way(request).name
    context = {
        "form": form,
        "name": name,
        "heading": _alone(name) if page.is_private else group(page.group),
        "page": page,
        "pages": len(draft.pages),
        "steps": check_steps("urgent" if page.is_red_flags else "health"),
    }
    return render(request, "patient/questions.html", context, status=422 if form.is_bound else 200)


def _alone(name: str) -> str:
    if not name:
        return gettext("Now let the young person answer alone")
    return gettext("Now let %(name)s answer alone") % {"name": name}


def _may_end(draft: Draft, page: QuestionPage) -> bool:
    """After urgent signs, or after the last of them if needles are wanted, nothing more is asked without need."""
    if not page.is_red_flags:
        return False
    is_last = not any(other.is_red_flags for other in draft.pages[page.number :])
    asks_more = draft.first_open is not None and draft.context.modality != "none"
    return draft.stops_now or (is_last and asks_more)


def _ends_here(way: Way, response: QuestionnaireResponse, moment: datetime) -> bool:
    """Whether the answers so far end the check: help is needed, or needling is not possible online."""
    try:
        issued = screen_response(response=response, now=moment)
    except IncompleteAnswers:
        return False
    way.keep_screening(issued.token)
    return True


def _on_from(draft: Draft, after: int = 0) -> HttpResponse:
    """To the next page if there is something left to answer, else to all answers."""
    first_open = draft.first_open
    if first_open is None:
        return redirect("patient:answers")
    return redirect("patient:questions", number=min(first_open.number, after + 1) if after else first_open.number)


def _back_to_the_start(response: QuestionnaireResponse | None) -> HttpResponse:
    if response is None:
        return redirect("patient:check")
    return redirect("patient:where" if "age" in response.content["context"] else "patient:who")


def _attach(request: HttpRequest, way: Way, screening: Screening, moment: datetime) -> None:
    """Give the answers to the visit that waits for them, if this check was begun for one."""
    visit_id: UUID | None = way.form_is_for()
    visit = with_relations().filter(pk=visit_id).first() if visit_id else None
    if visit is None:
        return
    try:
        attach_form(appointment=visit, screening=screening, now=moment)
    except DrypointError as problem:
        messages.error(request, str(problem.message))
        return
    way.forget_form_for()
    messages.success(request, gettext("Thank you. Your answers belong to your visit now."))


def _lines(draft: Draft, page: QuestionPage) -> list[AnswerLine]:
    lines: list[AnswerLine] = []
    for row in page.rows:
        gate = draft.gate(row.item)
        if row.asks_gate and gate:
            lines.append(AnswerLine(said(row.item.question), str(ANSWERS[gate]), page.number, denies=gate == "no"))
        given = draft.given(row.item)
        is_whole = not row.item.gate_answers and len(row.follow_ups) == 1  # "Pick one" says nothing by itself
        lines += [
            AnswerLine(
                said(row.item.question if is_whole else one.question or row.item.question),
                _in_words(one, given[one.id]),
                page.number,
            )
            for one in row.follow_ups
            if one.id in given
        ]
    return lines


def _in_words(follow_up: FollowUp, answer: Any) -> str:
    if answer == UNKNOWN:
        return str(ANSWERS[UNKNOWN])
    if isinstance(answer, tuple):
        return ", ".join(_in_words(follow_up, one) for one in answer) or gettext("None of these")
    option = follow_up.option_of.get(str(answer))
    if option is not None:
        return said(option.label)
    return str(ANSWERS.get(str(answer), answer))

"""The questions before a visit: by the link of its mail, or on a device that was handed over for them."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any, Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.views.decorators.http import require_GET, require_http_methods

from booking.models import Appointment
from booking.selectors.appointments import with_relations
from booking.selectors.offers import needle_free_service_for
from booking.selectors.rechecks import stage_now, was_asked_again
from booking.services.admission import clearance_for
from booking.services.rechecks import begin_questions, extent_for, finish_questions
from frontend.patient.handed import ENDED, HANDED, is_handed, is_own
from frontend.patient.pages import private
from frontend.patient.question_forms import QuestionsForm
from frontend.patient.recheck_draft import AgainForm, RecheckDraft, recheck_draft
from frontend.patient.result import URGENT
from frontend.patient.visit import is_of_another
from frontend.patient.way import Way
from frontend.patient.words import group, said
from intake.access import shows_answers
from intake.clock import now
from intake.errors import DrypointError, IncompleteAnswers
from intake.models import QuestionnaireResponse, User
from intake.selectors.rechecks import NOTHING
from intake.selectors.screenings import CONTENT
from intake.services.audit import record_event
from intake.services.responses import save_answers
from intake.tokens import session_mark

_FORM: Final = "recheck.form"
View = Callable[..., HttpResponse]


def of_visit_to_check(view: View) -> View:
    """The visit that this device was handed over for; else that of this browser's link, once it is proven."""

    @private
    @wraps(view)
    def answer(request: HttpRequest, **named: Any) -> HttpResponse:
        way = Way(request)
        visit = _handed_visit(request) if is_handed(request) else way.visit
        if visit is None:
            return render(request, "patient/no_visit.html", status=404)
        if not is_handed(request) and not way.is_proven:
            return redirect("patient:prove")
        if is_of_another(request, visit):
            return redirect("patient:check-begin")
        return view(request, visit, **named)

    return answer


@of_visit_to_check
@require_http_methods(["GET", "HEAD", "POST"])
def begin(request: HttpRequest, visit: Appointment) -> HttpResponse:
    """What it is about, and that honesty costs nothing."""
    moment = now()
    due = extent_for(visit, now=moment)
    if due == "nothing":
        return redirect("patient:check-done" if was_asked_again(visit) else "patient:visit")
    if request.method == "POST":
        response = begin_questions(
            appointment=visit, language=get_language() or "en", session_hash=session_mark(request.session), now=moment
        )
        request.session[_FORM] = {"id": str(response.pk), "visit": str(visit.pk)}
        return redirect("patient:check-page", number=1)
    context = {"visit": visit, "handed": is_handed(request), "own": is_own(request), "is_full": due == "full"}
    return render(request, "patient/recheck_begin.html", context)


@of_visit_to_check
@require_http_methods(["GET", "HEAD", "POST"])
def questions(request: HttpRequest, visit: Appointment, number: int) -> HttpResponse:
    """One page; the last one sends everything. An urgent answer leads to help at once."""
    moment = now()
    response = _form_of(request, visit, moment)
    if response is None:
        return redirect("patient:check-begin")
    draft = _draft(request, visit, response, moment)
    page, first_open = draft.page(number), draft.first_open
    if page is None or (first_open is not None and first_open.number < number):
        return _on_from(draft)
    last = NOTHING if page.is_private or not shows_answers(visit.patient) else draft.recheck.shown
    form = AgainForm(request.POST if request.method == "POST" else None, page=page, draft=draft, last=last)
    if request.method != "POST" or not form.is_valid():
        return _page(request, visit, form, draft, moment)
    response = save_answers(response=response, answers=form.page_answers, follow_ups=form.page_follow_ups, now=moment)
    draft = _draft(request, visit, response, moment)
    if draft.first_open is None or draft.stops_now:
        return _send(request, visit, response, draft, moment)
    return _on_from(draft, after=number)


@private
@require_GET
def done(request: HttpRequest) -> HttpResponse:
    """What follows: help now, a talk before anything else, or nothing at all."""
    if ENDED in request.session:
        return render(request, "patient/recheck_handed_back.html", request.session[ENDED])
    way = Way(request)
    visit = way.visit
    if visit is None:
        return render(request, "patient/no_visit.html", status=404)
    if not way.is_proven:
        return redirect("patient:prove")
    if not was_asked_again(visit) or visit.screening is None:
        return redirect("patient:visit")
    moment, kind = now(), _ending(visit, now())
    texts: list[str] = []
    if kind == "urgent":
        _write_down(request, visit, moment)
        findings = visit.screening.result["findings"]
        urgent = {name for name, found in findings.items() if found["urgent"]}
        told = visit.screening.result["messages"]
        texts = list(dict.fromkeys(said(one["text"]) for one in told if one["item"] in urgent))
    context = {
        "visit": visit,
        "kind": kind,
        "texts": texts,
        "is_emergency": visit.screening.urgent == "EMERGENCY",
        "without_needles": kind == "talk" and needle_free_service_for(visit, now=moment),
    }
    return render(request, "patient/recheck_done.html", context)


def _send(
    request: HttpRequest, visit: Appointment, response: QuestionnaireResponse, draft: RecheckDraft, moment: datetime
) -> HttpResponse:
    try:
        answered = finish_questions(appointment=visit, response=response, now=moment)
    except IncompleteAnswers:
        return _on_from(draft)
    except DrypointError as problem:
        return render(request, "patient/no_visit.html", {"problem": problem}, status=problem.status)
    request.session.pop(_FORM, None)
    if is_handed(request):
        ended = {"kind": _ending(answered, moment), "own": is_own(request)}
        request.session.flush()  # nothing of the patient stays on the clinic's device
        request.session[ENDED] = ended
    return redirect("patient:check-done")


def _ending(visit: Appointment, moment: datetime) -> str:
    if visit.screening is not None and visit.screening.urgent in URGENT:
        return "urgent"
    return "fine" if clearance_for(visit, now=moment).decision == "yes" else "talk"


def _draft(request: HttpRequest, visit: Appointment, response: QuestionnaireResponse, moment: datetime) -> RecheckDraft:
    return recheck_draft(
        response,
        due=extent_for(visit, now=moment),
        stage=stage_now(visit, now=moment),
        hides_known=is_handed(request),
        now=moment,
    )


def _page(
    request: HttpRequest, visit: Appointment, form: QuestionsForm, draft: RecheckDraft, moment: datetime
) -> HttpResponse:
    page = form.page
    if not is_handed(request):
        _write_down(request, visit, moment)
    context = {
        "visit": visit,
        "form": form,
        "page": page,
        "pages": len(draft.pages),
        "heading": group(page.group),
        "handed": is_handed(request),
        "extent": draft.recheck.extent,
    }
    return render(request, "patient/recheck.html", context, status=422 if form.is_bound else 200)


def _write_down(request: HttpRequest, visit: Appointment, moment: datetime) -> None:
    """The patient reads what they answered last time."""
    by = request.user if isinstance(request.user, User) else None
    record_event(
        action="read", entity=visit.screening or visit, patient=visit.patient, by=by, role="patient", now=moment
    )


def _on_from(draft: RecheckDraft, after: int = 0) -> HttpResponse:
    first_open = draft.first_open
    if first_open is None:
        return redirect("patient:check-page", number=len(draft.pages))
    return redirect("patient:check-page", number=min(first_open.number, after + 1) if after else first_open.number)


def _handed_visit(request: HttpRequest) -> Appointment | None:
    handed = request.session[HANDED]
    if datetime.fromisoformat(handed["until"]) <= now():
        request.session.flush()
        return None
    return with_relations().filter(pk=handed["visit"]).first()


def _form_of(request: HttpRequest, visit: Appointment, moment: datetime) -> QuestionnaireResponse | None:
    """The form that was begun here for this visit, while it is open."""
    kept = request.session.get(_FORM)
    if not kept or kept["visit"] != str(visit.pk) or extent_for(visit, now=moment) == "nothing":
        return None
    rows = QuestionnaireResponse.objects.select_related("questionnaire", "based_on").defer(*CONTENT)
    mine = rows.filter(pk=UUID(kept["id"]), session_hash=session_mark(request.session), patient=None)
    return mine.filter(delete_after__gt=moment).first()

"""The questions before a visit, at the clinic: on a device that is handed over, or asked in the room; and what the
therapist makes of what came up.
"""

from base64 import b64encode
from datetime import datetime
from typing import Final
from uuid import UUID

import qrcode
from django.contrib import messages
from django.contrib.auth import logout
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from qrcode.image.svg import SvgPathImage

from booking.models import Appointment
from booking.selectors.rechecks import stage_now
from booking.services.rechecks import begin_questions, extent_for, finish_questions
from booking.services.reviews import decide_request
from frontend.patient.handed import hand_over as open_for_the_patient
from frontend.patient.handed import link_for_own_phone
from frontend.patient.recheck_draft import AgainForm, recheck_draft
from frontend.staff.frame import CLINIC, SeeOther, for_roles, me, page, sent
from frontend.staff.talk import REASONS, ReasonChip
from frontend.staff.visits import render_visit, visible_visit
from intake import clock
from intake.access import can_see_answers
from intake.errors import DrypointError
from intake.models import QuestionnaireResponse, Role
from intake.selectors.audit import record_read
from intake.selectors.screenings import CONTENT
from intake.services.responses import save_answers

_FORM: Final = "recheck.in-the-room"


@for_roles(*CLINIC, methods=("POST",))
def hand_over(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """Sign out and ask the patient on this device; nothing that they answer can be read here afterwards."""
    now, visit = clock.now(), visible_visit(request, appointment_id)
    if extent_for(visit, now=now) == "nothing":
        messages.info(request, _("Nothing has to be asked now."))
        return SeeOther(reverse("staff:visit", args=[visit.pk]))
    logout(request)
    open_for_the_patient(request, visit, now=now)
    return redirect("patient:check-begin")


@for_roles(*CLINIC)
def own_phone(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """A code for the patient's own phone, which asks the questions there."""
    now, visit = clock.now(), visible_visit(request, appointment_id)
    if extent_for(visit, now=now) == "nothing":
        messages.info(request, _("Nothing has to be asked now."))
        return SeeOther(reverse("staff:visit", args=[visit.pk]))
    picture = b64encode(qrcode.make(link_for_own_phone(visit, now=now), image_factory=SvgPathImage).to_string())
    return page(request, "staff/own_phone.html", {"visit": visit, "picture": picture.decode()})


@for_roles(Role.THERAPIST, methods=("GET", "HEAD", "POST"))
def asked(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """All the questions on one page, for the therapist to ask in the room; two taps when nothing has changed."""
    now, visit = clock.now(), visible_visit(request, appointment_id)
    by = me(request)
    if not can_see_answers(by, visit.patient, now):
        raise PermissionDenied
    if extent_for(visit, by=by, now=now) == "nothing":
        messages.info(request, _("Nothing has to be asked now."))
        return SeeOther(reverse("staff:visit", args=[visit.pk]))
    response = _begun(request, visit, now)
    if response is None and request.method == "POST":
        response = begin_questions(appointment=visit, language=by.language, by=by, now=now)
        request.session[_FORM] = {"id": str(response.pk), "visit": str(visit.pk)}
        if "begin" in request.POST:
            return SeeOther(reverse("staff:asked", args=[visit.pk]))
    if response is None:
        return page(request, "staff/ask_in_room.html", {"visit": visit})
    return _ask(request, visit, response, now)


@for_roles(Role.THERAPIST, methods=("POST",))
def decide(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """The therapist's yes in the room: a reason and the button."""
    now, visit = clock.now(), visible_visit(request, appointment_id)
    form = ReasonChip(request.POST)
    if not form.is_valid():
        messages.warning(request, _("Please choose why."))
        return SeeOther(reverse("staff:visit", args=[visit.pk]) + "#talk")
    try:
        decide_request(
            appointment=visit,
            decision="approved",
            reason=str(REASONS[form.cleaned_data["chip"]]),
            by=me(request),
            now=now,
        )
    except DrypointError as error:
        visit.refresh_from_db()
        return render_visit(request, visit, refusal=error, status=error.status)
    messages.success(request, _("Noted: needling today, after the talk."))
    return SeeOther(reverse("staff:visit", args=[visit.pk]))


def _ask(request: HttpRequest, visit: Appointment, response: QuestionnaireResponse, now: datetime) -> HttpResponse:
    by = me(request)
    due = extent_for(visit, by=by, now=now)
    draft = recheck_draft(response, due=due, stage=stage_now(visit, now=now), now=now)
    form = AgainForm(sent(request), page=draft.on_one_page, draft=draft, last=draft.recheck.shown)
    record_read(entity=visit.screening or visit, patient_id=visit.patient_id, by=by, now=now)
    if request.method == "POST" and form.is_valid():
        save_answers(response=response, answers=form.page_answers, follow_ups=form.page_follow_ups, by=by, now=now)
        grown = recheck_draft(_again(response), due=due, stage=stage_now(visit, now=now), now=now)
        if grown.first_open is None or grown.stops_now:
            return _finish(request, visit, response, now)
        form = AgainForm(None, page=grown.on_one_page, draft=grown, last=grown.recheck.shown)
        messages.info(request, _("Something has changed, so please go through the other questions too."))
    context = {"visit": visit, "form": form, "page": form.page, "due": due}
    return page(request, "staff/ask_in_room.html", context, status=422 if form.errors else 200)


def _finish(request: HttpRequest, visit: Appointment, response: QuestionnaireResponse, now: datetime) -> HttpResponse:
    try:
        finish_questions(appointment=visit, response=response, by=me(request), now=now)
    except DrypointError as error:
        visit.refresh_from_db()
        return render_visit(request, visit, refusal=error, status=error.status)
    request.session.pop(_FORM, None)
    messages.success(request, _("Noted: asked in the room."))
    return SeeOther(reverse("staff:visit", args=[visit.pk]))


def _begun(request: HttpRequest, visit: Appointment, now: datetime) -> QuestionnaireResponse | None:
    kept = request.session.get(_FORM)
    if not kept or kept["visit"] != str(visit.pk):
        return None
    open_ones = _open_forms().filter(pk=kept["id"], patient=None, delete_after__gt=now)
    return open_ones.filter(based_on__screenings__patient=visit.patient_id).distinct().first()


def _again(response: QuestionnaireResponse) -> QuestionnaireResponse:
    return _open_forms().get(pk=response.pk)


def _open_forms() -> QuerySet[QuestionnaireResponse]:
    return QuestionnaireResponse.objects.select_related("questionnaire", "based_on").defer(*CONTENT)

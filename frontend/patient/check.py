"""The check: for which visit, who comes, where it hurts. Each step has its own address."""

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods

from booking.errors import NotPossibleNow
from booking.models import HealthcareService
from booking.rules.help_languages import help_sentences
from booking.selectors.asking import FOR_SOMEONE_ELSE
from booking.selectors.locations import the_clinic
from booking.services.holds import release_hold
from frontend.patient.check_forms import WhereForm, WhoForm
from frontend.patient.pages import check_steps, private
from frontend.patient.way import Way
from frontend.patient.words import KINDS
from intake.clock import clinic_date, now
from intake.models import QuestionnaireResponse
from intake.notices import Notice, current_notice
from intake.selectors.clearance import age_on
from intake.selectors.questionnaires import definition_of
from intake.services.responses import save_answers, start_response
from intake.services.resuming import keep_person_up_to_date


@private
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest) -> HttpResponse:
    """Help in another language, the privacy notice, and which visit it is about."""
    way, moment = Way(request), now()
    notice = _notice()
    kind = request.POST.get("kind", "")
    if request.method == "POST" and kind in _kinds():
        response = start_response(
            notice_version=notice.version,
            notice_hash=notice.hash,
            language=notice.language,
            session_hash=way.mark,
            now=moment,
        )
        save_answers(response=response, context={"modality": kind, "stage": "booking"}, now=moment)
        way.begin(response)
        _let_go(way, moment)
        return redirect("patient:who")
    clinic = the_clinic()
    context = {
        "help": help_sentences(clinic.help_languages) if clinic else [],
        "notice": notice,
        "kinds": [(name, *KINDS[name]) for name in _kinds()],
        "calls": HealthcareService.objects.filter(online=True, screening=HealthcareService.Screening.NONE),
        "begun": way.response(now=moment) is not None,
        "steps": check_steps("about"),
        "not_chosen": request.method == "POST",
    }
    return render(request, "patient/check.html", context, status=422 if request.method == "POST" else 200)


def _let_go(way: Way, moment: datetime) -> None:
    """A time that was chosen with the answers of before is free for others at once."""
    hold = way.live_hold(moment)
    if hold is None or not hold.service.needs_screening:
        return
    way.forget_hold()
    try:
        release_hold(appointment=hold, now=moment)
    except NotPossibleNow:  # it has just become a booking
        return


@private
@require_http_methods(["GET", "HEAD", "POST"])
def who(request: HttpRequest) -> HttpResponse:
    """For whom, whether they have been here, and the birth date."""
    way, moment = Way(request), now()
    response = way.response(now=moment)
    if response is None:
        return redirect("patient:check")
    today = clinic_date(moment)
    typed = request.POST if request.method == "POST" else None
    form = WhoForm(typed, today=today, initial={**way.person, "birth_date": way.birth_date})
    if not form.is_valid():
        context = {"form": form, "steps": check_steps("about")}
        return render(request, "patient/who.html", context, status=422 if form.is_bound else 200)
    said = form.cleaned_data
    age = age_on(today, said["birth_date"])
    way.keep_person(
        for_whom=said["for_whom"],
        visit=said["visit"],
        birth_date=said["birth_date"].isoformat(),
        given_name=said["given_name"] if said["for_whom"] == "other" else "",
    )
    keep_person_up_to_date(response=response, person=way.carried_along, now=moment)
    way.forget_screening()
    save_answers(
        response=response,
        context={"age": age, "visit": said["visit"]},
        answers={FOR_SOMEONE_ELSE: "yes" if said["for_whom"] == "other" else "no"},
        now=moment,
    )
    if _modality(response) != "none" and age < _minimum_age(response):
        return redirect("patient:age")
    return redirect("patient:where")


@private
@require_http_methods(["GET", "HEAD", "POST"])
def too_young(request: HttpRequest) -> HttpResponse:
    """Told at once: below the clinic's age needling isn't booked online, and what can be done instead."""
    way, moment = Way(request), now()
    response = way.response(now=moment)
    if response is None or "age" not in response.content["context"]:
        return redirect("patient:check")
    if request.method == "POST":
        save_answers(response=response, context={"modality": "none"}, now=moment)
        return redirect("patient:where")
    context = {
        "minimum_age": _minimum_age(response),
        "name": way.name,
        "calls": HealthcareService.objects.filter(online=True, screening=HealthcareService.Screening.NONE),
        "without_needles": "none" in _kinds(),
        "steps": check_steps("about"),
    }
    return render(request, "patient/too_young.html", context)


@private
@require_http_methods(["GET", "HEAD", "POST"])
def where(request: HttpRequest) -> HttpResponse:
    """The body picture and the same choice as a list."""
    way, moment = Way(request), now()
    response = way.response(now=moment)
    if response is None or "age" not in response.content["context"]:
        return redirect("patient:check" if response is None else "patient:who")
    regions = definition_of(response.questionnaire).regions
    chosen = response.content["context"].get("regions", [])
    typed = request.POST if request.method == "POST" else None
    form = WhereForm(typed, regions=regions, initial={"regions": chosen})
    if form.is_valid():
        save_answers(response=response, context={"regions": form.cleaned_data["regions"]}, now=moment)
        way.forget_screening()
        return redirect("patient:resume")
    context = {"form": form, "name": way.name, "steps": check_steps("where")}
    return render(request, "patient/where.html", context, status=422 if form.is_bound else 200)


def _notice() -> Notice:
    clinic = the_clinic()
    if clinic is None:
        return current_notice(get_language() or "en", clinic_name="Drypoint", privacy_officer="")
    return current_notice(
        get_language() or "en",
        clinic_name=clinic.name,
        privacy_officer=clinic.privacy_officer,
        law=clinic.privacy_law,
        retention_years=clinic.retention_years,
        majority_age=clinic.majority_age,
    )


def _kinds() -> list[str]:
    """The kinds of visit that the clinic offers online and asks questions for."""
    asked = HealthcareService.objects.filter(online=True).exclude(screening=HealthcareService.Screening.NONE)
    offered = set(asked.values_list("modality", flat=True))
    return [name for name in KINDS if name in offered]


def _modality(response: QuestionnaireResponse) -> str:
    return str(response.content["context"].get("modality", ""))


def _minimum_age(response: QuestionnaireResponse) -> float:
    minimum = definition_of(response.questionnaire).config.get("min_age_online_dry_needling", 0)
    return minimum if isinstance(minimum, int | float) else 0

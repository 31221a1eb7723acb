"""Booking for somebody on the phone: one page that any change brings up to date, without losing what was typed."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4, uuid5

from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from booking.errors import SlotNotOffered, SlotTaken
from booking.feeds.terms_words import terms_text
from booking.models import HealthcareService, Location, Practitioner
from booking.rules.availability import Slot
from booking.rules.walltime import wall_date
from booking.selectors.courses import Proposal, lengths_of, propose_course, sessions_of, spacing_of
from booking.selectors.packages import Standing, package_for
from booking.selectors.practitioners import needles, practitioners_for
from booking.selectors.slots import free_times
from booking.selectors.terms import agreed_of, agreement_of
from booking.services.appointments import book_for_caller, book_walk_in
from booking.services.courses import book_course_for_caller
from booking.services.terms import note_spoken_agreement
from frontend.course_forms import sessions_asked, starts_chosen
from frontend.staff.covers import PATIENT_PAYS, choices_for, cover_chosen, marked_for
from frontend.staff.desk import read_date, read_practitioner
from frontend.staff.forms import CallerForm
from frontend.staff.frame import CLINIC, SeeOther, clinic_or_refuse, for_roles, me, page
from frontend.staff.times import day_after_today, names_of, read_value, times_of
from frontend.staff.visits import visible_visit
from frontend.staff.why_not import Answer, answers_for
from frontend.staff.words import FORMS
from frontend.templatetags.presentation import short_day
from intake import clock
from intake.errors import DrypointError
from intake.models import Patient, Screening, User
from intake.selectors.patients import likely_matches, patients_visible_to, search_patients
from intake.selectors.reviews import form_state
from intake.services.patients import PatientDetails

NOW = "now"  # the time of somebody who stands at the desk
DAYS_LOOKED_AT = 14
DAYS_SHOWN = 4
MATCHES_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the page says at this moment."""

    q: str
    patient: Patient | None
    service: HealthcareService | None
    practitioner: Practitioner | None
    first: date
    time: str
    kept: Screening | None  # the answers on file, if they still hold
    sessions: int = 1

    @property
    def health(self) -> list[tuple[str, str]]:
        """The ways to deal with the health form, the best first."""
        if self.service is None or not self.service.needs_screening:
            return []
        ways = [("link", _("Send the link. The time is kept until the form comes."))]
        if self.kept is not None:
            said = {"day": short_day(self.kept.evaluated_at), "state": FORMS[form_state(self.kept)].text}
            ways.insert(0, ("kept", _("Answered on %(day)s: %(state)s") % said))
        if self.service.screening == HealthcareService.Screening.RED_FLAGS:
            ways.append(("without", _("Without the form: no needles are used")))
        return ways

    def payments(self, clinic: Location, now: datetime) -> list[tuple[str, str]]:
        """How it may be paid."""
        ways = [("desk", _("At the desk")), ("none", _("Nothing to pay"))]
        if self.patient is None or self.service is None:
            return ways
        package = package_for(self.patient, self.service, location=clinic, on=self.first)
        if package is None:
            return ways
        said = {"name": package.name, "left": Standing.of(package, now=now).left}
        return [("package", _("With their package “%(name)s” (%(left)s left)") % said), *ways]

    def usual_payment(self, ways: list[tuple[str, str]]) -> str:
        """What is chosen before staff choose: a package, unless somebody else bears a part."""
        if self.service is not None and not self.service.price_amount:
            return "none"
        return "desk" if marked_for(self.patient) != PATIENT_PAYS else ways[0][0]


@for_roles(*CLINIC, methods=("GET", "HEAD", "POST"))
def book(request: HttpRequest) -> HttpResponse:
    """Book for a caller. A POST with `look` books nothing: it shows the page for what is chosen by now."""
    now = clock.now()
    values = request.POST if request.method == "POST" else request.GET
    wanted = _read(values, me(request), now)
    if request.method != "POST" or "look" in request.POST:
        return _page(request, wanted, _unbound(wanted, values), now)
    form = CallerForm(request.POST, **_needs(wanted))
    chosen = (now, None) if wanted.time == NOW else read_value(wanted.time)
    if not form.is_valid() or chosen is None:
        if chosen is None:
            form.add_error(None, _("Please choose a time."))
        return _page(request, wanted, form, now, status=422)
    if wanted.sessions > 1:
        return _book_course(request, wanted, form, chosen, now)
    return _book(request, wanted, form, chosen, now)


@for_roles(*CLINIC)
def booked(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """What to tell the caller."""
    visit = visible_visit(request, appointment_id)
    sessions = list(sessions_of(visit.course)) if visit.course else []
    said: dict[str, Any] = {"zone": visit.time_zone, "currency": visit.currency, "now": clock.now()}
    context = {
        "visit": visit,
        "sessions": sessions,
        "terms": terms_text(agreed_of(visit), payment=visit.payment_choice, **said).splitlines(),
        "agreement": agreement_of(visit),
    }
    return page(request, "staff/booked.html", context)


@for_roles(*CLINIC, methods=("POST",))
def agreed(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """The caller was told the terms and agrees; of a course, for each session."""
    visit = visible_visit(request, appointment_id)
    for one in list(sessions_of(visit.course)) if visit.course else [visit]:
        note_spoken_agreement(appointment=one, by=me(request), now=clock.now())
    return SeeOther(reverse("staff:booked", args=[visit.pk]))


def _book(
    request: HttpRequest, wanted: Wanted, form: CallerForm, chosen: tuple[datetime, UUID | None], now: datetime
) -> HttpResponse:
    said = form.cleaned_data
    common: dict[str, Any] = {
        "service": said["service"],
        "patient": wanted.patient or _details(said),
        "screening": wanted.kept if said["health_form"] == "kept" else None,
        "wait_for_form": said["health_form"] == "link",
        "payment": said["payment"],
        "cover": cover_chosen(wanted.patient, said["cover"]),
        "note": said["note"],
        "request_key": said["request_key"],
        "by": me(request),
        "now": now,
    }
    try:
        if wanted.time == NOW:
            made = book_walk_in(practitioner=said["practitioner"], **common)
        else:
            whose = Practitioner.objects.filter(pk=chosen[1]).first() if chosen[1] else None
            made = book_for_caller(practitioner=whose, start=chosen[0], **common)
    except DrypointError as error:
        near = error.details.get("alternatives", [])
        whom = practitioners_for(said["service"]).filter(**({"pk": chosen[1]} if chosen[1] else {}))
        why = answers_for(said["service"], whom, chosen[0]) if isinstance(error, SlotNotOffered | SlotTaken) else []
        return _page(request, wanted, form, now, refusal=error, near=near, why=why, status=error.status)
    return SeeOther(reverse("staff:booked", args=[made.appointment.pk]))


def _book_course(
    request: HttpRequest, wanted: Wanted, form: CallerForm, chosen: tuple[datetime, UUID | None], now: datetime
) -> HttpResponse:
    """All sessions at once. The days are looked at before they are booked: the first time, the page shows them."""
    said, proposal = form.cleaned_data, _days(wanted, chosen, now)
    starts = starts_chosen(request.POST, sessions=wanted.sessions)
    if not starts or starts[0] != chosen[0] or proposal is None or proposal.practitioner is None:
        return _page(request, wanted, form, now, proposal=proposal, days_first=True)
    try:
        made = book_course_for_caller(
            service=said["service"],
            practitioner=proposal.practitioner,
            starts=starts,
            patient=wanted.patient or _details(said),
            screening=wanted.kept if said["health_form"] == "kept" else None,
            wait_for_form=said["health_form"] == "link",
            payment=said["payment"],
            cover=cover_chosen(wanted.patient, said["cover"]),
            note=said["note"],
            request_key=uuid5(said["request_key"], " ".join(start.isoformat() for start in starts)),
            by=me(request),
            now=now,
        )
    except DrypointError as error:
        instead = error.details.get("proposal") or _days(wanted, chosen, now)
        return _page(request, wanted, form, now, refusal=error, proposal=instead, status=error.status)
    return SeeOther(reverse("staff:booked", args=[made[0].appointment.pk]))


def _days(wanted: Wanted, chosen: tuple[datetime, UUID | None] | None, now: datetime) -> Proposal | None:
    """The days of a course from the chosen time on; None until it is chosen, and for a single visit."""
    if wanted.service is None or wanted.sessions < 2 or chosen is None:
        return None
    whose = practitioners_for(wanted.service).filter(pk=chosen[1]).first() if chosen[1] else wanted.practitioner
    return propose_course(
        service=wanted.service,
        practitioner=whose,
        first_start=chosen[0],
        sessions=wanted.sessions,
        spacing=spacing_of(wanted.service),
        answers_until=wanted.kept.valid_until if wanted.kept else None,
        by_staff=True,
        now=now,
    )


def _details(said: dict[str, Any]) -> PatientDetails:
    return PatientDetails(
        given_name=said["given_name"],
        family_name=said["family_name"],
        birth_date=said["birth_date"],
        email=said["email"],
        phone=str(said["phone"]),
        language=(get_language() or "en")[:2],
    )


def _page(
    request: HttpRequest,
    wanted: Wanted,
    form: CallerForm,
    now: datetime,
    *,
    refusal: DrypointError | None = None,
    near: list[Slot] | None = None,
    why: list[Answer] | None = None,
    proposal: Proposal | None = None,
    days_first: bool = False,
    status: int = 200,
) -> HttpResponse:
    clinic = clinic_or_refuse()
    names = names_of(Practitioner.objects.filter(active=True))
    days = times_of(
        near or _free(wanted, now),
        zone=clinic.time_zone,
        names=names,
        anybody=wanted.practitioner is None,
        chosen=wanted.time,
    )
    shown = days if near else days[:DAYS_SHOWN]
    found = list(search_patients(wanted.q, by=me(request), now=now)[:MATCHES_SHOWN]) if wanted.q else []
    if wanted.patient is not None and wanted.patient not in found:
        found.insert(0, wanted.patient)
    context = {
        "wanted": wanted,
        "form": form,
        "refusal": refusal,
        "answers": why,
        "found": found,
        "duplicates": list(likely_matches(wanted.patient)[:5]) if wanted.patient else [],
        "days": shown,
        "near": bool(near),
        "later": shown[-1].date + timedelta(days=1) if shown else wanted.first + timedelta(days=DAYS_LOOKED_AT),
        "zone": clinic.time_zone,
        "lengths": lengths_of(wanted.service) if wanted.service else [],
        "days_first": days_first,
        "proposal": proposal or _days(wanted, read_value(wanted.time), now),
    }
    return page(request, "staff/book.html", context, status=status)


def _free(wanted: Wanted, now: datetime) -> list[Slot]:
    if wanted.service is None:
        return []
    return free_times(
        service=wanted.service,
        from_date=wanted.first,
        to_date=wanted.first + timedelta(days=DAYS_LOOKED_AT - 1),
        practitioner=wanted.practitioner,
        location=clinic_or_refuse(),
        by_staff=True,
        now=now,
    ).slots


def _read(values: QueryDict, user: User, now: datetime) -> Wanted:
    clinic = clinic_or_refuse()
    patient = _patient(values.get("patient", ""), user, now)
    service = _service(values.get("service", ""))
    return Wanted(
        q=values.get("q", "").replace("\0", "").strip()[:100],
        patient=patient,
        service=service,
        practitioner=read_practitioner(values.get("practitioner", "")),
        first=day_after_today(
            read_date(values.get("look", "").removeprefix("later:")) or read_date(values.get("from", "")),
            wall_date(now, clinic.time_zone),
        ),
        time=values.get("time", ""),
        kept=_kept(patient, now),
        sessions=sessions_asked(values, service, otherwise=1) if service else 1,
    )


def _needs(wanted: Wanted) -> dict[str, Any]:
    return {
        "health": wanted.health,
        "covers": choices_for(wanted.patient),
        "payments": wanted.payments(clinic_or_refuse(), clock.now()),
        "is_new": wanted.patient is None,
        "born": wanted.service is not None and needles(wanted.service),
    }


def _unbound(wanted: Wanted, values: QueryDict) -> CallerForm:
    """The form with what was typed so far, and no word yet of what is missing."""
    typed = {name: values[name] for name in CallerForm.base_fields if values.get(name)}
    ways = [way for way, _words in wanted.health]
    typed["health_form"] = typed["health_form"] if typed.get("health_form") in ways else next(iter(ways), "")
    needs = _needs(wanted)
    if typed.get("payment") not in dict(needs["payments"]):
        typed["payment"] = wanted.usual_payment(needs["payments"])
    known = [key for key, _words in choices_for(wanted.patient)]
    typed["cover"] = typed["cover"] if typed.get("cover") in known else marked_for(wanted.patient)
    typed.setdefault("request_key", str(uuid4()))
    if wanted.service is not None:
        typed["service"] = str(wanted.service.pk)
    return CallerForm(initial=typed, **needs)


def _patient(text: str, user: User, now: datetime) -> Patient | None:
    try:
        return patients_visible_to(user, now=now).filter(pk=UUID(text)).first()
    except ValueError:
        return None


def _service(text: str) -> HealthcareService | None:
    services = HealthcareService.objects.all()
    try:
        return services.filter(pk=UUID(text)).first() or services.first()
    except ValueError:
        return services.first()


def _kept(patient: Patient | None, now: datetime) -> Screening | None:
    """The patient's last answers, if they still hold. Whether they allow the visit, the booking asks."""
    if patient is None:
        return None
    return Screening.objects.filter(patient=patient, valid_until__gt=now).order_by("-evaluated_at").first()

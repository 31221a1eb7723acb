"""What makes the demonstration look like a morning at the clinic: visits under way, requests and a form that wait.

Everything here goes through the services that people use.
"""

from datetime import datetime, timedelta
from random import Random
from typing import Any

from booking.models import Appointment, HealthcareService
from booking.payments.ledger import balance_of
from booking.rules.availability import Slot
from booking.selectors.documents import papers_to_make
from booking.selectors.rechecks import stage_now
from booking.selectors.slots import free_times
from booking.services.appointments import book_for_caller, confirm_details
from booking.services.desk_money import take_payment
from booking.services.documents import issue_credit_note, issue_receipt
from booking.services.holds import hold_time
from booking.services.rechecks import begin_questions, extent_for, finish_questions
from booking.services.visits import acknowledge_alert, check_in, finish_visit, mark_arrived
from config.seed.answers import answer_like
from config.seed.books import keep_the_books
from config.seed.care import look_after_visits
from config.seed.clinic import Clinic, new_id
from config.seed.desk import count_drawers, mail_a_link, parts_of
from config.seed.fees import let_fees_wait
from config.seed.names import person, story_phone
from config.seed.packages import sell_packages
from intake.models import Outcome, Patient, Role, Screening, User
from intake.rules.answers import to_line
from intake.selectors.rechecks import recheck_of
from intake.services.patients import PatientDetails
from intake.services.responses import save_answers

_RECEIPTS = 6
# Things a therapist looks at before a visit is confirmed.
_REQUESTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("diabetes", {"control": "up_down", "complications": []}),
    ("joint_replacement", {"same_area": "yes", "lt12m": "no", "where": "Left hip, four years ago"}),
)


def make_it_lively(*, clinic: Clinic, rng: Random, now: datetime) -> None:
    """Bring today up to this moment, and let three things wait for somebody."""
    reception = User.objects.get(role=Role.RECEPTION)
    _bring_up_to_date(reception, rng, now)
    by_slug = {service.slug: service for service in clinic.services}
    for trouble in _REQUESTS:
        _ask_for_a_time(clinic, by_slug["first-visit"], rng, trouble, now)
    _book_without_form(clinic, by_slug["first-visit"], rng, reception, now)
    _issue_receipts(reception, now)
    sell_packages(location=clinic.location, now=now)
    let_fees_wait(now=now)
    mail_a_link(by=reception, now=now)
    count_drawers(location=clinic.location, by=reception, now=now)
    keep_the_books(location=clinic.location, now=now)
    look_after_visits(location=clinic.location, now=now)


def _bring_up_to_date(reception: User, rng: Random, now: datetime) -> None:
    begun = Appointment.objects.filter(status=Appointment.Status.BOOKED, start__lte=now + timedelta(minutes=10))
    for number, visit in enumerate(begun.select_related("practitioner__user", "screening").order_by("start")):
        mark_arrived(appointment=visit, by=reception, now=now)
        if visit.end > now:
            continue
        _nothing_has_changed(visit, now)
        visit.refresh_from_db()
        if visit.screening and visit.screening.outcome == Outcome.CAUTION:
            acknowledge_alert(appointment=visit, by=visit.practitioner.user, now=now)
        check_in(appointment=visit, by=reception, now=now)
        due = balance_of(visit).due
        if due:
            key = new_id(rng)
            parts = parts_of(due, number=number)
            take_payment(appointment=visit, parts=parts, request_key=key, by=reception, now=now)
        finish_visit(appointment=visit, by=reception, now=now)


def _issue_receipts(reception: User, now: datetime) -> None:
    """The latest visits have their receipts; something was wrong on the first, which a credit note takes back."""
    done = Appointment.objects.filter(status=Appointment.Status.FULFILLED, price_amount__gt=0, end__lte=now)
    paid = [one.visit for one in papers_to_make(done.order_by("-start", "pk")[:20]) if one.kind == "receipt"]
    receipts = [issue_receipt(appointment=visit, by=reception, now=now) for visit in reversed(paid[:_RECEIPTS])]
    if receipts:
        issue_credit_note(document=receipts[0], by=reception, now=now)


def _nothing_has_changed(visit: Appointment, now: datetime) -> None:
    """The questions before the visit, answered as last time, and with the safe answer where they are about today."""
    visit.refresh_from_db()
    due = extent_for(visit, now=now)
    if due == "nothing":
        return
    form = begin_questions(appointment=visit, language="en", now=now)
    recheck = recheck_of(form, due=due, stage=stage_now(visit, now=now), now=now)
    known: dict[str, Any] = to_line(recheck.context, recheck.known)
    new = [item for item in recheck.asked if item.id not in recheck.known.gates and item.gate_answers]
    safe = {item.id: "yes" if item.triage_on == "no" else "no" for item in new}
    again = {item.id for item in recheck.asked}
    follow_ups = {name: given for name, given in known["follow_ups"].items() if name in again}
    gates = {name: gate for name, gate in known["answers"].items() if name in again}
    save_answers(response=form, answers=gates | safe, follow_ups=follow_ups, now=now)
    finish_questions(appointment=visit, response=form, now=now)


def _ask_for_a_time(clinic: Clinic, service: HealthcareService, rng: Random, trouble: Any, now: datetime) -> None:
    details = _somebody(rng, now)
    somebody = Patient(birth_date=details.birth_date, language=details.language)
    answered = answer_like(rng=rng, patient=somebody, returning=False, at=now, extra=trouble)
    answered.response.patient = answered.screening.patient = None
    answered.response.save(force_insert=True)
    answered.screening.save(force_insert=True)
    slot = _a_time(clinic, service, rng, now, answered.screening)
    held = hold_time(
        screening=answered.screening, service=service, practitioner=_therapist(clinic, slot), start=slot.start,
        request_key=new_id(rng), held_by=f"demo:{answered.response.pk}", source=Appointment.Source.PATIENT, now=now,
    )  # fmt: skip
    confirm_details(
        appointment=held.appointment,
        patient=details,
        payment="desk",
        policies_accepted=True,
        accepts_assessment=True,
        now=now,
    )


def _book_without_form(clinic: Clinic, service: HealthcareService, rng: Random, reception: User, now: datetime) -> None:
    slot = _a_time(clinic, service, rng, now, None)
    book_for_caller(
        service=service, practitioner=_therapist(clinic, slot), start=slot.start, patient=_somebody(rng, now),
        wait_for_form=True, payment="desk", request_key=new_id(rng), by=reception, now=now,
    )  # fmt: skip


def _a_time(
    clinic: Clinic, service: HealthcareService, rng: Random, now: datetime, screening: Screening | None
) -> Slot:
    """Some free time between the day after tomorrow and next week."""
    first = (now + timedelta(days=2)).date()
    slots = free_times(
        service=service, from_date=first, to_date=first + timedelta(days=7), screening=screening, now=now
    ).slots
    return rng.choice(slots)


def _therapist(clinic: Clinic, slot: Slot) -> Any:
    return next(one for one in clinic.practitioners if one.pk == slot.practitioner)


def _somebody(rng: Random, now: datetime) -> PatientDetails:
    given, family = person(rng)
    return PatientDetails(
        given_name=given, family_name=family, birth_date=(now - timedelta(days=365 * rng.randint(22, 70))).date(),
        email=f"{given}.{family}@example.com".lower(), phone=story_phone(rng), language="en",
    )  # fmt: skip

"""By no door does a needling visit come to be booked against the answers; each door lets a healthy person through."""

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from booking.models import Appointment, HealthcareService, Location, Offer, WaitlistEntry
from booking.services.appointments import attach_form, book_for_caller, reschedule_appointment
from booking.services.freed_offers import offer_freed_times
from booking.services.review_talks import answer_question, ask_patient
from booking.services.reviews import decide_request
from booking.services.visits import check_in, mark_arrived
from intake.errors import DrypointError
from intake.models import Role, Screening
from intake.selectors.questionnaires import definition_of
from intake.services.responses import Issued, save_answers, screen_response
from tests.booking.services.booking_steps import details
from tests.booking.services.course_steps import confirm_four, hold_four
from tests.booking.services.test_waitlist import freed, join, yes
from tests.factories import intake as people
from tests.factories.booking import NOW, Clinic, at, make_appointment, make_staff
from tests.frontend.patient.person import DETAILS, Person
from tests.security.test_nothing_leaks import DETAILS as API_DETAILS

SURE = ("booked", "arrived", "checked-in", "fulfilled")
Answers = Callable[[], Issued]
FORBIDDEN: dict[str, Answers] = {
    "stop": lambda: people.make_screening(people.stop_line(), now=NOW),
    "emergency": lambda: people.make_screening(people.emergency_line(), now=NOW),
    "review": lambda: people.make_screening(people.review_line(), now=NOW),
    "urgent signs only": lambda: _urgent_signs_only(),
    "expired": lambda: people.make_screening(now=NOW - timedelta(days=400)),
}


def _urgent_signs_only() -> Issued:
    """What the pages ask for a visit without needles."""
    response, line = people.make_response(NOW), people.clear_line(modality="none")
    items = definition_of(response.questionnaire).by_id
    signs = {name: said for name, said in line["answers"].items() if items[name].category == "red_flag"}
    response = save_answers(response=response, context=line["context"], answers=signs, now=NOW)
    return screen_response(response=response, now=NOW)


def healthy() -> Issued:
    return people.make_screening(now=NOW)


def on_the_pages(clinic: Clinic, answers: Issued) -> None:
    person = Person(Client(), clinic)
    person.post("/check/", kind="manual")
    session = person.client.session
    session["check.screening"] = answers.token
    session.save()
    person.pick(at(10))
    person.post("/book/details/", **DETAILS)
    answer = person.post("/book/agree/", payment="desk", agree="on")
    assert answer.status_code < 500


def over_http(clinic: Clinic, answers: Issued) -> None:
    def post(path: str, **said: Any) -> Any:
        answer = Client().post(f"/api/v1/{path}", json.dumps(said), content_type="application/json")
        assert answer.status_code < 500
        return answer.json()

    wish = {"service": clinic.needling.slug, "practitioner": str(clinic.anna.pk), "start": at(10).isoformat()}
    hold = post("holds/", **wish, screening=answers.token)
    kept = {"hold": hold.get("id", str(uuid4())), "token": hold.get("token", "x")}
    post("appointments/", **kept, patient=API_DETAILS, policies_accepted=True, payment="desk")


def _at_the_desk(clinic: Clinic, **over: Any) -> Appointment:
    wish = {"service": clinic.needling, "practitioner": clinic.anna, "start": at(10), "patient": details()}
    who = {"request_key": uuid4(), "by": make_staff(Role.RECEPTION), "now": NOW}
    return book_for_caller(**{**wish, **who, **over}).appointment


def by_phone(clinic: Clinic, answers: Issued) -> None:
    _at_the_desk(clinic, screening=answers.screening)


def by_the_link_in_the_mail(clinic: Clinic, answers: Issued) -> None:
    attach_form(appointment=_at_the_desk(clinic, wait_for_form=True), screening=answers.screening, now=NOW)


def by_answering_again(clinic: Clinic, answers: Issued) -> None:
    visit = _at_the_desk(clinic, screening=healthy().screening)
    attach_form(appointment=visit, screening=answers.screening, now=NOW)


def by_a_therapists_yes(clinic: Clinic, answers: Issued) -> None:
    """Only what is truly asked of the therapist: everything else is refused even to them."""
    visit = _request(clinic, answers)
    decide_request(appointment=visit, decision="approved", reason="Spoke.", by=clinic.anna.user, now=NOW)


def _request(clinic: Clinic, answers: Issued) -> Appointment:
    patient = people.make_patient(now=NOW)
    people.make_care_relation(clinic.anna.user, patient, now=NOW)
    answers.screening.patient = patient
    answers.screening.save(update_fields=["patient"])
    return make_appointment(
        clinic,
        start=at(10),
        patient=patient,
        screening=answers.screening,
        status="pending",
        awaiting="review",
        decide_by=at(9),
    )


def as_a_course(clinic: Clinic, answers: Issued) -> None:
    HealthcareService.objects.update(course_sessions_max=6)
    clinic.needling.refresh_from_db()
    confirm_four(hold_four(clinic, screening=answers.screening))


def from_the_waitlist(clinic: Clinic, answers: Issued) -> None:
    """Somebody healthy waits and is asked; before the yes their answers become these."""
    entry = join(clinic).entry
    freed(clinic)
    offer_freed_times(now=NOW)
    WaitlistEntry.objects.filter(pk=entry.pk).update(screening=answers.screening)
    Appointment.objects.filter(status="proposed").update(screening=answers.screening)
    yes(Offer.objects.get())


def on_the_waitlist(clinic: Clinic, answers: Issued) -> None:
    join(clinic, screening=answers.screening)
    freed(clinic)
    offer_freed_times(now=NOW)
    for offer in Offer.objects.all():
        yes(offer)


DOORS = [
    on_the_pages,
    over_http,
    by_phone,
    by_the_link_in_the_mail,
    by_answering_again,
    as_a_course,
    on_the_waitlist,
    from_the_waitlist,
]


def booked_with_needles() -> list[str]:
    needling = Appointment.objects.filter(service__modality__in=["manual", "electrical"], status__in=SURE)
    return list(needling.values_list("status", flat=True))


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("kind", FORBIDDEN)
def test_no_door_books_needles_against_the_answers(clinic: Clinic, door: Callable[..., None], kind: str) -> None:
    answers, refused = FORBIDDEN[kind](), False
    try:
        door(clinic, answers)
    except DrypointError:
        refused = True
    if door is by_answering_again and refused:
        assert Appointment.objects.get().screening_id != answers.screening.pk  # the visit stands on its old answers
    else:
        assert booked_with_needles() == []


@pytest.mark.parametrize("door", DOORS)
def test_every_door_opens_to_a_healthy_person(clinic: Clinic, door: Callable[..., None]) -> None:
    door(clinic, healthy())
    assert set(booked_with_needles()) == {"booked"}


@pytest.mark.parametrize("kind", FORBIDDEN)
def test_a_therapist_can_say_yes_to_a_review_and_to_nothing_worse(clinic: Clinic, kind: str) -> None:
    try:
        by_a_therapists_yes(clinic, FORBIDDEN[kind]())
    except DrypointError:
        assert kind != "review"
    assert booked_with_needles() == (["booked"] if kind == "review" else [])


@pytest.mark.parametrize("kind", FORBIDDEN)
@pytest.mark.parametrize("decision", ["lowered", "raised", "declined"])
def test_no_other_decision_books_needles_but_lowering_a_review(clinic: Clinic, kind: str, decision: str) -> None:
    visit = _request(clinic, FORBIDDEN[kind]())
    with suppress(DrypointError):
        decide_request(
            appointment=visit,
            decision=decision,
            reason="Spoke.",
            offered=["without-needles"] if decision != "lowered" else (),
            by=clinic.anna.user,
            now=NOW,
        )
    assert booked_with_needles() == (["booked"] if (kind, decision) == ("review", "lowered") else [])


@pytest.mark.parametrize("kind", ["stop", "emergency", "review"])
def test_a_question_and_its_answer_book_nothing(clinic: Clinic, kind: str) -> None:
    visit = _request(clinic, FORBIDDEN[kind]())
    ask_patient(appointment=visit, question="Which?", by=clinic.anna.user, now=NOW)
    answer_question(appointment=visit, text="None at all", now=NOW)
    with suppress(DrypointError):
        reschedule_appointment(appointment=visit, practitioner=None, start=at(14), by=None, now=NOW)
    assert booked_with_needles() == []


def test_what_a_therapist_raised_no_door_books(clinic: Clinic) -> None:
    answers = FORBIDDEN["review"]()
    with suppress(DrypointError):
        decide_request(
            appointment=_request(clinic, answers), decision="raised", reason="No.", by=clinic.anna.user, now=NOW
        )
    for door in (on_the_pages, over_http, by_phone):
        with suppress(DrypointError):
            door(clinic, answers)
    again = _request(clinic, Issued(Screening.objects.get(pk=answers.screening.pk), answers.token))
    with pytest.raises(DrypointError):
        decide_request(appointment=again, decision="approved", reason="Yes.", by=clinic.ben.user, now=NOW)
    assert booked_with_needles() == []


@pytest.mark.parametrize("door", [on_the_pages, over_http, by_phone])
@pytest.mark.parametrize(("minutes", "taken"), [(239, 0), (241, 1)])
def test_no_door_takes_a_request_within_its_notice(
    clinic: Clinic, door: Callable[..., None], minutes: int, taken: int
) -> None:
    """Each door asks for ten o'clock; the clinic's notice is moved instead of the clock, which goes on by seconds."""
    ahead = int((at(10) - NOW).total_seconds() // 60)
    Location.objects.update(request_notice_minutes=ahead + 240 - minutes, minimum_notice_minutes=0)
    with suppress(DrypointError):
        door(clinic, FORBIDDEN["review"]())
    assert Appointment.objects.filter(status="pending", awaiting="review").count() == taken


@pytest.mark.parametrize("kind", FORBIDDEN)
def test_a_visit_that_is_no_longer_cleared_is_neither_moved_nor_begun(clinic: Clinic, kind: str) -> None:
    visit = _request(clinic, FORBIDDEN[kind]())
    Appointment.objects.filter(pk=visit.pk).update(status="booked", awaiting="", decide_by=None)
    visit.refresh_from_db()
    desk = make_staff(Role.RECEPTION)
    before = visit.start
    with suppress(DrypointError):
        reschedule_appointment(appointment=visit, practitioner=None, start=at(14), by=desk, now=NOW)
    visit.refresh_from_db()
    assert visit.status in ("pending", "cancelled") or (visit.status, visit.start) == ("booked", before)
    Appointment.objects.filter(pk=visit.pk).update(status="booked", awaiting="", decide_by=None)
    visit.refresh_from_db()
    moment = visit.start - timedelta(minutes=5)
    with pytest.raises(DrypointError):
        check_in(appointment=mark_arrived(appointment=visit, by=desk, now=moment), by=desk, now=moment)
    visit.refresh_from_db()
    assert visit.status in ("booked", "arrived")


@pytest.mark.parametrize("kind", FORBIDDEN)
def test_no_service_with_needles_takes_the_place_of_one_without(clinic: Clinic, kind: str) -> None:
    """Of what is offered on these answers, nothing has needles, unless a therapist is asked first."""
    answers = FORBIDDEN[kind]()
    person = Person(Client(), clinic)
    person.post("/check/", kind="manual")
    session = person.client.session
    session["check.screening"] = answers.token
    session.save()
    for service in HealthcareService.objects.exclude(modality="none"):
        person.pick(at(11), service=service.slug)
        person.post("/book/details/", **DETAILS)
        person.post("/book/agree/", payment="desk", agree="on")
    assert booked_with_needles() == []

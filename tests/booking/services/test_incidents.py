"""Complaints and incidents with their history, the register, and records that may not be deleted."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from booking.errors import NotPossibleNow
from booking.models import Appointment, Encounter, Incident, IncidentEntry, Task, TreatmentRecord
from booking.selectors.incidents import Rate, Register, history_of, incidents_visible_to, register_of, replies_due
from booking.services.errands import forget_contacts, open_task
from booking.services.incidents import (
    Logged,
    add_note,
    change_incident,
    close_incident,
    log_incident,
    reopen_incident,
)
from booking.services.retention import erase_record, patients_past_retention
from intake.errors import InvalidAnswers, NotAllowed, OnHold
from intake.models import AuditEvent, Consent, Patient, RecordHold, Role, User
from intake.services.record_holds import hold_record, lift_hold
from intake.services.retention import erase_patient
from tests.factories.booking import Clinic, at, make_appointment, make_staff
from tests.factories.intake import make_care_relation, make_patient

pytestmark = pytest.mark.django_db
NOW = at(15)
TODAY = date(2026, 11, 24)


def visit_of(clinic: Clinic, patient: Patient | None = None, **over: Any) -> Appointment:
    fields: dict[str, Any] = {"start": at(10), "patient": patient or make_patient(), "status": "fulfilled"}
    return make_appointment(clinic, **{**fields, **over})


def log(visit: Appointment, by: User, *, key: UUID | None = None, now: datetime = NOW, **over: Any) -> Incident:
    said: dict[str, Any] = {"kind": "incident", "severity": "mild", "happened_at": at(10, 30), "words": "Canary words"}
    return log_incident(appointment=visit, said=Logged(**{**said, **over}), request_key=key or uuid4(), by=by, now=now)


def later(minutes: int) -> datetime:
    return NOW + timedelta(minutes=minutes)


def steps_of(incident: Incident) -> list[tuple[str, str, date | None]]:
    return list(incident.entries.values_list("step", "severity", "reply_due_date"))


def test_anyone_who_works_with_visits_logs_one_and_a_second_tap_adds_none(clinic: Clinic) -> None:
    visit, key = visit_of(clinic), uuid4()
    made = [log(visit, by, key=key) for by in (make_staff(), clinic.anna.user, make_staff(Role.MANAGER))]
    assert {one.pk for one in made} == {Incident.objects.get().pk}
    assert (made[0].entries.count(), made[0].entries.get().content) == (1, {"words": "Canary words"})
    with pytest.raises(NotAllowed):
        log(visit, make_staff(Role.OWNER))


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "murmur"},
        {"severity": "awful"},
        {"words": "  "},
        {"words": "x" * 4001},
        {"happened_at": NOW + timedelta(minutes=1)},
        {"happened_at": at(10, days=0)},
        {"reply_due_date": TODAY - timedelta(days=1)},
        {"reply_due_date": TODAY + timedelta(days=400)},
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused_in_words(clinic: Clinic, wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidAnswers):
        log(visit_of(clinic), make_staff(), **wrong)
    assert Incident.objects.count() == 0


def test_its_words_are_sealed_and_its_history_can_only_grow(clinic: Clinic) -> None:
    made = log(visit_of(clinic), make_staff())
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT string_agg(t::text, '') FROM booking_incident t) ||"
            " (SELECT string_agg(t::text, '') FROM booking_incidententry t) ||"
            " (SELECT string_agg(t::text, '') FROM intake_auditevent t)"
        )
        assert "anary" not in cursor.fetchone()[0]
    with pytest.raises(DatabaseError), transaction.atomic():
        IncidentEntry.objects.update(step="closed")
    assert made.entries.count() == 1


def test_a_manager_follows_it_until_it_is_closed_and_all_of_it_stays(clinic: Clinic) -> None:
    desk, manager = make_staff(), make_staff(Role.MANAGER)
    made, due = log(visit_of(clinic), desk), TODAY + timedelta(days=7)
    add_note(incident=made, words="She called back.", by=desk, now=later(1))
    change_incident(
        incident=made, severity="serious", reply_due_date=due, words="Went to hospital.", by=manager, now=later(2)
    )
    closed = close_incident(incident=made, words="Answered.", by=manager, now=later(3))
    assert (closed.closed_at, closed.closed_by) == (later(3), manager)
    with pytest.raises(NotPossibleNow):
        close_incident(incident=made, words="Again.", by=manager, now=NOW)
    reopened = reopen_incident(incident=made, words="Not settled.", by=manager, now=later(4))
    assert (reopened.closed_at, reopened.closed_by) == (None, None)
    assert steps_of(made) == [
        ("logged", "mild", None),
        ("noted", "mild", None),
        ("changed", "serious", due),
        ("closed", "serious", due),
        ("reopened", "serious", due),
    ]


def test_only_managers_decide_and_only_who_logged_it_may_add(clinic: Clinic) -> None:
    desk, other = make_staff(), make_staff()
    made = log(visit_of(clinic), desk)
    with pytest.raises(NotAllowed):
        add_note(incident=made, words="Hm.", by=other, now=NOW)
    for by in (desk, clinic.anna.user):
        with pytest.raises(NotAllowed):
            close_incident(incident=made, words="Done.", by=by, now=NOW)
        with pytest.raises(NotAllowed):
            change_incident(incident=made, severity="mild", reply_due_date=None, words="So.", by=by, now=NOW)


def test_who_sees_what_and_what_is_due_stands_first(clinic: Clinic) -> None:
    desk, manager, anna = make_staff(), make_staff(Role.MANAGER), clinic.anna.user
    patient = make_patient()
    make_care_relation(anna, patient, now=NOW)
    hers = log(visit_of(clinic, patient), manager)
    later = log(visit_of(clinic, start=at(11)), desk, reply_due_date=TODAY + timedelta(days=9), happened_at=at(12))
    soon = log(visit_of(clinic, start=at(12)), manager, reply_due_date=TODAY, happened_at=at(12))
    closed = log(visit_of(clinic, start=at(13)), manager, reply_due_date=TODAY, happened_at=at(13))
    close_incident(incident=closed, words="Done.", by=manager, now=NOW)
    assert list(incidents_visible_to(manager, now=NOW)) == [soon, later, hers, closed]
    assert list(incidents_visible_to(desk, now=NOW)) == [later]
    assert list(incidents_visible_to(anna, now=NOW)) == [hers]
    assert (replies_due(by=manager, today=TODAY, now=NOW), replies_due(by=desk, today=TODAY, now=NOW)) == (1, 0)
    assert [one.words for one in history_of(incident=hers, by=anna, now=NOW)] == ["Canary words"]
    assert AuditEvent.objects.filter(action="read", entity_id=hers.pk, agent=anna).count() == 1
    with pytest.raises(NotAllowed):
        history_of(incident=hers, by=desk, now=NOW)


def test_the_register_counts_incidents_over_sessions_with_needles(clinic: Clinic) -> None:
    desk = make_staff()
    mine = [visit_of(clinic, start=at(hour)) for hour in (9, 10)]
    visit_of(clinic, practitioner=clinic.ben, start=at(9), room=clinic.rooms[1])
    visit_of(clinic, start=at(11), service=clinic.call)
    visit_of(clinic, start=at(12), status="noshow")
    untouched = visit_of(clinic, start=at(13))
    encounter = Encounter.objects.create(appointment=untouched, started_at=NOW, started_by=desk)
    yes = Consent.objects.create(patient=untouched.patient, status="inactive", created_at=NOW, ended_at=NOW)
    for minutes, needling in enumerate(("done", "none")):  # a slip, and what it was amended to
        TreatmentRecord.objects.create(
            encounter=encounter,
            needling=needling,
            consent=yes,
            recorded_at=later(minutes),
            recorded_by=desk,
            content={},
        )
    log(mine[0], desk, severity="serious")
    log(mine[1], desk, severity="mild")
    log(mine[1], desk, kind="complaint")
    day: dict[str, Any] = {"from_date": TODAY, "to_date": TODAY}
    clinics = Register("", 3, (Rate("mild", 1, 333.3), Rate("significant", 0, 0.0), Rate("serious", 1, 333.3)))
    annas = Register("Anna", 2, (Rate("mild", 1, 500.0), Rate("significant", 0, 0.0), Rate("serious", 1, 500.0)))
    bens = Register("Ben", 1, (Rate("mild", 0, 0.0), Rate("significant", 0, 0.0), Rate("serious", 0, 0.0)))
    assert register_of(clinic.location, **day) == [clinics]
    assert register_of(clinic.location, **day, each_therapist=True) == [clinics, annas, bens]
    nothing = tuple(Rate(severity, 0, None) for severity in ("mild", "significant", "serious"))
    before = {"from_date": TODAY - timedelta(days=9), "to_date": TODAY - timedelta(days=1)}
    assert register_of(clinic.location, **before) == [Register("", 0, nothing)]


# A hold


def test_a_held_record_is_erased_by_no_door_until_the_hold_is_lifted(clinic: Clinic) -> None:
    manager = make_staff(Role.MANAGER)
    patient = make_patient(created_at=NOW - timedelta(days=365 * 30), birth_date=date(1960, 1, 1))
    visit = visit_of(clinic, patient, start=at(10, days=-365 * 20))
    log(visit, manager, happened_at=at(12, days=-365 * 20))
    task = open_task(kind=Task.Kind.CALL_BACK, due_at=NOW, patient=patient, contact={"name": "Ada"}, now=NOW)
    Task.objects.filter(pk=task.pk).update(status="completed", closed_at=NOW - timedelta(days=60))
    hold_record(patient=patient, why="A complaint to the College.", by=manager, now=NOW)
    assert list(patients_past_retention(location=clinic.location, now=NOW)) == []
    with pytest.raises(OnHold):
        erase_record(patient=patient, by=None, now=NOW)
    with pytest.raises(OnHold):
        erase_patient(patient=patient, by=manager, now=NOW)
    assert forget_contacts(now=NOW) == 0
    patient.refresh_from_db()
    assert (patient.erased_at, IncidentEntry.objects.count()) == (None, 1)
    with pytest.raises(IntegrityError), transaction.atomic():
        Patient.objects.filter(pk=patient.pk).update(erased_at=NOW)  # nor by hand
    lift_hold(patient=patient, why="Settled.", by=manager, now=NOW)
    assert [one.pk for one in patients_past_retention(location=clinic.location, now=NOW)] == [patient.pk]
    assert forget_contacts(now=NOW) == 1
    erase_record(patient=patient, by=None, now=NOW)
    assert (IncidentEntry.objects.count(), RecordHold.objects.count(), Incident.objects.count()) == (0, 0, 1)
    with pytest.raises(NotAllowed):
        hold_record(patient=patient, why="Too late.", by=manager, now=NOW)


def test_a_hold_says_who_and_why_and_there_is_one_at_a_time(clinic: Clinic) -> None:
    manager, patient = make_staff(Role.MANAGER), make_patient()
    first = hold_record(patient=patient, why="canary why", by=manager, now=NOW)
    assert hold_record(patient=patient, why="Once more.", by=manager, now=NOW) == first
    lifted = lift_hold(patient=patient, why="Over.", by=manager, now=NOW)
    assert (lifted.content, lifted.lifted_by) == ({"why": "canary why", "why_lifted": "Over."}, manager)
    with pytest.raises(NotAllowed):
        lift_hold(patient=patient, why="Again.", by=manager, now=NOW)
    actions = (
        AuditEvent.objects.filter(entity_type="intake.recordhold")
        .order_by("pk")
        .values_list("action", "reason", "details")
    )
    assert list(actions) == [("record-held", "", {}), ("record-released", "", {})]


def test_only_a_manager_with_a_reason_holds_a_record(clinic: Clinic) -> None:
    patient = make_patient()
    for by in (make_staff(), clinic.anna.user, make_staff(Role.OWNER)):
        with pytest.raises(NotAllowed):
            hold_record(patient=patient, why="So.", by=by, now=NOW)
    for why in ("", " ", "x" * 2001):
        with pytest.raises(InvalidAnswers):
            hold_record(patient=patient, why=why, by=make_staff(Role.MANAGER), now=NOW)
    patient.refresh_from_db()
    assert patient.kept_on_hold is False

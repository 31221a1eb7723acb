"""In the room: real regions, what they ask, the patient's yes, and what is written down."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from booking.errors import NotCleared, NotPossibleNow
from booking.models import Appointment, Encounter, TreatmentRecord
from booking.selectors.treatments import room_view
from booking.services.consents import sign_for_visit, withdraw_for_visit
from booking.services.reviews import decide_request
from booking.services.treatments import (
    Treated,
    decide_in_the_room,
    hear_consent,
    hear_consent_again,
    plan_treatment,
    record_treatment,
)
from booking.services.visits import acknowledge_alert, check_in, finish_visit, mark_arrived
from intake.errors import ConsentMissing, IncompleteAnswers, InvalidAnswers, NotAllowed
from intake.models import AuditEvent, Consent, Role, Screening, ScreeningDecision
from intake.services.consents import Talk
from tests.booking.services.booking_steps import book
from tests.factories.booking import Clinic, at, make_appointment, make_staff
from tests.factories.intake import caution_line, line_with, make_signature, make_user

pytestmark = pytest.mark.django_db
NOW = at(10, 5)
OPEN_FOLLOW_UPS = {"thoracic_region": {"slim": "no", "travel": "no"}}


def in_the_room(
    clinic: Clinic, line: object = None, *, signed: bool = True, approve: Sequence[str] | None = None, **over: Any
) -> Appointment:
    visit = book(clinic, line, signature=make_signature() if signed else None, **over).appointment
    day = visit.start
    if approve is not None:
        anna = clinic.anna.user
        decide_request(appointment=visit, decision="approved", reason="Seen.", regions=approve, by=anna, now=at(9))
    desk = make_staff()
    asked_again_today(visit)
    mark_arrived(appointment=visit, by=desk, now=day)
    if visit.screening.effective_outcome != "CLEAR":
        acknowledge_alert(appointment=visit, by=clinic.anna.user, now=day)
    return check_in(appointment=visit, by=desk, now=day)


def asked_again_today(visit: Appointment) -> None:
    """As after the short questions before a visit, with the same answers."""
    Screening.objects.filter(pk=visit.screening_id).update(stage="check_in", evaluated_at=visit.start)


def plan(clinic: Clinic, visit: Appointment, *regions: str, **over: Any) -> Encounter:
    said: dict[str, Any] = {"technique": "manual", "answers": {}, "follow_ups": {}, "by": clinic.anna.user, "now": NOW}
    return plan_treatment(appointment=visit, regions=regions, **{**said, **over})


def yes(clinic: Clinic, visit: Appointment, *regions: str, now: datetime = NOW, **over: Any) -> Encounter:
    talk = Talk(regions=regions, technique="manual", says_yes=True, **over)
    return hear_consent(appointment=visit, talk=talk, by=clinic.anna.user, now=now)


def record(clinic: Clinic, visit: Appointment, *regions: str, **over: Any) -> TreatmentRecord:
    said = {"needling": "done", "regions": regions, "technique": "manual"}
    when = over.pop("now", NOW)
    finish = over.pop("finish", False)
    treated = Treated(**{**said, **over})
    return record_treatment(appointment=visit, treated=treated, finish=finish, by=clinic.anna.user, now=when)


def test_from_the_plan_to_the_record(clinic: Clinic) -> None:
    visit = in_the_room(clinic)
    plan(clinic, visit, "knee")
    yes(clinic, visit, "knee")
    made = record(clinic, visit, "knee", needles=4, events=["bruise"], note="Left side only.", finish=True)
    assert (made.needling, made.content["needles"], made.content["regions"]) == ("done", 4, ["knee"])
    assert Appointment.objects.get().status == "fulfilled"
    consent = Consent.objects.get(status="active")
    assert (consent.recorded_by, made.consent, Encounter.objects.get().status) == (
        clinic.anna.user,
        consent,
        "finished",
    )
    actions = AuditEvent.objects.filter(agent=clinic.anna.user).order_by("pk").values_list("action", flat=True)
    assert [one for one in actions if one != "answered-in-room"] == [
        "treatment-started",
        "treatment-planned",
        "consented",
        "treatment-recorded",
        "fulfilled",
    ]


def test_nothing_of_it_stands_in_clear(clinic: Clinic) -> None:
    visit = in_the_room(clinic)
    plan(clinic, visit, "knee")
    yes(clinic, visit, "knee", note="canary-talk")
    record(clinic, visit, "knee", note="canary-note", events=["faint"])
    with connection.cursor() as cursor:
        for table in ("booking_encounter", "booking_treatmentrecord", "intake_consent", "intake_auditevent"):
            cursor.execute(f"SELECT string_agg(t::text, '') FROM {table} t")
            everything = cursor.fetchone()[0]
            for word in ("knee", "canary", "faint", "manual", "Ada"):
                assert word not in everything


def test_needling_is_not_recorded_without_the_patients_yes(clinic: Clinic) -> None:
    visit = in_the_room(clinic)
    plan(clinic, visit, "knee")
    with pytest.raises(ConsentMissing):
        record(clinic, visit, "knee")
    yes(clinic, visit, "knee")
    with pytest.raises(ConsentMissing):
        record(clinic, visit, "knee", technique="electrical")
    plan(clinic, visit, "knee", "thigh")  # another plan takes the talk anew
    with pytest.raises(ConsentMissing):
        record(clinic, visit, "knee", "thigh")
    assert TreatmentRecord.objects.count() == 0


def test_a_signature_alone_is_no_consent_and_a_yes_needs_one(clinic: Clinic) -> None:
    visit = in_the_room(clinic, signed=False)
    plan(clinic, visit, "knee")
    with pytest.raises(ConsentMissing) as refusal:
        yes(clinic, visit, "knee")
    assert refusal.value.details == {"missing": ["signature"]}
    sign_for_visit(appointment=visit, signature=make_signature(), by=clinic.anna.user, now=NOW)
    assert Consent.objects.get().status == "proposed"
    yes(clinic, visit, "knee")
    assert Consent.objects.filter(status="active").count() == 1


def test_a_region_whose_questions_are_open_can_t_be_needled(clinic: Clinic) -> None:
    visit = in_the_room(clinic)
    plan(clinic, visit, "neck")
    view = room_view(visit=visit, by=clinic.anna.user, now=NOW)
    assert [one.item.id for one in view.look.open] == ["thoracic_region"]
    for attempt in (lambda: yes(clinic, visit, "neck"), lambda: record(clinic, visit, "neck")):
        with pytest.raises(NotCleared):
            attempt()
    with pytest.raises(IncompleteAnswers):
        plan(clinic, visit, "neck", follow_ups={"thoracic_region": {"slim": "no"}})
    before = Screening.objects.count()
    plan(clinic, visit, "neck", follow_ups=OPEN_FOLLOW_UPS)
    yes(clinic, visit, "neck")
    record(clinic, visit, "neck")
    asked = Encounter.objects.get().screening
    assert (Screening.objects.count(), asked.response.status, asked.patient) == (before + 1, "amended", visit.patient)
    assert asked.result["line"]["follow_ups"]["thoracic_region"] == OPEN_FOLLOW_UPS["thoracic_region"]
    assert AuditEvent.objects.filter(action="answered-in-room", entity_id=asked.pk, agent=clinic.anna.user).exists()


def test_answers_that_stand_can_t_be_changed_in_the_room(clinic: Clinic) -> None:
    visit = in_the_room(clinic)
    plan(clinic, visit, "neck")
    with pytest.raises(InvalidAnswers):
        plan(clinic, visit, "neck", answers={"pregnancy": "no"}, follow_ups=OPEN_FOLLOW_UPS)


def test_what_only_the_real_region_brings_a_therapist_decides(clinic: Clinic) -> None:
    line = line_with({"easy_bruising": "yes"}, {"easy_bruising": {"checked": "yes_ok"}})
    visit = in_the_room(clinic, line)
    plan(clinic, visit, "low_back")  # a place that can't be pressed, with a tendency to bleed
    view = room_view(visit=visit, by=clinic.anna.user, now=NOW)
    assert (view.look.must_decide, view.look.may_be_needled) == (True, ())
    with pytest.raises(NotCleared):
        yes(clinic, visit, "low_back")
    decide_in_the_room(appointment=visit, reason="Only superficial.", regions=(), by=clinic.anna.user, now=NOW)
    assert ScreeningDecision.objects.get().screening == Encounter.objects.get().screening
    yes(clinic, visit, "low_back")
    assert record(clinic, visit, "low_back").needling == "done"


def test_caution_is_acknowledged_before_the_visit_starts(clinic: Clinic) -> None:
    visit = book(clinic, caution_line()).appointment
    desk, anna = make_staff(), clinic.anna.user
    asked_again_today(visit)
    mark_arrived(appointment=visit, by=desk, now=at(10))
    with pytest.raises(NotPossibleNow):
        check_in(appointment=visit, by=anna, now=at(10))
    assert check_in(appointment=visit, by=desk, now=at(10)).status == "checked-in"  # reception can't see why
    with pytest.raises(NotPossibleNow):
        plan(clinic, visit, "knee")
    acknowledge_alert(appointment=visit, by=anna, now=at(10))
    assert plan(clinic, visit, "knee").plan == {"regions": ["knee"], "technique": "manual"}


def test_taken_back_it_holds_at_once(clinic: Clinic) -> None:
    visit = in_the_room(clinic)
    withdraw_for_visit(appointment=visit, by=make_staff(), reason="canary", now=NOW)
    with pytest.raises(ConsentMissing):
        plan(clinic, visit, "knee")
    with pytest.raises(NotPossibleNow):
        record(clinic, visit, "knee")
    assert record(clinic, visit, needling="none", regions=()).consent is None
    assert visit.tasks.get().kind == "withdrawn-consent"


def test_needles_that_were_in_when_it_was_taken_back_are_recorded_as_stopped(clinic: Clinic) -> None:
    visit = in_the_room(clinic)
    plan(clinic, visit, "knee")
    yes(clinic, visit, "knee")
    withdraw_for_visit(appointment=visit, now=at(10, 20))
    with pytest.raises(ConsentMissing):
        record(clinic, visit, "knee", now=at(10, 25))
    assert record(clinic, visit, "knee", needling="stopped", now=at(10, 25)).needling == "stopped"


def test_the_same_again_is_one_tap_and_refers_to_the_earlier_yes(clinic: Clinic) -> None:
    first = in_the_room(clinic)
    plan(clinic, first, "knee")
    yes(clinic, first, "knee")
    record(clinic, first, "knee", finish=True)
    again = make_appointment(
        clinic,
        start=at(10, days=2),
        patient=first.patient,
        screening=first.screening,
        status="checked-in",
        service=clinic.follow_up,
    )
    later = at(10, 5, days=2)
    plan(clinic, again, "knee", "thigh", now=later)
    plan(clinic, again, "knee", "thigh", answers=_safe(again, clinic, later), now=later)
    with pytest.raises(ConsentMissing):  # another region takes the talk
        hear_consent_again(appointment=again, by=clinic.anna.user, now=later)
    plan(clinic, again, "knee", now=later)
    hear_consent_again(appointment=again, by=clinic.anna.user, now=later)
    rows = list(Consent.objects.exclude(recorded_at=None).order_by("created_at"))
    assert [(row.status, row.earlier_id) for row in rows] == [
        ("inactive", Consent.objects.get(status="proposed").pk),
        ("active", rows[0].pk),
    ]
    assert record(clinic, again, "knee", now=later).consent == rows[1]


def _safe(visit: Appointment, clinic: Clinic, now: datetime) -> dict[str, str]:
    view = room_view(visit=visit, by=clinic.anna.user, now=now)
    assert view.look is not None
    return {one.item.id: "yes" if one.item.triage_on == "no" else "no" for one in view.look.open if one.asks_gate}


def test_an_amendment_says_why_and_keeps_what_stood_there(clinic: Clinic) -> None:
    visit = in_the_room(clinic)
    plan(clinic, visit, "knee")
    yes(clinic, visit, "knee")
    record(clinic, visit, "knee", needles=3, finish=True)
    with pytest.raises(NotPossibleNow):
        record(clinic, visit, "knee", needles=4)
    record(clinic, visit, "knee", needles=4, why_amended="Counted again.", now=at(18))
    assert [one.content["needles"] for one in TreatmentRecord.objects.all()] == [3, 4]
    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
        TreatmentRecord.objects.update(needling="none")


def test_reception_closes_the_day_without_a_record(clinic: Clinic) -> None:
    visit = in_the_room(clinic)
    assert finish_visit(appointment=visit, by=make_staff(), now=at(11)).status == "fulfilled"
    plan(clinic, visit, "knee", now=at(18))
    yes(clinic, visit, "knee", now=at(18))
    assert record(clinic, visit, "knee", now=at(18)).needling == "done"  # the therapist writes it in the evening


def test_only_a_therapist_who_cares_for_the_patient_does_any_of_it(clinic: Clinic) -> None:
    visit = in_the_room(clinic)
    for stranger in (make_staff(), make_staff(Role.MANAGER), clinic.ben.user, make_user(Role.OWNER)):
        with pytest.raises(NotAllowed):
            plan(clinic, visit, "knee", by=stranger)
        with pytest.raises(NotAllowed):
            room_view(visit=visit, by=stranger, now=NOW)
    assert Encounter.objects.count() == 0


def test_an_ended_authorisation_records_no_needling(clinic: Clinic) -> None:
    visit = in_the_room(clinic)
    plan(clinic, visit, "knee")
    yes(clinic, visit, "knee")
    clinic.anna.needling_authorised_until = at(10, days=0).date()
    clinic.anna.save()
    with pytest.raises(NotPossibleNow):
        record(clinic, visit, "knee")


def test_the_database_knows_no_needling_without_a_consent_and_none_active_without_a_therapist(clinic: Clinic) -> None:
    visit = in_the_room(clinic)
    encounter = plan(clinic, visit, "knee")
    with pytest.raises(IntegrityError), transaction.atomic():
        TreatmentRecord.objects.create(
            encounter=encounter, needling="done", recorded_at=NOW, recorded_by=clinic.anna.user, content={}
        )
    with pytest.raises(IntegrityError), transaction.atomic():
        Consent.objects.update(status="active")
    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
        Consent.objects.update(signer="guardian")


def test_what_was_written_before_it_was_taken_back_can_still_be_corrected(clinic: Clinic) -> None:
    visit = in_the_room(clinic)
    plan(clinic, visit, "knee")
    yes(clinic, visit, "knee")
    record(clinic, visit, "knee", needles=3)
    withdraw_for_visit(appointment=visit, now=at(10, 30))
    record(clinic, visit, "knee", needles=4, why_amended="Counted again.", now=at(10, 40))
    assert [one.content["needles"] for one in TreatmentRecord.objects.all()] == [3, 4]


def test_a_yes_is_for_the_plan_and_nothing_else(clinic: Clinic) -> None:
    visit = in_the_room(clinic)
    plan(clinic, visit, "knee")
    with pytest.raises(ConsentMissing):
        yes(clinic, visit, "knee", "thigh")
    assert not Consent.objects.filter(status="active").exists()


def test_an_excluded_region_is_not_needled_until_the_therapist_says_why(clinic: Clinic) -> None:
    line = line_with({"lymph": "yes"}, {"lymph": {"same_limb": "yes"}}, regions=["knee", "thigh"])
    visit = in_the_room(clinic, line, approve=["thigh"])
    plan(clinic, visit, "knee", "thigh")
    look = room_view(visit=visit, by=clinic.anna.user, now=NOW).look
    assert look is not None
    assert (look.excluded, look.may_be_needled) == (("knee",), ("thigh",))
    for attempt in (lambda: yes(clinic, visit, "knee", "thigh"), lambda: record(clinic, visit, "knee")):
        with pytest.raises(NotCleared):
            attempt()
    plan(clinic, visit, "thigh")
    yes(clinic, visit, "thigh")
    assert record(clinic, visit, "thigh").content["regions"] == ["thigh"]

"""The therapist's page in the room, from what to be careful about to what was done."""

import re
from typing import Any

from django.http import HttpResponse
from django.urls import reverse

from booking.models import Encounter, TreatmentRecord
from intake.models import AuditEvent, Consent, Patient, Screening
from intake.services.consents import withdraw_consent
from tests.factories import booking as made
from tests.factories import intake as people
from tests.frontend.staff.conftest import Desk, screening_of

PLAN = {"regions": ["knee"], "technique": "manual"}


def begun(desk: Desk, line: object = None) -> None:
    """The patient is in the room."""
    if line is not None:
        desk.visit.screening = screening_of(desk.patient, line)
    desk.visit.status = "checked-in"
    desk.visit.save()


def text_of(answer: HttpResponse) -> str:
    return answer.content.decode()


def look(desk: Desk, role: str = "therapist") -> HttpResponse:
    return desk.browsers[role].get(reverse("staff:treatment", args=[desk.visit.pk]))


def send(desk: Desk, step: str, role: str = "therapist", **said: Any) -> HttpResponse:
    return desk.browsers[role].post(reverse(f"staff:treatment-{step}", args=[desk.visit.pk]), said)


def test_three_taps_for_somebody_healthy_after_the_talk(desk: Desk) -> None:
    begun(desk)
    assert re.findall(r'value="(\w+)"[^>]*checked', text_of(look(desk)))[:1] == [
        "knee"
    ]  # where it hurts, chosen already
    assert send(desk, "plan", **PLAN).status_code == 303
    assert "nerve" in text_of(look(desk))  # what can happen there
    assert send(desk, "consent", says_yes="on").status_code == 303
    assert "Handed over" not in text_of(look(desk))
    done = send(desk, "record", needling="done", regions=["knee"], notes_given="on", finish="1")
    assert done["Location"] == reverse("staff:visit", args=[desk.visit.pk])
    assert "Handed over</dt><dd>the notes for after the visit" in look(desk).content.decode()
    desk.visit.refresh_from_db()
    assert (desk.visit.status, TreatmentRecord.objects.get().needling) == ("fulfilled", "done")


def test_one_tap_for_the_same_yes_as_last_time(desk: Desk) -> None:
    begun(desk)
    send(desk, "plan", **PLAN)
    send(desk, "consent", says_yes="on")
    send(desk, "plan", **{**PLAN, "regions": ["knee", "thigh"]})
    assert "same as last time" not in text_of(look(desk))
    assert send(desk, "consent", again="1").status_code == 409
    send(desk, "plan", **PLAN)
    assert "same as last time" in text_of(look(desk))
    assert send(desk, "consent", again="1").status_code == 303
    assert Encounter.objects.get().consent == Consent.objects.get(status="active")


def test_what_the_real_region_asks_is_asked_there(desk: Desk) -> None:
    begun(desk)
    send(desk, "plan", regions=["neck"], technique="manual")
    page = text_of(look(desk))
    assert "Ask the patient now" in page
    assert "scuba" in page
    assert send(desk, "record", needling="done", regions=["neck"]).status_code == 409
    empty = send(desk, "plan", regions=["neck"], technique="manual", questions="1")
    assert empty.status_code == 422
    said = {"questions": "1", "thoracic_region--travel": "no"}
    assert send(desk, "plan", regions=["neck"], technique="manual", **said).status_code == 303
    page = text_of(look(desk))
    assert "Ask the patient now" not in page
    assert "The lung lies close" in page


def test_caution_is_acknowledged_first(desk: Desk) -> None:
    begun(desk, people.caution_line())
    assert "I have seen this" in text_of(look(desk))
    refused = send(desk, "plan", **PLAN)
    assert (refused.status_code, Encounter.objects.count()) == (409, 0)
    step = reverse("staff:step", args=[desk.visit.pk, "acknowledge"])
    answer = desk.browsers["therapist"].post(step, {"stood": "room"})
    assert answer["Location"] == reverse("staff:treatment", args=[desk.visit.pk])
    assert send(desk, "plan", **PLAN).status_code == 303


def test_no_needling_today_is_one_tap_too(desk: Desk) -> None:
    begun(desk)
    withdraw_consent(patient=desk.patient, by=None, now=made.NOW)
    assert "taken back their agreement" in text_of(look(desk))
    assert send(desk, "plan", **PLAN).status_code == 409
    assert send(desk, "record", needling="none", finish="1").status_code == 303
    assert TreatmentRecord.objects.get().needling == "none"


def test_every_read_of_the_page_is_written_down(desk: Desk) -> None:
    begun(desk)
    before = AuditEvent.objects.filter(action="read", agent=desk.users["therapist"]).count()
    look(desk)
    assert AuditEvent.objects.filter(action="read", agent=desk.users["therapist"]).count() == before + 1


def test_reception_and_strangers_see_none_of_it(desk: Desk) -> None:
    begun(desk)
    send(desk, "plan", **PLAN)
    for role in ("reception", "manager", "owner", "colleague", "patient"):
        assert look(desk, role).status_code in (403, 404)
        for step in ("plan", "decide", "consent", "record"):
            assert send(desk, step, role, **PLAN).status_code in (403, 404)
    page = text_of(desk.browsers["reception"].get(reverse("staff:visit", args=[desk.visit.pk])))
    assert "Read and signed" in page
    assert "Knee" not in page


def test_the_patient_signs_at_the_clinics_tablet(desk: Desk) -> None:
    Consent.objects.all().delete()
    address = reverse("staff:sign", args=[desk.visit.pk])
    shown = people.make_signature()
    said = {"sign-version": shown.version, "sign-hash": shown.hash, "sign-signer": "self", "sign-name": ""}
    reception = desk.browsers["reception"]
    assert "Sign here" in text_of(reception.get("/desk/"))
    assert reception.post(address, said).status_code == 422
    assert reception.post(address, said | {"sign-name": "Ada Berg"}).status_code == 303
    consent = Consent.objects.get()
    event = AuditEvent.objects.get(action="consent-signed", entity_id=consent.pk)
    assert (consent.status, event.agent) == ("proposed", desk.users["reception"])


def test_reception_writes_down_that_the_patient_says_no(desk: Desk) -> None:
    address = reverse("staff:withdraw", args=[desk.visit.pk])
    assert desk.browsers["reception"].post(address, {"reason": ""}).status_code == 303
    page = text_of(desk.browsers["reception"].get("/desk/"))
    assert "The patient has taken back their agreement." in page


def test_what_a_parent_sees_is_the_therapists_to_set(desk: Desk) -> None:
    Patient.objects.filter(pk=desk.patient.pk).update(birth_date="2011-05-05")
    page = text_of(desk.browsers["therapist"].get(reverse("staff:patient", args=[desk.patient.pk])))
    address = reverse("staff:guardian", args=[desk.patient.pk])
    assert address in page
    assert desk.browsers["therapist"].post(address, {"sees": "nothing", "reason": ""}).status_code == 422
    assert desk.browsers["therapist"].post(address, {"sees": "nothing", "reason": "Wants it so."}).status_code == 303
    assert Patient.objects.get(pk=desk.patient.pk).guardian_sees == "nothing"
    assert desk.browsers["reception"].get(address).status_code == 403


def test_an_amended_form_stands_beside_the_first(desk: Desk) -> None:
    begun(desk)
    send(desk, "plan", regions=["neck"], technique="manual")
    said = {"questions": "1", "thoracic_region--travel": "yes"}
    send(desk, "plan", regions=["neck"], technique="manual", **said)
    asked = Encounter.objects.get().screening
    assert asked is not None
    assert (asked.outcome, asked.response.status, Screening.objects.count()) == ("REVIEW", "amended", 2)
    assert "You decide" in text_of(look(desk))
    assert send(desk, "consent", says_yes="on").status_code == 409
    assert send(desk, "decide", reason="Flight moved to next week.").status_code == 303
    assert send(desk, "consent", says_yes="on").status_code == 303

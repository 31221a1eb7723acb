"""Signed as read, said in the room, taken back."""

from datetime import date, timedelta
from typing import Any

import pytest

from intake.access import can_see_answers
from intake.errors import ConsentMissing, InformationChanged, NotAllowed, SignatureNotAccepted
from intake.models import AuditEvent, Consent, Patient, Role, User
from intake.rules.consents import AgeRule
from intake.selectors.consents import consent_state, consent_states, reconfirmable
from intake.selectors.patients import patients_of
from intake.services.consents import Talk, reconfirm_consent, record_consent, sign_information, withdraw_consent
from intake.services.patients import set_guardian_sees
from intake.services.retention import erase_patient
from tests.factories.intake import NOW, make_care_relation, make_patient, make_signature, make_user

pytestmark = pytest.mark.django_db
RULE = AgeRule(majority_age=18)
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def patient() -> Patient:
    return make_patient()


@pytest.fixture
def anna(patient: Patient) -> User:
    therapist = make_user(Role.THERAPIST)
    make_care_relation(therapist, patient)
    return therapist


def hear(patient: Patient, by: User, age: int = 40, now: Any = LATER, **over: Any) -> Consent:
    talk = Talk(**{"regions": ["neck"], "technique": "manual", "says_yes": True, **over})
    return record_consent(patient=patient, talk=talk, age=age, rule=RULE, by=by, now=now)


@pytest.mark.parametrize("name", ["", "  ", "x", "...", "12345", "A" * 201])
def test_nobody_signs_with_a_blank(patient: Patient, name: str) -> None:
    with pytest.raises(SignatureNotAccepted):
        sign_information(patient=patient, signature=make_signature(name=name), now=NOW)
    assert Consent.objects.count() == 0


def test_who_signs_for_another_says_as_what(patient: Patient) -> None:
    with pytest.raises(SignatureNotAccepted):
        sign_information(patient=patient, signature=make_signature(signer="guardian"), now=NOW)
    signed = sign_information(patient=patient, signature=make_signature(signer="guardian", relation="Mother"), now=NOW)
    assert (signed.status, signed.signer, signed.content) == (
        "proposed",
        "guardian",
        {"name": "Ada Berg", "relation": "Mother"},
    )


def test_only_the_text_in_force_is_signed(patient: Patient) -> None:
    for changed in ({"version": "2025-01"}, {"hash": "0" * 64}):
        with pytest.raises(InformationChanged):
            sign_information(patient=patient, signature=make_signature(**changed), now=NOW)


def test_a_signature_is_not_consent(patient: Patient, anna: User) -> None:
    sign_information(patient=patient, signature=make_signature(), now=NOW)
    assert consent_state(patient) == "signed"
    assert not Consent.objects.filter(status="active").exists()
    for talk in ({"says_yes": False}, {"regions": []}):
        with pytest.raises(ConsentMissing):
            hear(patient, anna, **talk)
    heard = hear(patient, anna)
    assert (heard.status, heard.recorded_by, heard.recorded_at, heard.content["risks"]) == (
        "active",
        anna,
        LATER,
        ["lung", "spine", "everywhere"],
    )


def test_only_a_therapist_who_cares_for_the_patient_hears_a_yes(patient: Patient) -> None:
    sign_information(patient=patient, signature=make_signature(), now=NOW)
    for stranger in (make_user(Role.THERAPIST), make_user(Role.MANAGER), make_user(Role.RECEPTION)):
        with pytest.raises(NotAllowed):
            hear(patient, stranger)


def test_a_young_person_agrees_and_a_parent_signs(patient: Patient, anna: User) -> None:
    sign_information(patient=patient, signature=make_signature(), now=NOW)
    with pytest.raises(ConsentMissing) as refusal:
        hear(patient, anna, age=16)
    assert refusal.value.details == {"missing": ["signature-of-guardian", "agreement-of-young-person"]}
    assert hear(patient, anna, age=16, why_mature="Asks the right questions.").status == "active"
    parent = make_signature(name="Eva Berg", signer="guardian", relation="Mother")
    sign_information(patient=patient, signature=parent, now=LATER)
    with pytest.raises(ConsentMissing):
        hear(patient, anna, age=16)
    assert hear(patient, anna, age=16, young_person_agrees=True).content["young_person_agrees"] is True


def test_the_same_again_ends_the_earlier_yes_and_refers_to_it(patient: Patient, anna: User) -> None:
    sign_information(patient=patient, signature=make_signature(), now=NOW)
    first = hear(patient, anna)
    again = reconfirm_consent(patient=patient, regions=["neck"], technique="manual", by=anna, now=LATER)
    first.refresh_from_db()
    assert (first.status, first.withdrawn_at, again.status, again.earlier) == ("inactive", None, "active", first)
    for other in ({"regions": ["neck", "knee"]}, {"technique": "electrical"}):
        with pytest.raises(ConsentMissing):
            reconfirm_consent(
                **{"patient": patient, "regions": ["neck"], "technique": "manual", **other}, by=anna, now=LATER
            )


def test_a_new_text_takes_the_talk_and_a_signature_anew(
    patient: Patient, anna: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_information(patient=patient, signature=make_signature(), now=NOW)
    hear(patient, anna)
    for place in ("intake.selectors.consents", "intake.services.consents"):
        monkeypatch.setattr(f"{place}.information_version", lambda: "2027-05")
    assert consent_state(patient) == "missing"
    assert reconfirmable(patient, regions=["neck"], technique="manual") is None
    with pytest.raises(ConsentMissing):
        hear(patient, anna)


def test_taken_back_everything_ends_at_once_and_nothing_is_deleted(patient: Patient, anna: User) -> None:
    sign_information(patient=patient, signature=make_signature(), now=NOW)
    hear(patient, anna)
    withdraw_consent(patient=patient, by=None, reason="canary", now=LATER)
    withdraw_consent(patient=patient, by=None, now=LATER + timedelta(minutes=1))
    rows = Consent.objects.all()
    assert {(row.status, row.withdrawn_at, row.withdrawal["reason"]) for row in rows} == {("inactive", LATER, "canary")}
    assert (len(rows), consent_state(patient)) == (2, "withdrawn")
    assert AuditEvent.objects.filter(action="consent-withdrawn").count() == 1
    with pytest.raises(ConsentMissing):
        hear(patient, anna)
    sign_information(patient=patient, signature=make_signature(), now=LATER + timedelta(hours=1))
    assert consent_state(patient) == "signed"


def test_who_never_signed_can_still_say_no(patient: Patient) -> None:
    withdraw_consent(patient=patient, by=make_user(Role.RECEPTION), now=NOW)
    assert consent_states([patient.pk, make_patient().pk])[patient.pk] == "withdrawn"


def test_nobody_takes_back_anothers_consent(patient: Patient) -> None:
    with pytest.raises(NotAllowed):
        withdraw_consent(patient=patient, by=make_user(Role.PATIENT), now=NOW)


def test_erasing_a_record_takes_its_consents(patient: Patient, anna: User) -> None:
    sign_information(patient=patient, signature=make_signature(), now=NOW)
    hear(patient, anna)
    erase_patient(patient=patient, by=None, now=LATER)
    assert Consent.objects.count() == 0


def test_what_a_parents_account_sees_is_set_for_each_young_person(anna: User, patient: Patient) -> None:
    parent = make_user(Role.PATIENT)
    Patient.objects.filter(pk=patient.pk).update(user=parent, birth_date=date(2010, 1, 1))
    patient.refresh_from_db()
    seen = []
    for sees in ("all", "appointments", "nothing"):
        patient = set_guardian_sees(patient=patient, sees=sees, reason="canary: asked for it", by=anna, now=NOW)
        seen.append((sees, can_see_answers(parent, patient, NOW), list(patients_of(parent)) == [patient]))
    assert seen == [("all", True, True), ("appointments", False, True), ("nothing", False, False)]
    events = AuditEvent.objects.filter(action="guardian-sees-set")
    assert [one.reason for one in events] == ["", "", ""]
    assert Patient.objects.get().guardian_sees_why == "canary: asked for it"
    for stranger, reason in ((parent, "x"), (make_user(Role.MANAGER), "x"), (anna, "  ")):
        with pytest.raises(NotAllowed):
            set_guardian_sees(patient=patient, sees="all", reason=reason, by=stranger, now=NOW)

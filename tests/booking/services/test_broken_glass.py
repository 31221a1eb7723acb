"""When a manager opens answers, the patient's therapists hear of it."""

import pytest

from booking.reminders.letters import letter_of
from booking.reminders.models import Communication
from intake.selectors.reviews import review_of
from intake.services.screenings import attach_screening
from tests.factories.intake import NOW, make_care_relation, make_patient, make_screening, make_user, review_line

pytestmark = pytest.mark.django_db


def test_every_therapist_of_the_patient_gets_a_mail_without_name_or_reason():
    patient, manager = make_patient(), make_user("manager", name="Max Moor")
    treating, other = make_user("therapist", language="en"), make_user("therapist")
    make_care_relation(treating, patient)
    make_care_relation(other, make_patient())
    screening = attach_screening(screening=make_screening(review_line()).screening, patient=patient, now=NOW)
    review_of(screening=screening, by=manager, reason="CANARY complaint", now=NOW)
    mail = Communication.objects.get(kind="answers-opened")
    letter = letter_of(mail, now=NOW)
    assert (mail.recipient, letter.subject) == (treating.email, "A manager opened a patient's answers")
    assert "Max Moor" in letter.text
    for secret in ("CANARY", "Berg", "Ada"):
        assert secret not in letter.text + letter.html


def test_a_therapists_own_look_tells_nobody():
    patient, therapist = make_patient(), make_user("therapist")
    make_care_relation(therapist, patient)
    screening = attach_screening(screening=make_screening(review_line()).screening, patient=patient, now=NOW)
    review_of(screening=screening, by=therapist, now=NOW)
    assert not Communication.objects.filter(kind="answers-opened").exists()

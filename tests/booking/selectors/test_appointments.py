"""Whose visits somebody may reach."""

from booking.models import Appointment
from booking.selectors.appointments import appointments_visible_to
from tests.factories import intake as people
from tests.factories.booking import NOW, Clinic, at, make_appointment


def test_a_therapist_s_own_visit_of_a_patient_in_their_care_is_there_once(clinic: Clinic) -> None:
    patient = people.make_patient(now=NOW)
    for reason in ("appointment", "stand-in"):
        people.make_care_relation(clinic.anna.user, patient, now=NOW, reason=reason)
    mine = make_appointment(clinic, start=at(10), patient=patient)
    colleagues = make_appointment(clinic, start=at(12), patient=patient, practitioner=clinic.ben)
    make_appointment(clinic, start=at(14), practitioner=clinic.ben, patient=people.make_patient(now=NOW))
    visible = appointments_visible_to(clinic.anna.user, now=NOW).order_by("start")
    assert list(visible) == [mine, colleagues]
    assert Appointment.objects.count() == 3

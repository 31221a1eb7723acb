"""A manager opened a patient's answers: the therapists who treat the patient are told, and the visits say so."""

from datetime import datetime

from booking.models import Appointment
from booking.reminders.services import queue_sign_in_mail
from intake.access import live_relations
from intake.models import Patient, Screening, User
from intake.services.audit import record_event


def tell_the_therapists(*, screening: Screening, patient: Patient, by: User, now: datetime) -> int:
    """Queue a mail to every therapist with a live care relation, and return how many; joins the caller's transaction.

    The mail names neither the patient nor the reason: it leads to the visit, whose page shows who looked.
    """
    visits = Appointment.objects.filter(screening=screening).order_by("-start")
    for visit in visits:
        record_event(action="answers-opened", entity=visit, patient=patient, by=by, now=now)
    latest = visits.first()
    return _write(patient, f"/visits/{latest.pk}/" if latest else "/calendar/", by, now)


def tell_the_therapists_of_visit(*, visit: Appointment, patient: Patient, by: User, now: datetime) -> int:
    """The same of what the patient said after a visit."""
    record_event(action="answers-opened", entity=visit, patient=patient, by=by, now=now)
    return _write(patient, f"/visits/{visit.pk}/", by, now)


def _write(patient: Patient, path: str, by: User, now: datetime) -> int:
    therapists = {
        one.practitioner for one in live_relations(now).filter(patient=patient).select_related("practitioner")
    }
    for therapist in therapists:
        queue_sign_in_mail(
            recipient=therapist.email,
            language=therapist.language,
            template="answers-opened",
            context={"manager": by.name, "path": path},
            now=now,
        )
    return len(therapists)

"""Messages that a member of staff sends by hand."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from booking.errors import NotPossibleNow
from booking.models import Appointment
from booking.reminders.models import Communication
from booking.reminders.services import ask_for_form, ask_for_signature, ask_to_check, resend
from booking.reminders.ways import can_be_written_to
from booking.rules.lifecycle import COMING
from booking.selectors.practitioners import needles
from booking.selectors.rechecks import recheck_due
from booking.services.constraints import named_constraints
from booking.services.links import manage_token
from booking.services.locks import lock_appointment, lock_patient
from booking.services.states import record_change, require_clinic
from intake.models import User
from intake.services.audit import record_event
from intake.tokens import hash_token

_ON_ITS_WAY = (Communication.Status.PREPARATION, Communication.Status.IN_PROGRESS)


def send_again(*, communication: Communication, by: User, now: datetime) -> Communication:
    """Send a message once more.

    :raises NotPossibleNow: it would not be true any more, was of one moment, or is about to be sent already
    """
    require_clinic(by)
    if communication.appointment is None:
        return _send_to_patient_again(communication, by, now)
    with named_constraints(), transaction.atomic(durable=True):
        visit = lock_appointment(communication.appointment)
        _refuse_twice(visit, communication.kind)
        communication.appointment = visit
        sent = resend(communication=communication, now=now)
        record_change(appointment=visit, action="message-resent", by=by, kind=communication.kind, now=now)
        return sent


def _send_to_patient_again(communication: Communication, by: User, now: datetime) -> Communication:
    """The same of what is about no visit."""
    patient = communication.patient
    if patient is None:
        raise NotPossibleNow
    with named_constraints(), transaction.atomic(durable=True):
        lock_patient(patient)
        if Communication.objects.filter(patient=patient, kind=communication.kind, status__in=_ON_ITS_WAY).exists():
            raise NotPossibleNow(_("This message is about to be sent already."))
        sent = resend(communication=communication, now=now)
        details = {"kind": communication.kind}
        record_event(
            action="message-resent", entity=patient, patient=patient, by=by, role=by.role, details=details, now=now
        )
        return sent


def send_signature_link(*, appointment: Appointment, by: User, now: datetime) -> None:
    """Send the patient of a coming visit with needles the link to what is read and signed before it.

    :raises NotPossibleNow: the visit is without needles or not to come, there is no address, or it is on its way
    """
    require_clinic(by)
    with named_constraints(), transaction.atomic(durable=True):
        visit = lock_appointment(appointment)
        if visit.status not in (*COMING, Appointment.Status.ARRIVED) or not needles(visit.service):
            raise NotPossibleNow
        if not _can_be_written_to(visit, "to-sign"):
            raise NotPossibleNow(_("There is no way to write to them. It can be read and signed here at the clinic."))
        _refuse_twice(visit, "to-sign")
        token = manage_token(visit)
        known = token if visit.manage_token_hash == hash_token(token) else None
        ask_for_signature(appointment=visit, manage_token=known, now=now)
        record_change(appointment=visit, action="sign-link-sent", by=by, now=now)


def send_form_link(*, appointment: Appointment, by: User, now: datetime) -> None:
    """Send the patient of a coming visit, or of one who has just arrived, the link to the health form.

    :raises NotPossibleNow: the visit needs no form, is not to come, waits for payment or a therapist, there is no
        address, or the link is about to be sent already
    """
    require_clinic(by)
    with named_constraints(), transaction.atomic(durable=True):
        visit = lock_appointment(appointment)
        waits_for_others = visit.awaiting in (Appointment.Awaiting.PAYMENT, Appointment.Awaiting.REVIEW)
        may_answer = visit.status in (*COMING, Appointment.Status.ARRIVED)
        if not may_answer or waits_for_others or not visit.service.needs_screening:
            raise NotPossibleNow
        if not _can_be_written_to(visit, "form-needed"):
            raise NotPossibleNow(
                _("There is no way to write to them. Please ask for an e-mail address, or help with the form by phone.")
            )
        _refuse_twice(visit, "form-needed")
        token = manage_token(visit)
        known = token if visit.manage_token_hash == hash_token(token) else None
        ask_for_form(appointment=visit, manage_token=known, now=now)
        record_change(appointment=visit, action="form-link-sent", by=by, now=now)


def send_check_link(*, appointment: Appointment, by: User, now: datetime) -> None:
    """Send the patient the link to the questions before the visit, on the day or the day before.

    :raises NotPossibleNow: nothing is to be asked now, the visit has begun, there is no address, or the link is about
        to be sent already
    """
    require_clinic(by)
    with named_constraints(), transaction.atomic(durable=True):
        visit = lock_appointment(appointment)
        if recheck_due(visit, now=now) == "nothing":
            raise NotPossibleNow
        if visit.start <= now or not _can_be_written_to(visit, "recheck"):
            raise NotPossibleNow(_("No mail can be sent for this. Let the patient answer here, or ask in the room."))
        token = manage_token(visit)
        known = token if visit.manage_token_hash == hash_token(token) else None
        ask_to_check(appointment=visit, manage_token=known, now=now)
        record_change(appointment=visit, action="check-link-sent", by=by, now=now)


def _can_be_written_to(visit: Appointment, kind: str) -> bool:
    return visit.patient is not None and can_be_written_to(visit.patient, kind)


def _refuse_twice(visit: Appointment, kind: str) -> None:
    """:raises NotPossibleNow: such a message is due now and not sent yet"""
    waiting = Communication.objects.filter(
        appointment=visit, kind=kind, schedule_version=visit.schedule_version, status__in=_ON_ITS_WAY
    )
    if waiting.exists():
        raise NotPossibleNow(_("This message is about to be sent already."))

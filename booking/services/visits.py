"""The day of the visit: arrived, checked in, done, or not come. Staff only."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from booking.errors import NotCleared, NotPossibleNow, RecheckDue
from booking.models import Appointment, Encounter, FeeCase
from booking.payments.services import charge_fee, release_payments
from booking.reminders.of_care import plan_no_show, unsay_no_show
from booking.reminders.services import CANCELLED, stop_messages
from booking.selectors.alerts import must_be_acknowledged
from booking.selectors.fees import costs_nothing, no_show_fee_of
from booking.selectors.misses import has_strayed
from booking.selectors.practitioners import needles
from booking.selectors.rechecks import recheck_due
from booking.services.admission import clearance_for, is_unfinished
from booking.services.after_care import plan_after_visit
from booking.services.claims import drop_claim, open_claim
from booking.services.constraints import named_constraints
from booking.services.documents import correct_documents
from booking.services.fee_cases import propose_fee, withdraw_fees
from booking.services.freed_time import note_freed_time
from booking.services.locks import lock_appointment
from booking.services.records import keep_care_relation
from booking.services.states import move_on, record_change, require_clinic
from intake.access import can_see_answers, is_therapist
from intake.errors import IncompleteAnswers, NotAllowed
from intake.models import User

Status = Appointment.Status
ACKNOWLEDGE_FIRST = _("Please confirm first that you have seen what to be careful about.")
_RECORD_FIRST = _("Please write down first what was done, or that there was no needling.")


def mark_arrived(*, appointment: Appointment, by: User, now: datetime) -> Appointment:
    """The patient is here. Never refused because of answers or money.

    :raises NotPossibleNow: a payment is being made for it at this moment, it was cancelled, or it is over
    """
    require_clinic(by)
    with named_constraints(), transaction.atomic(durable=True):
        visit = lock_appointment(appointment)
        if visit.awaiting == Appointment.Awaiting.PAYMENT or visit.status == Status.CANCELLED:
            raise NotPossibleNow
        move_on(visit, Status.ARRIVED)
        visit.arrived_at, visit.excused = now, False
        unsay_no_show(appointment=visit, now=now)
        withdraw_fees(visit, now=now)
        correct_documents(appointment=visit, by=by, now=now)  # of a fee for not having come
        return _keep(visit, "arrived", by, now)


def check_in(*, appointment: Appointment, by: User, now: datetime) -> Appointment:
    """The visit begins; the answers are looked at once more.

    :raises NotCleared: STOP, or REVIEW that no therapist has approved
    :raises IncompleteAnswers: there are no answers for this visit, or they are out of date
    :raises NotPossibleNow: it was cancelled, or a therapist begins it without having confirmed to have seen what to be
        careful about
    :raises RecheckDue: what is asked again before each visit with needles was not answered for this one
    """
    require_clinic(by)
    with named_constraints(), transaction.atomic(durable=True):
        visit = lock_appointment(appointment)
        if visit.status == Status.CANCELLED:
            raise NotPossibleNow
        if is_therapist(by) and must_be_acknowledged(visit):
            raise NotPossibleNow(ACKNOWLEDGE_FIRST)  # reception can't see it, so it doesn't hold them up
        due = recheck_due(visit, now=now)
        move_on(visit, Status.CHECKED_IN)
        clearance = clearance_for(visit, by_staff=True, now=now)
        if is_unfinished(clearance):
            raise IncompleteAnswers
        if clearance.decision != "yes":
            raise NotCleared
        if due != "nothing":
            raise RecheckDue
        visit.checked_in_at = now
        return _keep(visit, "checked-in", by, now)


def acknowledge_alert(*, appointment: Appointment, by: User, now: datetime) -> Appointment:
    """The therapist has seen what to be careful about.

    :raises NotAllowed: not a therapist who may see the answers
    """
    if not is_therapist(by) or not can_see_answers(by, appointment.patient, now):
        raise NotAllowed
    with named_constraints(), transaction.atomic(durable=True):
        visit = lock_appointment(appointment)
        if visit.alert_acknowledged_at is None:
            visit.alert_acknowledged_by, visit.alert_acknowledged_at = by, now
            _keep(visit, "alert-acknowledged", by, now)
        return visit


def finish_visit(*, appointment: Appointment, by: User, now: datetime) -> Appointment:
    """The visit is done. Reception may close the day; the therapist's record is then missed on the board.

    :raises NotPossibleNow: not checked in, something to be careful about was not acknowledged, or a therapist closes a
        visit with needles without having written down what was done
    """
    require_clinic(by)
    with named_constraints(), transaction.atomic(durable=True):
        visit = lock_appointment(appointment)
        if must_be_acknowledged(visit, clearance_for(visit, by_staff=True, now=now).outcome):
            raise NotPossibleNow(_("The therapist has not confirmed yet to have seen what to be careful about."))
        if is_therapist(by) and needles(visit.service) and not _is_written_down(visit):
            raise NotPossibleNow(_RECORD_FIRST)
        move_on(visit, Status.FULFILLED)
        visit.finished_at = now
        open_claim(visit, now=now)
        plan_after_visit(appointment=visit, now=now)
        return _keep(visit, "fulfilled", by, now)


def mark_noshow(*, appointment: Appointment, by: User, waive_fee: bool = False, now: datetime) -> Appointment:
    """The patient did not come; the fee of the terms is owed unless staff waive it, the rest of a deposit goes back.

    :raises NotPossibleNow: it has not begun yet, or somebody came
    """
    require_clinic(by)
    with named_constraints(), transaction.atomic(durable=True):
        visit = lock_appointment(appointment)
        if now < visit.start:
            raise NotPossibleNow(_("The visit has not begun yet."))
        visit.excused = waive_fee or costs_nothing(visit) or _is_in_doubt(visit, now)
        fee = 0 if visit.excused else no_show_fee_of(visit)
        move_on(visit, Status.NOSHOW)
        visit.save()
        charged = charge_fee(appointment=visit, amount=fee, now=now)
        release_payments(appointment=visit, keep=fee, now=now)
        propose_fee(visit, cause=FeeCase.Cause.NO_SHOW, charged=charged, fee=fee, now=now)
        stop_messages(appointment=visit, reason=str(_("The patient did not come.")), now=now)
        if visit.patient is not None and not costs_nothing(visit):
            is_first = not has_strayed(visit.patient, besides=visit)
            plan_no_show(appointment=visit, is_first=is_first, has_fee=fee > 0, now=now)
        return _keep(visit, "noshow", by, now, fee=fee)


def mark_entered_in_error(*, appointment: Appointment, by: User, now: datetime) -> Appointment:
    """It should never have been entered: the time is free, nothing is owed, nobody is written to."""
    require_clinic(by)
    with named_constraints(), transaction.atomic(durable=True):
        visit = lock_appointment(appointment)
        move_on(visit, Status.ENTERED_IN_ERROR)
        visit.save()
        drop_claim(visit)
        withdraw_fees(visit, now=now)
        release_payments(appointment=visit, keep=0, now=now)
        correct_documents(appointment=visit, by=by, now=now)
        stop_messages(appointment=visit, reason=CANCELLED, now=now)
        note_freed_time(appointment=visit, due_at=now, now=now)
        keep_care_relation(practitioner=visit.practitioner, patient=visit.patient, now=now)
        return _keep(visit, "entered-in-error", by, now)


def _is_in_doubt(visit: Appointment, now: datetime) -> bool:
    """Whether honest answers stand against this visit: nobody pays for those."""
    clearance = clearance_for(visit, by_staff=True, now=now)
    return clearance.decision != "yes" and not is_unfinished(clearance)


def _is_written_down(visit: Appointment) -> bool:
    return Encounter.objects.filter(appointment=visit, status=Encounter.Status.FINISHED).exists()


def _keep(visit: Appointment, action: str, by: User, now: datetime, **details: Any) -> Appointment:
    visit.save()
    record_change(appointment=visit, action=action, by=by, now=now, **details)
    return visit

"""The health form of a visit that reception booked by phone, or new answers for a visit that is booked already."""

from datetime import datetime

from django.db import transaction

from booking.errors import NotCleared, NotPossibleNow
from booking.models import Appointment
from booking.reminders.services import plan_booking_messages
from booking.selectors.courses import waiting_with
from booking.services.admission import admit, clearance_for, is_unfinished
from booking.services.cancellations import cancel
from booking.services.constraints import named_constraints
from booking.services.locks import lock_appointment, lock_appointments
from booking.services.needle_free import take_needles_out
from booking.services.states import SYSTEM, record_change
from booking.services.sweeps import sweep_one
from intake.errors import IncompleteAnswers
from intake.models import Screening
from intake.services.screenings import attach_screening

Status = Appointment.Status
Awaiting = Appointment.Awaiting
_MAY_STILL_ANSWER = (Status.PENDING, Status.BOOKED, Status.ARRIVED)


def attach_form(*, appointment: Appointment, screening: Screening, now: datetime) -> Appointment:
    """Give a coming visit its answers: it is booked, a therapist decides, or, where the answers forbid needling, it
    goes on without needles. Where no visit is possible it is cancelled, free of charge. So it is with the sessions of
    its course that wait for the same form.

    :raises IncompleteAnswers, ScreeningOfAnother: nothing changed
    Somebody who has arrived may still fill it in; then they stay arrived, and the day board says what is left to do.

    :raises NotPossibleNow: the visit has begun or is over
    """
    with named_constraints(), transaction.atomic(durable=True):
        same_form = waiting_with(appointment) if appointment.awaiting == Awaiting.FORM else []
        visit, *others = lock_appointments([appointment, *same_form])
        given = _attach(visit, screening, now)
        for one in others:
            _attach(one, visit.screening or screening, now)
        return given


def _attach(visit: Appointment, screening: Screening, now: datetime) -> Appointment:
    waits_for_money = visit.awaiting == Awaiting.PAYMENT
    if visit.status not in _MAY_STILL_ANSWER or waits_for_money or visit.patient is None:
        raise NotPossibleNow
    visit.screening = attach_screening(screening=screening, patient=visit.patient, now=now)
    clearance = clearance_for(visit, now=now)
    if is_unfinished(clearance):
        raise IncompleteAnswers
    visit.save(update_fields=["screening"])
    record_change(appointment=visit, action="form-attached", now=now)
    if clearance.decision == "no":
        return _without_needles_or_not_at_all(visit, now)
    visit.form_due_at = None
    if visit.status == Status.ARRIVED:
        visit.save()
        return visit
    admit(visit, clearance, now=now)
    visit.save()
    plan_booking_messages(appointment=visit, now=now)
    return visit


def lapse_forms(*, now: datetime) -> int:
    """Visits whose form did not come in time go on without needles rather than being lost; how many.

    Where nothing without needles fits, the visit stays as it is and shows as a blocker.
    """
    due = Appointment.objects.filter(status=Status.PENDING, awaiting=Awaiting.FORM, form_due_at__lte=now)
    return sum(sweep_one(_lapse, one, now) for one in due.order_by("form_due_at")[:100])


def _lapse(appointment: Appointment, now: datetime) -> bool:
    with named_constraints(), transaction.atomic(durable=True):
        visit = lock_appointment(appointment)
        if visit.awaiting != Awaiting.FORM or visit.form_due_at is None or visit.form_due_at > now:
            return False
        try:
            with transaction.atomic():
                take_needles_out(visit, role=SYSTEM, by_staff=True, now=now)
        except (NotPossibleNow, NotCleared):
            Appointment.objects.filter(pk=visit.pk).update(form_due_at=None)  # staff call; not asked again every minute
            record_change(appointment=visit, action="form-overdue", role=SYSTEM, now=now)
            return False
        return True


def _without_needles_or_not_at_all(visit: Appointment, now: datetime) -> Appointment:
    try:
        with transaction.atomic():
            return take_needles_out(visit, now=now)
    except (NotPossibleNow, NotCleared):
        visit.refresh_from_db()
        return cancel(visit, reason=Appointment.CancelReason.NOT_CLEARED, role=SYSTEM, now=now).appointment

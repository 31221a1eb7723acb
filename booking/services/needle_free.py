"""A visit without needles at the same time: what is offered when needling can't be, and never charged for."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from booking.errors import NotCleared, NotPossibleNow
from booking.models import Appointment
from booking.payments.services import release_payments
from booking.reminders.services import announce_change
from booking.reminders.untold import keep_untold
from booking.rules.intervals import Interval, subtract
from booking.selectors.offers import needle_free_offer
from booking.selectors.openings import as_range, shape_of
from booking.selectors.practitioners import needles
from booking.services.admission import admit, clearance_for, take_what_is_authorised
from booking.services.cancellations import check_own
from booking.services.confirming import CLEARED
from booking.services.constraints import named_constraints
from booking.services.covers import share_again
from booking.services.freed_time import note_freed_time
from booking.services.locks import lock_appointment
from booking.services.package_credits import return_session_unless_for
from booking.services.states import acts_for_clinic, record_change
from intake.models import User

Status = Appointment.Status
_NONE_FITS = _("No visit without needles fits into this time.")
_NONE_HERE = _("The clinic has no visit without needles in person. Add one in the settings, or cancel: that is free.")


def make_needle_free(*, appointment: Appointment, tell: bool = True, by: User | None, now: datetime) -> Appointment:
    """Turn a needling visit that has not begun into one without needles: same time, same therapist, no fee.

    Without `by` it is whoever holds the link. Staff may choose not to `tell` the patient.

    :raises NotCleared: urgent signs speak against any visit
    :raises NotPossibleNow: the visit has no needles, is over, or nothing fits into its time
    """
    with named_constraints(), transaction.atomic(durable=True):
        visit = lock_appointment(appointment)
        check_own(visit, by)
        return take_needles_out(visit, by=by, by_staff=acts_for_clinic(by), tell=tell, now=now)


def take_needles_out(
    visit: Appointment,
    *,
    by: User | None = None,
    role: str = "",
    by_staff: bool = False,
    tell: bool = True,
    now: datetime,
) -> Appointment:
    """The same for a locked visit, in the caller's transaction."""
    if visit.status not in (Status.PENDING, Status.BOOKED, Status.ARRIVED) or not needles(visit.service):
        raise NotPossibleNow
    if visit.awaiting == Appointment.Awaiting.PAYMENT:
        raise NotPossibleNow
    offer = needle_free_offer(visit, now=now)
    if offer is None:
        raise NotPossibleNow(_NONE_HERE if visit.status == Status.ARRIVED else _NONE_FITS)
    service = offer.service
    if clearance_for(visit, service=service, by_staff=by_staff, now=now).decision != "yes":
        raise NotCleared
    before, old = visit.service.slug, Interval(visit.start, visit.end)
    shape = shape_of(service)
    visit.service = service
    if not offer.keeps_time:
        visit.end = shape.visit(visit.start).end
        visit.occupied = as_range(shape.occupied(visit.start))
    return_session_unless_for(visit, service, now=now)
    visit.price_amount = min(visit.price_amount, service.price_amount)  # an honest answer costs nothing
    visit.late_fee_amount = min(visit.late_fee_amount, visit.price_amount)
    visit.no_show_fee_amount = min(visit.no_show_fee_amount, visit.price_amount)
    share_again(visit)
    visit.form_due_at = None
    visit.room_id = offer.room_id
    if visit.status == Status.PENDING:
        admit(visit, CLEARED, now=now)
    visit.save()
    for stretch in subtract([old], [Interval(visit.start, visit.end)]):
        note_freed_time(appointment=visit, stretch=stretch, due_at=now, now=now)
    if visit.deposit_amount > visit.price_amount:
        release_payments(appointment=visit, keep=visit.price_amount, now=now)
    take_what_is_authorised(visit, now=now)
    if by is not None and not tell:
        keep_untold(appointment=visit, kind="changed", by=by, now=now)
    announce_change(appointment=visit, now=now)
    record_change(appointment=visit, action="made-needle-free", by=by, role=role, before=before, now=now)
    return visit

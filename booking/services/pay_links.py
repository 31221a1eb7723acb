"""A link in a mail or a text by which somebody pays online what is due for a visit: made, sent again, ended.

The link itself asks for nothing: what is due is looked at when its page is opened (`booking.services.paying_by_link`).
"""

from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction

from booking.errors import NothingDue, NotPossibleNow, PaymentNotOffered, PrepaymentForbidden
from booking.models import Appointment, PayLink
from booking.payments.ledger import balance_of
from booking.payments.services import ask_online_at_most
from booking.reminders.of_money import announce_pay_link
from booking.selectors.pay_links import is_in_advance, link_of, token_of
from booking.selectors.terms import may_prepay
from booking.services.constraints import named_constraints
from booking.services.locks import lock_appointment
from booking.services.states import SYSTEM, record_change, require_clinic
from intake.models import User

LASTS: Final = timedelta(days=30)


def send_pay_link(*, appointment: Appointment, by: User, now: datetime) -> PayLink:
    """Send the patient a link to pay what is due; sent again it is the same link, for another 30 days.

    :raises NothingDue, PaymentNotOffered, PrepaymentForbidden, NotPossibleNow: as `ask_to_pay`
    """
    require_clinic(by)
    with named_constraints(), transaction.atomic(durable=True):
        return ask_to_pay(appointment=lock_appointment(appointment), by=by, now=now)


def ask_to_pay(*, appointment: Appointment, by: User | None = None, now: datetime) -> PayLink:
    """The same for a locked visit, in the caller's transaction; without `by` it is the system that asks.

    :raises NothingDue: nothing is to be paid, or not any more
    :raises PaymentNotOffered: there is no patient, or no online payment here
    :raises PrepaymentForbidden: the visit has not taken place, and nothing may be asked for before it
    :raises NotPossibleNow: the deposit is being paid online at this moment
    """
    _require_askable(appointment)
    link = link_of(appointment)
    if link is None:
        link = PayLink.objects.create(
            appointment=appointment, made_by=by, made_at=now, sent_at=now, expires_at=now + LASTS
        )
    else:
        link.sent_at, link.expires_at, link.times_sent = now, now + LASTS, link.times_sent + 1
        link.save(update_fields=["sent_at", "expires_at", "times_sent"])
    announce_pay_link(
        appointment=appointment,
        path=f"/pay/{token_of(link)}/",
        about=f"/pay/{link.pk}/{link.times_sent}",
        until=link.expires_at,
        now=now,
    )
    record_change(appointment=appointment, action="pay-link-sent", by=by, role="" if by else SYSTEM, now=now)
    return link


def end_pay_link(*, appointment: Appointment, by: User, now: datetime) -> None:
    """Let nobody pay by the link any more; a page at Stripe that stands open is ended. Again it does nothing."""
    require_clinic(by)
    with named_constraints(), transaction.atomic(durable=True):
        visit = lock_appointment(appointment)
        if PayLink.objects.filter(appointment=visit, ended_at=None).update(ended_at=now):
            ask_online_at_most(appointment=visit, due=0, now=now)
            record_change(appointment=visit, action="pay-link-ended", by=by, now=now)


def _require_askable(appointment: Appointment) -> None:
    if appointment.patient is None or not appointment.location.online_payment or not settings.STRIPE_SECRET_KEY:
        raise PaymentNotOffered
    if is_in_advance(appointment) and not may_prepay(appointment.location):
        raise PrepaymentForbidden
    if appointment.awaiting == Appointment.Awaiting.PAYMENT:
        raise NotPossibleNow
    if balance_of(appointment).due <= 0:
        raise NothingDue

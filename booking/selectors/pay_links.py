"""Links to pay what is due for a visit: whether one may be sent, and which one works."""

from typing import Final
from uuid import UUID

from django.conf import settings
from django.core import signing

from booking.models import Appointment, PayLink
from booking.reminders.ways import can_be_written_to
from booking.selectors.terms import may_prepay

Status = Appointment.Status
_SIGNER: Final = signing.Signer(salt="booking.pay-link")
# What is paid then is paid for something that was: no payment in advance.
TOOK_PLACE_OR_ENDED: Final = (Status.FULFILLED, Status.NOSHOW, Status.CANCELLED)


def is_in_advance(appointment: Appointment) -> bool:
    """Whether a payment now would be one before the visit."""
    return appointment.status not in TOOK_PLACE_OR_ENDED


def may_be_sent(appointment: Appointment) -> bool:
    """Whether a link to pay makes sense: online payment, not in advance where that is forbidden, and a way to send it,
    by mail or as a text.
    """
    patient = appointment.patient
    if patient is None or not settings.STRIPE_SECRET_KEY or not appointment.location.online_payment:
        return False
    if is_in_advance(appointment) and not may_prepay(appointment.location):
        return False
    return can_be_written_to(patient, "pay-link")


def link_of(appointment: Appointment) -> PayLink | None:
    """The link that works for this visit, be it past its last day."""
    return PayLink.objects.filter(appointment=appointment, ended_at=None).first()


def token_of(link: PayLink) -> str:
    """What stands in the link's address: its id, signed."""
    return _SIGNER.sign(link.pk.hex)


def link_by_token(token: str) -> PayLink | None:
    """The link of this address, whatever became of it; None if we did not sign it."""
    try:
        return link_by_id(UUID(_SIGNER.unsign(token)))
    except (signing.BadSignature, ValueError):
        return None


def link_by_id(link_id: UUID | None) -> PayLink | None:
    """The link with its visit and patient."""
    found = PayLink.objects.select_related("appointment__location", "appointment__patient")
    return found.filter(pk=link_id).first() if link_id else None

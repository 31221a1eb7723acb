"""What was given back by hand, and how more could be."""

from django.db.models import Sum

from booking.models import Appointment
from booking.payments.models import LedgerEntry, Payment
from booking.payments.services import at_hand

Kind = LedgerEntry.Kind
Gateway = Payment.Gateway


def given_back_before(appointment: Appointment) -> int:
    """Minor units of the patient's money that were taken for a visit and are given back, or decided to be."""
    taken = LedgerEntry.objects.filter(
        payment__appointment=appointment,
        payment__gateway__in=[Gateway.DESK, Gateway.STRIPE],
        kind__in=[Kind.CAPTURE, Kind.DESK],
    ).aggregate(sum=Sum("amount"))["sum"]
    return max(0, (taken or 0) - at_hand(appointment))


def can_go_back(appointment: Appointment) -> dict[str, int]:
    """How much could be given back at the desk and online; minor units."""
    return {"desk": at_hand(appointment, Gateway.DESK), "online": at_hand(appointment, Gateway.STRIPE)}


def last_method_of(appointment: Appointment) -> str:
    """How the patient last paid at the desk; cash where they did not."""
    paid = LedgerEntry.objects.filter(payment__appointment=appointment, kind=Kind.DESK).order_by("-recorded_at", "-pk")
    return paid.values_list("method", flat=True).first() or "cash"

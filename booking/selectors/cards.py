"""Cards that patients have left with Stripe, for fees."""

from datetime import date, datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from booking.models import Appointment, FeeCase, KeptCard
from booking.rules.fee_cases import CARD_KEPT_AFTER, is_good
from intake.models import Patient, User

State = KeptCard.State


def kept_card_of(patient: Patient | None) -> KeptCard | None:
    """The card that this patient has left and not taken back, be it expired."""
    if patient is None:
        return None
    return KeptCard.objects.filter(patient=patient, state=State.KEPT).select_related("appointment").first()


def good_card_of(patient: Patient | None, *, on: date) -> KeptCard | None:
    """The card of this patient that can be charged on that day."""
    card = kept_card_of(patient)
    return card if card and is_good(exp_year=card.exp_year, exp_month=card.exp_month, on=on) else None


def card_asked_for(appointment: Appointment) -> KeptCard | None:
    """The card that this visit waits for, on a page of its own and not beside a deposit."""
    asked = KeptCard.objects.filter(appointment=appointment, state=State.ASKED, payments=None)
    return asked.select_related("patient").first()


def cards_kept_by(patient: Patient | None) -> QuerySet[KeptCard]:
    """This patient's card, to be shown to them."""
    return KeptCard.objects.filter(patient=patient, state=State.KEPT).select_related("patient")


def cards_of_account(user: User) -> QuerySet[KeptCard]:
    """The cards of everybody whose account this is."""
    return KeptCard.objects.filter(patient__user=user, state=State.KEPT).select_related("patient").order_by("pk")


def cards_without_a_reason(*, now: datetime) -> QuerySet[KeptCard]:
    """Cards that are kept although no visit is to come, none was in the last 30 days, and no fee is open or may follow
    from a cancellation that can still be undone; and those of records that were erased.
    """
    of_patient = {"patient": OuterRef("patient")}
    visits = Appointment.objects.filter(**of_patient, end__gt=now - CARD_KEPT_AFTER)
    fees = FeeCase.objects.filter(appointment__patient=OuterRef("patient"), state__in=FeeCase.OPEN)
    is_over = Q(status=Appointment.Status.CANCELLED, cancel_settles_at=None)
    needed = Exists(visits.exclude(is_over)) | Exists(fees)
    kept = KeptCard.objects.filter(state=State.KEPT).select_related("patient")
    return kept.filter(Q(patient__erased_at__isnull=False) | ~Q(needed)).order_by("pk")

"""Fees in the demonstration: visits that nobody came to, in every state that a manager meets."""

from datetime import date, datetime, timedelta

from django.db import transaction

from booking.feeds.terms_words import words_of_card
from booking.models import Agreement, Appointment, FeeCase, KeptCard
from booking.payments.services import charge_fee, release_payments
from booking.rules.fee_cases import UNDO_FOR
from booking.selectors.fees import no_show_fee_of
from booking.services.fee_cases import approve_fee, propose_fee, waive_fee
from booking.services.fee_taking import begin_taking
from booking.services.locks import lock_appointment
from intake.models import Role, User

_SHOWN = ("card", "approved", "link", "no card", "waived")


def let_fees_wait(*, now: datetime) -> None:
    """The latest missed visits: to decide with a card and without, approved, asked for by link, waived."""
    manager = User.objects.get(role=Role.MANAGER)
    missed = Appointment.objects.filter(status=Appointment.Status.NOSHOW, no_show_fee_amount__gt=0, cover=None)
    for visit, shown in zip(missed.order_by("-start", "pk"), _SHOWN, strict=False):
        case = _case(visit, shown, now)
        if shown == "approved":
            approve_fee(case=case, by=manager, now=now)
        elif shown == "waived":
            waive_fee(case=case, reason=FeeCase.Reason.CANT_HELP, by=manager, now=now)
        elif shown == "link":
            approved = approve_fee(case=case, by=manager, now=now - UNDO_FOR)
            with transaction.atomic():
                begin_taking(approved, now=now)


def _case(visit: Appointment, shown: str, now: datetime) -> FeeCase:
    visit.late_moves = 1  # it had been moved late before, so this is no first miss that costs nothing
    visit.save(update_fields=["late_moves"])
    if shown != "no card":
        runs_out = _month_before(now) if shown == "link" else visit.start.replace(day=1, year=visit.start.year + 3)
        _leave_card(visit, runs_out.date())
        _agree(visit)
    with transaction.atomic():
        locked = lock_appointment(visit)
        fee = no_show_fee_of(locked)
        charged = charge_fee(appointment=locked, amount=fee, now=now)
        release_payments(appointment=locked, keep=fee, now=now)
        case = propose_fee(locked, cause=FeeCase.Cause.NO_SHOW, charged=charged, fee=fee, now=now)
    assert case is not None
    return case


def _month_before(now: datetime) -> datetime:
    return now.replace(day=1) - timedelta(days=1)


def _agree(visit: Appointment) -> None:
    Agreement.objects.create(
        appointment=visit,
        text=words_of_card(),
        language="en",
        version=visit.policy_version,
        sums={"late_fee": visit.late_fee_amount, "no_show_fee": visit.no_show_fee_amount},
        agreed_at=visit.created_at,
    )


def _leave_card(visit: Appointment, runs_out: date) -> None:
    """A card that Stripe has never seen: asked for money, it says no. It is good through the month of `runs_out`."""
    assert visit.patient is not None
    KeptCard.objects.get_or_create(
        patient=visit.patient,
        state=KeptCard.State.KEPT,
        defaults={
            "appointment": visit,
            "agreed_text": words_of_card(),
            "agreed_at": visit.created_at,
            "kept_at": visit.created_at,
            "settled_at": visit.created_at,
            "customer_id": f"cus_demo{visit.pk.hex[:12]}",
            "method_id": f"pm_demo{visit.pk.hex[:12]}",
            "brand": "mastercard" if visit.pk.int % 3 == 0 else "visa",
            "last4": f"{visit.pk.int % 10_000:04}",
            "exp_year": runs_out.year,
            "exp_month": runs_out.month,
        },
    )

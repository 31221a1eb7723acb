"""Fees for late changes and missed visits: what waits for a manager, what is on its way, what became of the others."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from django.db.models import QuerySet

from booking.models import Agreement, Appointment, FeeCase, KeptCard
from booking.rules.fee_cases import is_good
from booking.rules.walltime import wall_date

Shelf = Literal["decide", "coming", "link", "done"]
State = FeeCase.State
SHELVES: Final[dict[Shelf, tuple[State, ...]]] = {
    "decide": (State.PROPOSED,),
    "coming": (State.APPROVED, State.TAKING),
    "link": (State.DECLINED,),
    "done": (State.TAKEN, State.PAID, State.WAIVED, State.WITHDRAWN),
}
DONE_SHOWN_FOR: Final = timedelta(days=90)
_ORDER: Final[dict[Shelf, tuple[str, ...]]] = {
    "decide": ("created_at", "pk"),
    "coming": ("take_at", "pk"),
    "link": ("created_at", "pk"),
    "done": ("-closed_at", "pk"),
}


@dataclass(frozen=True, slots=True)
class FeeLine:
    """One fee, the card of its patient, and whether it can be charged today: it is good, and was agreed to."""

    case: FeeCase
    card: KeptCard | None
    agreed: bool
    is_good: bool
    may_approve: bool
    may_undo: bool
    may_waive: bool


def fees_on(shelf: Shelf, *, now: datetime) -> QuerySet[FeeCase]:
    """The fees of one part of the list; what is done, for 90 days."""
    found = FeeCase.objects.filter(state__in=SHELVES[shelf])
    if shelf == "done":
        found = found.filter(closed_at__gte=now - DONE_SHOWN_FOR)
    related = ("appointment__patient", "appointment__practitioner", "approved_by", "closed_by")
    return found.select_related(*related).order_by(*_ORDER[shelf])


def fees_of(visit: Appointment) -> QuerySet[FeeCase]:
    """All fees of a visit, oldest first."""
    cases = FeeCase.objects.filter(appointment=visit).select_related("appointment", "approved_by", "closed_by")
    return cases.order_by("created_at", "pk")


def fees_to_decide() -> int:
    """How many wait for a manager."""
    return FeeCase.objects.filter(state=State.PROPOSED).count()


def lines_of(cases: Iterable[FeeCase], *, now: datetime) -> list[FeeLine]:
    """What is shown of each, in three queries."""
    known = list(cases)
    patients = {case.appointment.patient_id for case in known}
    kept = KeptCard.objects.filter(patient__in=patients, state=KeptCard.State.KEPT)
    cards = {card.patient_id: card for card in kept}
    visits = [case.appointment_id for case in known]
    agreed = set(Agreement.objects.filter(appointment__in=visits).values_list("appointment_id", flat=True))
    return [_line(case, _card_for(case, cards), case.appointment_id in agreed, now) for case in known]


def _card_for(case: FeeCase, cards: Mapping[UUID, KeptCard]) -> KeptCard | None:
    patient = case.appointment.patient_id
    return cards.get(patient) if patient else None


def _line(case: FeeCase, card: KeptCard | None, agreed: bool, now: datetime) -> FeeLine:
    today = wall_date(now, case.appointment.time_zone)
    return FeeLine(
        case=case,
        card=card,
        agreed=agreed,
        is_good=agreed and card is not None and is_good(exp_year=card.exp_year, exp_month=card.exp_month, on=today),
        may_approve=case.state == State.PROPOSED,
        may_undo=case.state == State.APPROVED and case.take_at is not None and now < case.take_at,
        may_waive=case.state in (*FeeCase.OPEN, State.TAKEN, State.PAID),
    )

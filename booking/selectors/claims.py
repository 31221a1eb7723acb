"""What payers are asked for: the worklist of reception, and how old what is open has become."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal

from django.db.models import Count, F, QuerySet, Sum
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from booking.feeds.amounts import WHOLE_UNIT_CURRENCIES
from booking.models import Claim, Payer, Registration
from booking.rules.covers import AGES, Age, age_of, is_late
from booking.rules.walltime import wall_date
from booking.selectors.covers import day_of

Shelf = Literal["to-bill", "open", "denied", "paid"]
State = Claim.State
SHELVES: Final[dict[Shelf, tuple[State, ...]]] = {
    "to-bill": (State.TO_BILL,),
    "open": Claim.OPEN,
    "denied": (State.DENIED,),
    "paid": (State.PAID,),
}
_ORDER: Final[dict[Shelf, tuple[str, ...]]] = {
    "to-bill": ("appointment__start", "pk"),
    "open": ("billed_at", "pk"),
    "denied": ("-closed_at", "pk"),
    "paid": ("-closed_at", "pk"),
}


@dataclass(frozen=True, slots=True)
class ClaimLine:
    """One claim on the list. `days` since it was billed, by the clinic's calendar."""

    claim: Claim
    days: int
    age: Age | None
    is_late: bool
    lacks_number: bool


@dataclass(frozen=True, slots=True)
class Ageing:
    """What one payer owes in one currency, by how long ago it was billed. Minor units."""

    payer: Payer
    currency: str
    sums: tuple[int, ...]  # in the order of `AGES`
    late: int

    @property
    def total(self) -> int:
        return sum(self.sums)


def claims_on(shelf: Shelf, *, payer: Payer | None = None) -> QuerySet[Claim]:
    """The claims of one part of the list, in the order in which they are worked off."""
    found = _with_relations().filter(state__in=SHELVES[shelf])
    if payer is not None:
        found = found.filter(cover__payer=payer)
    return found.order_by(*_ORDER[shelf])


def claims_among(ids: Iterable[object]) -> QuerySet[Claim]:
    """The claims with these ids, by the day of the visit."""
    return _with_relations().filter(pk__in=list(ids)).order_by("appointment__start", "pk")


def counts_by_shelf() -> dict[Shelf, int]:
    """How many claims there are of each part of the list."""
    counted = dict(Claim.objects.order_by().values_list("state").annotate(n=Count("pk")))
    return {shelf: sum(counted.get(state, 0) for state in states) for shelf, states in SHELVES.items()}


def lines_of(claims: Iterable[Claim], *, zone: str, now: datetime) -> list[ClaimLine]:
    """The claims with their age."""
    today = wall_date(now, zone)
    return [_line(claim, zone, today) for claim in claims]


def ageing(*, zone: str, now: datetime) -> list[Ageing]:
    """What is open with each payer, by age, the largest sum first."""
    today = wall_date(now, zone)
    sums: dict[tuple[Payer, str], dict[Age, int]] = defaultdict(lambda: dict.fromkeys(AGES, 0))
    late: dict[tuple[Payer, str], int] = defaultdict(int)
    for claim in Claim.objects.filter(state__in=Claim.OPEN).select_related("cover__payer"):
        payer, billed = claim.cover.payer, _billed_on(claim, zone)
        sums[payer, claim.currency][age_of(billed, today=today)] += claim.rest
        if is_late(billed, terms_days=payer.terms_days, today=today):
            late[payer, claim.currency] += claim.rest
    rows = [
        Ageing(payer, currency, tuple(by_age.values()), late[payer, currency])
        for (payer, currency), by_age in sums.items()
    ]
    return sorted(rows, key=lambda row: (-row.total, row.payer.name))


def open_sum(claims: QuerySet[Claim]) -> list[tuple[str, int]]:
    """What is still to come of these, by currency, minor units."""
    found = claims.order_by().values_list("currency").annotate(sum=Sum(F("amount") - F("paid_amount")))
    return sorted(found)


HEADER: Final = (
    _("Claim number"), _("Patient"), _("Birth date"), _("Date"), _("Service"), _("Therapist"), _("Title"),
    _("Registration number"), _("College"), _("Amount"), _("Still open"), _("Currency"), _("Our reference"),
)  # fmt: skip


def table_for_payer(claims: Iterable[Claim]) -> tuple[Sequence[str], Iterator[Sequence[object]]]:
    """What a payer needs to pay, and no more: no name of a service, because it may say what somebody has."""
    return [str(name) for name in HEADER], (_row(claim) for claim in claims)


def _row(claim: Claim) -> Sequence[object]:
    visit = claim.appointment
    patient, therapist, day = visit.patient, visit.practitioner, day_of(visit)
    registration = next((one for one in therapist.registrations.all() if _holds(one, day)), None)
    assert patient is not None
    minutes = round((visit.end - visit.start).total_seconds() / 60)
    return (
        claim.cover.claim_number,
        str(patient),
        patient.birth_date or "",
        day,
        gettext("Treatment, %(minutes)s minutes") % {"minutes": minutes},
        therapist.name,
        registration.title if registration else "",
        registration.number if registration else "",
        registration.college if registration else "",
        plain_amount(claim.amount, claim.currency),
        plain_amount(0 if claim.state == State.DENIED else claim.rest, claim.currency),
        claim.currency,
        str(claim.pk)[:8],
    )


def _holds(registration: Registration, day: date) -> bool:
    begun = registration.valid_from is None or registration.valid_from <= day
    return begun and (registration.valid_until is None or day <= registration.valid_until)


def plain_amount(amount: int, currency: str) -> str:
    """An amount as programs read it: "1234.50", never with a sign, a space or a comma."""
    return str(amount) if currency in WHOLE_UNIT_CURRENCIES else f"{amount // 100}.{amount % 100:02}"


def _line(claim: Claim, zone: str, today: date) -> ClaimLine:
    lacks = claim.cover.payer.needs_claim_number and not claim.cover.claim_number
    if claim.billed_at is None or claim.state not in Claim.OPEN:
        return ClaimLine(claim, 0, None, False, lacks)
    billed = _billed_on(claim, zone)
    late = is_late(billed, terms_days=claim.cover.payer.terms_days, today=today)
    return ClaimLine(claim, (today - billed).days, age_of(billed, today=today), late, lacks)


def _billed_on(claim: Claim, zone: str) -> date:
    assert claim.billed_at is not None
    return wall_date(claim.billed_at, zone)


def _with_relations() -> QuerySet[Claim]:
    found = Claim.objects.select_related(
        "cover__payer", "appointment__patient", "appointment__practitioner", "appointment__service", "closed_by"
    )
    return found.prefetch_related("appointment__practitioner__registrations")

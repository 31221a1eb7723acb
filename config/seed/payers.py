"""Who else pays in the demonstration: three payers, for one patient in ten, and for some visits of long ago."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from booking.models import Appointment, Claim, Cover, Payer
from booking.payments.models import LedgerEntry, Payment
from booking.rules.covers import deposit_beside, split, state_when_paid
from booking.selectors.covers import day_of, terms_of
from config.seed.clinic import new_id
from intake.models import Role, User

AGED = tuple(timedelta(days=days) for days in (100, 72, 44))  # so long ago were visits of which some are still open
AGED_VISITS = 4
_ONE_IN = 10
_BILLED_AFTER = timedelta(days=3)
_State, _Denial = Claim.State, Claim.Denial


@dataclass(slots=True)
class Payers:
    """Rows about payers, drawn with numbers of their own: everybody else's stay as they are.

    :param midnight: everything before it has happened
    """

    midnight: datetime
    payers: list[Payer] = field(default_factory=list)
    covers: list[Cover] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)
    entries: list[LedgerEntry] = field(default_factory=list)
    _rng: Random = field(default_factory=lambda: Random(20))
    _by: User | None = None

    def __post_init__(self) -> None:
        self._by = User.objects.filter(role=Role.RECEPTION).first()
        for name, kind, days, numbered in (
            ("Prairie Workers' Board", Payer.Kind.WORKERS_COMPENSATION, 30, True),
            ("Northern Motor Mutual", Payer.Kind.MOTOR_INSURER, 45, True),
            ("Maple Extended Health", Payer.Kind.INSURER, 30, False),
        ):
            email = f"claims@{name.split()[0].lower()}.example"
            self.payers.append(
                Payer(id=new_id(self._rng), name=name, kind=kind, email=email, terms_days=days,
                      needs_claim_number=numbered)
            )  # fmt: skip

    def share(self, visit: Appointment) -> None:
        """Write into a new visit what a payer bears of it, and what became of the bill."""
        assert visit.patient is not None
        if not visit.price_amount or (visit.patient.pk.int % _ONE_IN and not self._is_aged(visit)):
            return
        cover = self._cover_of(visit)
        shares = split(visit.price_amount, terms_of(cover))
        visit.cover, visit.payer_amount = cover, shares.payer
        visit.deposit_amount = deposit_beside(visit.deposit_amount, patient=shares.patient)
        if visit.status == Appointment.Status.FULFILLED:
            self._bill(visit, cover)

    def _is_aged(self, visit: Appointment) -> bool:
        return visit.start < self.midnight - AGED[-1]

    def _cover_of(self, visit: Appointment) -> Cover:
        assert visit.patient is not None
        known = next((one for one in self.covers if one.patient_id == visit.patient_id), None)
        if known is not None:
            return known
        number = len(self.covers)
        payer = self.payers[number % len(self.payers)]
        is_insurer = payer.kind == Payer.Kind.INSURER
        made = Cover(
            id=new_id(self._rng), patient=visit.patient, payer=payer, created_at=visit.created_at,
            created_by=self._by, claim_number="" if is_insurer or number == 1 else f"C-{20400 + 7 * number}",
            adjuster="" if is_insurer else "Sam Okafor, +1 780 555 0160", percent=80 if is_insurer else 100,
            approved_visits=None if is_insurer else 12, for_online=not is_insurer,
            valid_until=day_of(visit) + timedelta(days=150),
        )  # fmt: skip
        self.covers.append(made)
        return made

    def _bill(self, visit: Appointment, cover: Cover) -> None:
        """Billed after three days, paid a week later; some are open, some paid in part, one in five denied."""
        claim = Claim(
            id=new_id(self._rng), appointment=visit, cover=cover, amount=visit.payer_amount, currency=visit.currency,
            created_at=visit.end,
        )  # fmt: skip
        self.claims.append(claim)
        billed = visit.end + _BILLED_AFTER
        if billed >= self.midnight or (cover.payer.needs_claim_number and not cover.claim_number):
            return
        claim.state, claim.billed_at, claim.billed_by = _State.BILLED, billed, self._by
        answered = billed + timedelta(days=self._rng.randint(7, 11))
        number = len(self.claims)
        if answered >= self.midnight or number % (2 if self._is_aged(visit) else 4) == 0:
            return
        if number % 5 == 0:
            claim.state, claim.denial = _State.DENIED, _Denial.LIMIT_REACHED
            claim.closed_at, claim.closed_by = answered, self._by
            visit.payer_amount = 0
            return
        self._pay(claim, claim.amount // 2 if number % 7 == 0 else claim.amount, answered)

    def _pay(self, claim: Claim, amount: int, at: datetime) -> None:
        patient = claim.appointment.patient
        assert patient is not None
        payment = Payment(
            id=new_id(self._rng), appointment=claim.appointment, payer=patient,
            purpose=Payment.Purpose.BALANCE, gateway=Payment.Gateway.PAYER, state=Payment.State.CAPTURED,
            amount=amount, keep_amount=amount, currency=claim.currency, created_at=at, settled_at=at,
        )  # fmt: skip
        self.payments.append(payment)
        for kind, reference in ((LedgerEntry.Kind.CHARGE, "asked"), (LedgerEntry.Kind.PAYER, f"seed:{claim.pk}")):
            is_money = kind == LedgerEntry.Kind.PAYER
            self.entries.append(
                LedgerEntry(
                    payment=payment, kind=kind, amount=amount, currency=claim.currency, recorded_at=at,
                    recorded_by=self._by if is_money else None, method="payer" if is_money else "",
                    reference=reference,
                )
            )  # fmt: skip
        claim.paid_amount, claim.reference = amount, f"EFT-{at:%m%d}"
        claim.state = _State(state_when_paid(amount=claim.amount, paid=amount))
        if claim.state == _State.PAID:
            claim.closed_at, claim.closed_by = at, self._by

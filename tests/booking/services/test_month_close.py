"""Closing a month: what is in it, that it stays so, and where everything goes that comes too late."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import Sum
from django.test.utils import CaptureQueriesContext

from booking.errors import FiguresChanged, MonthNotNext, MonthNotOver, NoteNeeded
from booking.models import Appointment, HealthcareService, MonthClose, MonthLine, PaySplit, Practitioner, TaxRate
from booking.payments.ledger import write_entry
from booking.payments.models import Finding, LedgerEntry, Payment
from booking.rules.months import next_month
from booking.selectors.accounts import account_of, open_month
from booking.services.month_close import close_month, mark_of
from intake.errors import NotAllowed
from intake.models import Role, User
from tests.factories.booking import NOW, Clinic, make_appointment, make_staff
from tests.factories.intake import make_patient
from tests.factories.payers import make_cover, make_payer
from tests.factories.receipts import pay

OCTOBER, NOVEMBER, DECEMBER = date(2026, 10, 1), date(2026, 11, 1), date(2026, 12, 1)
IN_DECEMBER = datetime(2026, 12, 3, 16, 0, tzinfo=UTC)


def on(month: int, day: int, hour: int = 18) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


def visit_of(clinic: Clinic, start: datetime, **over: Any) -> Appointment:
    """A visit that took place, with a patient of its own."""
    over.setdefault("patient", make_patient(now=NOW))
    return make_appointment(clinic, start=start, **{"status": "fulfilled"} | over)


def split(practitioner: Practitioner, percent: float = 60, basis: str = "billed", **over: Any) -> PaySplit:
    fields = {"valid_from": date(2026, 1, 1), "agreed_at": NOW}
    return PaySplit.objects.create(practitioner=practitioner, percent=percent, basis=basis, **fields | over)


def books(clinic: Clinic, month: date) -> dict[str, Any]:
    return account_of(location=clinic.location, month=month).figures


def close(clinic: Clinic, month: date, by: User, now: datetime, note: str = "All seen to.") -> MonthClose:
    seen = mark_of(books(clinic, month))
    return close_month(location=clinic.location, month=month, seen=seen, note=note, by=by, now=now)


def kept_figures() -> list[Any]:
    return list(MonthClose.objects.order_by("month").values_list("figures", flat=True))


def month_of(payment: Payment) -> set[date]:
    return set(payment.entries.values_list("month", flat=True))


def pay_in(figures: dict[str, Any]) -> dict[str, int]:
    return {row["name"]: row["pay"] for row in figures["therapists"]}


def test_an_entry_belongs_to_its_calendar_month_on_the_clinics_clock(clinic: Clinic) -> None:
    """It is still October in Edmonton when November has begun in UTC."""
    visit = visit_of(clinic, on(10, 5))
    late = pay(visit, 100, now=datetime(2026, 11, 1, 5, 59, tzinfo=UTC))
    early = pay(visit, 100, now=datetime(2026, 11, 1, 6, 0, tzinfo=UTC))
    assert (month_of(late), month_of(early)) == ({OCTOBER}, {NOVEMBER})


def test_what_comes_too_late_goes_to_the_next_month(clinic: Clinic, manager: User) -> None:
    visit = visit_of(clinic, on(10, 5))
    pay(visit, 5000, now=on(10, 5))
    close(clinic, OCTOBER, manager, on(11, 2))
    assert month_of(pay(visit, 7000, now=on(10, 30))) == {NOVEMBER}
    close(clinic, NOVEMBER, manager, IN_DECEMBER)
    assert month_of(pay(visit, 100, now=on(10, 31))) == {DECEMBER}


def test_the_database_refuses_an_entry_in_a_closed_month(clinic: Clinic, manager: User) -> None:
    payment = pay(visit_of(clinic, on(10, 5)), 5000, now=on(10, 5))
    close(clinic, OCTOBER, manager, on(11, 2))
    row = {"payment": payment, "amount": 1, "currency": "CAD", "recorded_at": on(10, 6), "reference": "late"}
    with pytest.raises(IntegrityError, match="the open month is 2026-11-01"), transaction.atomic():
        LedgerEntry.objects.create(kind="refund", month=OCTOBER, **row)


def test_a_closed_month_is_never_changed(clinic: Clinic, manager: User) -> None:
    pay(visit_of(clinic, on(10, 5)), 5000, now=on(10, 5))
    close(clinic, OCTOBER, manager, on(11, 2))
    for change in (
        lambda: MonthClose.objects.update(note=""),
        lambda: MonthClose.objects.all().delete(),
        lambda: MonthLine.objects.update(pay=1),
        lambda: MonthLine.objects.all().delete(),
    ):
        with pytest.raises(DatabaseError, match="Cannot"), transaction.atomic():
            change()


def test_the_figures_of_a_month(clinic: Clinic, manager: User) -> None:
    """One visit paid, one paid in part, one that somebody else pays, and a deposit for a visit to come."""
    split(clinic.anna), split(clinic.ben, 50, "collected")
    TaxRate.objects.create(location=clinic.location, name="GST", percent=5, number="R1").services.add(clinic.needling)
    pay(visit_of(clinic, on(10, 5)), 12000, now=on(10, 5), method="terminal")
    pay(visit_of(clinic, on(10, 6), practitioner=clinic.ben), 5000, now=on(10, 6))
    cover = make_cover(make_patient(now=NOW), payer=make_payer(name="Prairie Board"), percent=100)
    visit_of(clinic, on(10, 7), patient=cover.patient, service=clinic.follow_up, cover=cover, payer_amount=7000)
    pay(visit_of(clinic, on(11, 20), status="booked"), 3000, now=on(10, 20))
    figures = books(clinic, OCTOBER)
    assert figures["ways"] == [
        {"way": "cash", "came": 8000, "went": 0},
        {"way": "terminal", "came": 12000, "went": 0},
    ]
    assert (figures["earned"]["treatment"], figures["earned"]["tax"]) == (31000, 1142)
    assert (figures["earned"]["collected"], figures["earned"]["fees"]) == (17000, 0)
    assert pay_in(figures) == {"Anna": (12000 - 571 + 7000) * 60 // 100, "Ben": 2381}
    assert figures["taxes"] == [{"name": "GST", "thousandths": 5000, "number": "R1", "amount": 1142}]
    assert figures["deposits"] == {"sum": 3000, "visits": 1}
    assert figures["receivables"]["patients"]["ages"] == {"0-30": 7000, "31-60": 0, "61-90": 0, "over-90": 0}
    assert figures["receivables"]["payers"] == [
        {"name": "Prairie Board", "ages": {"0-30": 7000, "31-60": 0, "61-90": 0, "over-90": 0}, "sum": 7000}
    ]
    assert figures["proof"] == {"before": 0, "earned": 31000, "came": 20000, "after": 11000, "difference": 0}


def test_a_visit_that_turns_out_not_to_have_been_is_corrected_in_the_next_month(clinic: Clinic, manager: User) -> None:
    split(clinic.anna)
    visit = visit_of(clinic, on(10, 5))
    pay(visit, 12000, now=on(10, 5))
    frozen = close(clinic, OCTOBER, manager, on(11, 2)).figures
    Appointment.objects.filter(pk=visit.pk).update(status="noshow")
    visit_of(clinic, on(11, 4))
    figures = close(clinic, NOVEMBER, manager, IN_DECEMBER).figures
    anna = figures["therapists"][0]
    assert (pay_in(frozen), anna["pay"], anna["late"]["pay"], anna["visits"]) == ({"Anna": 7200}, 0, -7200, 1)
    assert (figures["to_give_back"], figures["proof"]["difference"]) == (12000, 0)
    assert kept_figures() == [frozen, figures]


def test_a_visit_of_a_closed_month_that_was_with_somebody_else(clinic: Clinic, manager: User) -> None:
    split(clinic.anna), split(clinic.ben, 50)
    visit = visit_of(clinic, on(10, 5))
    pay(visit, 12000, now=on(10, 5))
    close(clinic, OCTOBER, manager, on(11, 2))
    Appointment.objects.filter(pk=visit.pk).update(practitioner=clinic.ben)
    assert pay_in(books(clinic, NOVEMBER)) == {"Anna": -7200, "Ben": 6000}


def test_what_is_collected_later_is_paid_out_in_its_own_month(clinic: Clinic, manager: User) -> None:
    split(clinic.anna, 50, "collected")
    visit = visit_of(clinic, on(10, 30))
    pay(visit, 5000, now=on(10, 30))
    pay(visit, 7000, now=on(11, 1))
    first, second = close(clinic, OCTOBER, manager, on(11, 2)).figures, books(clinic, NOVEMBER)
    assert (pay_in(first), pay_in(second)) == ({"Anna": 2500}, {"Anna": 3500})


def test_money_given_back_after_the_close_is_taken_off_in_the_next_month(clinic: Clinic, manager: User) -> None:
    split(clinic.anna, 50, "collected")
    payment = pay(visit_of(clinic, on(10, 5)), 12000, now=on(10, 5))
    close(clinic, OCTOBER, manager, on(11, 2))
    write_entry(
        payment=payment, kind=LedgerEntry.Kind.REFUND, amount=2000, reference="back", method="cash",
        by=manager, now=on(10, 9),
    )  # fmt: skip
    figures = books(clinic, NOVEMBER)
    assert (figures["ways"], pay_in(figures)) == ([{"way": "cash", "came": 0, "went": 2000}], {"Anna": -1000})


@pytest.mark.parametrize("role", [Role.RECEPTION, Role.THERAPIST, Role.OWNER])
def test_only_a_manager_closes_a_month(clinic: Clinic, role: Role) -> None:
    with pytest.raises(NotAllowed):
        close(clinic, OCTOBER, make_staff(role), on(11, 2))


def test_a_month_is_closed_when_it_is_over_and_after_those_before_it(clinic: Clinic, manager: User) -> None:
    pay(visit_of(clinic, on(10, 5)), 12000, now=on(10, 5))
    assert open_month(clinic.location, now=NOW) == OCTOBER
    with pytest.raises(MonthNotNext):
        close(clinic, NOVEMBER, manager, IN_DECEMBER)
    with pytest.raises(MonthNotOver):
        close(clinic, OCTOBER, manager, datetime(2026, 11, 1, 5, 59, tzinfo=UTC))
    close(clinic, OCTOBER, manager, on(11, 1))
    with pytest.raises(MonthNotNext):
        close(clinic, OCTOBER, manager, on(11, 1))


def test_what_was_not_looked_at_is_not_closed(clinic: Clinic, manager: User) -> None:
    visit = visit_of(clinic, on(10, 5))
    seen = mark_of(books(clinic, OCTOBER))
    pay(visit, 12000, now=on(10, 31))
    with pytest.raises(FiguresChanged):
        close_month(location=clinic.location, month=OCTOBER, seen=seen, note="", by=manager, now=on(11, 2))
    assert not MonthClose.objects.exists()


def test_what_is_open_needs_a_note(clinic: Clinic, manager: User) -> None:
    split(clinic.anna)
    pay(visit_of(clinic, on(10, 5)), 12000, now=on(10, 5))
    Finding.objects.create(kind="amount", object_id="pi_1", found_at=on(10, 6))
    with pytest.raises(NoteNeeded):
        close(clinic, OCTOBER, manager, on(11, 2), note=" ")
    made = close(clinic, OCTOBER, manager, on(11, 2), note="Stripe is looking into it.")
    assert (made.note, made.closed_by) == ("Stripe is looking into it.", manager)


def totals(movements: Iterable[dict[str, Any]]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for row in movements:
        sums[row["kind"]] = sums.get(row["kind"], 0) + row["sum"]
    return sums


def test_a_month_of_three_visits_takes_the_same_number_of_queries_as_one(
    clinic: Clinic, django_assert_max_num_queries: Any
) -> None:
    split(clinic.anna)
    pay(visit_of(clinic, on(10, 5)), 12000, now=on(10, 5))
    with CaptureQueriesContext(connection) as one:
        books(clinic, OCTOBER)
    for day in (6, 7):
        pay(visit_of(clinic, on(10, day)), 5000, now=on(10, day))
    with django_assert_max_num_queries(len(one)):
        books(clinic, OCTOBER)
    assert len(one) <= 36


class RandomClinic:
    """Three months in which anything may happen at any time, and be found out late."""

    def __init__(self, clinic: Clinic, manager: User, seed: int) -> None:
        self.clinic, self.manager, self.rng = clinic, manager, Random(seed)
        self.visits: list[Appointment] = []
        self.paid: list[Payment] = []
        self.moment = on(9, 2)
        for who, percent, basis in ((clinic.anna, 61.5, "billed"), (clinic.ben, 47, "collected")):
            split(who, percent, basis, on_fees=basis == "billed")
        rate = TaxRate.objects.create(location=clinic.location, name="GST", percent=5, on_fees=True)
        rate.services.add(clinic.needling)

    def live(self, days: range) -> None:
        for step in days:
            self.rng.choice([self.add, self.pay, self.give_back, self.end, self.charge, self.close])(step)
            self.moment += timedelta(hours=self.rng.randint(1, 96))

    def add(self, step: int) -> None:
        start = on(9, 1, 15) + timedelta(days=step)
        service: HealthcareService = self.rng.choice([self.clinic.needling, self.clinic.follow_up])
        who = self.rng.choice([self.clinic.anna, self.clinic.ben])
        status = self.rng.choice(["booked", "fulfilled", "noshow"])
        self.visits.append(visit_of(self.clinic, start, status=status, service=service, practitioner=who))

    def pay(self, _: int) -> None:
        if self.visits:
            self.paid.append(pay(self.rng.choice(self.visits), self.rng.randint(1, 15000), now=self.some_time()))

    def give_back(self, step: int) -> None:
        if self.paid:
            payment = self.rng.choice(self.paid)
            self.write(payment, "refund", self.rng.randint(1, payment.amount), f"back {step}")

    def charge(self, step: int) -> None:
        if self.paid:
            self.write(
                self.rng.choice(self.paid), "fee", 3000, f"fee {step}", method=self.rng.choice(["booked", "noshow"])
            )

    def end(self, _: int) -> None:
        if self.visits:
            visit = self.rng.choice(self.visits)
            visit.status = self.rng.choice(["fulfilled", "noshow", "booked"])
            Appointment.objects.filter(pk=visit.pk).update(status=visit.status)

    def close(self, _: int) -> None:
        month = open_month(self.clinic.location, now=self.moment)
        if next_month(month) <= self.moment.date() - timedelta(days=1):
            close(self.clinic, month, self.manager, self.moment)

    def close_all(self) -> None:
        """Wait until everything that was written is in a closed month."""
        self.moment = on(12, 31) + timedelta(days=365)
        for _ in range(16):
            self.close(0)

    def some_time(self) -> datetime:
        """Mostly now; sometimes a clock was behind."""
        return self.moment - timedelta(days=self.rng.choice([0, 0, 0, 20, 45]))

    def write(self, payment: Payment, kind: str, amount: int, reference: str, method: str = "") -> None:
        write_entry(
            payment=payment, kind=LedgerEntry.Kind(kind), amount=amount, reference=reference, method=method,
            by=self.manager, now=self.some_time(),
        )  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_the_months_add_up_to_the_ledger_and_to_what_is_true(clinic: Clinic, manager: User, seed: int) -> None:
    """Whatever happens and however late it is written: no cent is lost, twice, or moved inside a closed month."""
    life = RandomClinic(clinic, manager, seed)
    life.live(range(70))
    before = kept_figures()
    life.live(range(70, 100))
    life.close_all()
    figures = kept_figures()
    ledger = dict(LedgerEntry.objects.order_by().values_list("kind").annotate(sum=Sum("amount")))
    assert totals(row for month in figures for row in month["movements"]) == ledger
    assert before
    assert kept_figures()[: len(before)] == before
    assert [month["proof"]["difference"] for month in figures] == [0] * len(figures)
    # closing all at once, as if no month had been closed before, says the same in one month
    said = {name: sum(month["earned"][name] for month in figures) for name in figures[0]["earned"]}
    last = MonthClose.objects.latest("month").month
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; TRUNCATE booking_monthline, booking_monthclose")
    assert books(clinic, last)["earned"] == said

"""What payers are asked for: billed, paid in parts or whole, denied; never twice, never backwards."""

import csv
from datetime import timedelta
from io import StringIO
from uuid import uuid4

import pytest
from django.db import IntegrityError, InternalError, ProgrammingError, transaction

from booking.errors import ClaimNotOpen, ClaimNumberMissing, CoverNotUsable, PaymentDiffers, PaymentNotOffered
from booking.models import Claim, Cover, Task
from booking.payments.ledger import balance_of
from booking.payments.models import LedgerEntry, Payment
from booking.payments.services import record_desk_payment, release_payments
from booking.selectors.claims import ageing, claims_on, counts_by_shelf, plain_amount
from booking.services.claims import deny_claims, export_claims, mark_billed, record_payers_payment, record_taken_back
from booking.services.covers import choose_cover
from booking.services.documents import issue_receipt
from booking.services.errands import close_settled_tasks
from booking.services.visits import finish_visit
from config.invariants import broken_promises
from config.promises_of_money import OF_MONEY
from intake.errors import NotAllowed
from intake.models import AuditEvent, Role, User
from tests.factories.booking import NOW, Clinic, at, make_appointment, make_staff
from tests.factories.intake import make_patient
from tests.factories.payers import make_claim, make_cover, make_covered_visit

pytestmark = pytest.mark.django_db
ZONE = "America/Edmonton"


@pytest.fixture
def reception(db: None) -> User:
    return make_staff()


@pytest.fixture
def cover(db: None) -> Cover:
    return make_cover(make_patient(), percent=80)


@pytest.fixture
def claims(clinic: Clinic, cover: Cover, reception: User) -> list[Claim]:
    """Two visits of 9,600 each, done and not billed."""
    return [make_claim(clinic, cover, by=reception, start=at(10, days=-day)) for day in (3, 2)]


def pay(claims: dict[Claim, int], by: User, *, total: int | None = None, key: object = None) -> int:
    return record_payers_payment(
        parts=claims, total=sum(claims.values()) if total is None else total, reference="EFT-77",
        request_key=key or uuid4(), by=by, now=NOW,
    )  # fmt: skip


def broken() -> set[str]:
    """The promises about money, and the guards they rest on, that the rows break."""
    money = {"guards", *(name for name, _promise, _query in OF_MONEY)}
    return {one.name for one in broken_promises(now=NOW)} & money


def now_as(claims: list[Claim]) -> list[tuple[str, int]]:
    return list(
        Claim.objects.filter(pk__in=[one.pk for one in claims])
        .order_by("appointment__start")
        .values_list("state", "paid_amount")
    )


def test_a_visit_that_is_done_waits_to_be_billed(clinic: Clinic, cover: Cover, reception: User) -> None:
    visit = make_covered_visit(
        clinic, cover, by=reception, service=clinic.call, start=at(8, days=0), status="checked-in", price_amount=5000
    )
    finish_visit(appointment=visit, by=reception, now=NOW)
    assert [(one.amount, one.state) for one in Claim.objects.all()] == [(4000, "to-bill")]


def test_a_visit_that_the_patient_pays_is_not_billed(clinic: Clinic, reception: User) -> None:
    visit = make_appointment(
        clinic, start=at(8, days=0), service=clinic.call, patient=make_patient(), status="checked-in"
    )
    finish_visit(appointment=visit, by=reception, now=NOW)
    assert Claim.objects.count() == 0


def test_billed_then_paid_in_full(claims: list[Claim], reception: User) -> None:
    assert mark_billed(claims=claims, by=reception, now=NOW) == 2
    assert mark_billed(claims=claims, by=reception, now=NOW) == 0  # pressed twice
    assert pay(dict.fromkeys(claims, 9600), reception) == 2
    assert now_as(claims) == [("paid", 9600), ("paid", 9600)]
    movements = LedgerEntry.objects.filter(kind="payer").values_list("amount", "recorded_by", "payment__gateway")
    assert list(movements) == [(9600, reception.pk, "payer")] * 2
    assert broken() == set()


def test_a_payers_money_is_neither_the_patients_nor_kept_for_a_fee(claims: list[Claim], reception: User) -> None:
    mark_billed(claims=claims, by=reception, now=NOW)
    pay({claims[0]: 9600}, reception)
    visit = claims[0].appointment
    balance = balance_of(visit)
    assert (balance.owed, balance.paid, balance.due, balance.by_payer) == (2400, 0, 2400, 9600)
    with transaction.atomic():
        assert release_payments(appointment=visit, keep=5000, now=NOW) == 0


def test_paid_in_parts(claims: list[Claim], reception: User) -> None:
    mark_billed(claims=claims, by=reception, now=NOW)
    pay({claims[0]: 9000}, reception)
    assert now_as(claims) == [("part-paid", 9000), ("billed", 0)]
    pay({claims[0]: 600}, reception)
    assert now_as(claims) == [("paid", 9600), ("billed", 0)]


def test_pressed_twice_it_is_one_payment(claims: list[Claim], reception: User) -> None:
    mark_billed(claims=claims, by=reception, now=NOW)
    key = uuid4()
    assert [pay({claims[0]: 4000}, reception, key=key) for _ in range(2)] == [1, 0]
    assert (now_as(claims)[0], Payment.objects.count()) == (("part-paid", 4000), 1)


@pytest.mark.parametrize(("total", "gap"), [(19199, -1), (19201, 1), (10**9, 10**9 - 19200)])
def test_a_sum_that_differs_says_by_how_much(claims: list[Claim], reception: User, total: int, gap: int) -> None:
    mark_billed(claims=claims, by=reception, now=NOW)
    with pytest.raises(PaymentDiffers) as refused:
        pay(dict.fromkeys(claims, 9600), reception, total=total)
    assert refused.value.details == {"difference": gap}
    assert now_as(claims) == [("billed", 0), ("billed", 0)]


@pytest.mark.parametrize("amount", [0, -1, 9601, 10**12])
def test_no_amount_but_what_is_open(claims: list[Claim], reception: User, amount: int) -> None:
    mark_billed(claims=claims, by=reception, now=NOW)
    with pytest.raises(PaymentNotOffered):
        pay({claims[0]: amount}, reception)
    assert (now_as(claims)[0], Payment.objects.count()) == (("billed", 0), 0)


def test_one_payment_is_of_one_payer(clinic: Clinic, claims: list[Claim], reception: User) -> None:
    other = make_claim(clinic, make_cover(make_patient(given_name="Else")), by=reception, start=at(14, days=-3))
    mark_billed(claims=[*claims, other], by=reception, now=NOW)
    with pytest.raises(PaymentNotOffered):
        pay({claims[0]: 9600, other: 12000}, reception)


def test_what_was_never_billed_is_not_paid(claims: list[Claim], reception: User) -> None:
    with pytest.raises(ClaimNotOpen):
        pay({claims[0]: 9600}, reception)
    assert Payment.objects.count() == 0


def test_without_its_number_a_visit_is_not_billed(claims: list[Claim], reception: User) -> None:
    Cover.objects.update(claim_number="")
    with pytest.raises(ClaimNumberMissing):
        mark_billed(claims=claims, by=reception, now=NOW)
    assert now_as(claims) == [("to-bill", 0), ("to-bill", 0)]


def test_denied_it_falls_back_to_the_patient_and_nothing_is_asked_by_itself(
    claims: list[Claim], reception: User
) -> None:
    mark_billed(claims=claims, by=reception, now=NOW)
    pay({claims[0]: 1000}, reception)
    assert deny_claims(claims=claims, reason="limit-reached", by=reception, now=NOW) == 2
    assert deny_claims(claims=claims, reason="limit-reached", by=reception, now=NOW) == 0
    assert now_as(claims) == [("denied", 1000), ("denied", 0)]
    dues = [balance_of(one.appointment).due for one in Claim.objects.order_by("appointment__start")]
    assert dues == [11000, 12000]
    assert list(Payment.objects.values_list("gateway", "amount")) == [("payer", 1000)]  # and no other is asked for
    assert broken() == set()
    events = AuditEvent.objects.filter(action="claim-denied")
    assert {(one.reason, one.agent) for one in events} == {("limit-reached", reception)}


def test_after_a_no_another_payer_can_be_asked(
    clinic: Clinic, claims: list[Claim], cover: Cover, reception: User
) -> None:
    deny_claims(claims=claims[:1], reason="other-payer", by=reception, now=NOW)
    visit = claims[0].appointment
    other = make_cover(cover.patient, approved_visits=1)
    choose_cover(appointment=visit, cover=other, by=reception, now=NOW)
    again = visit.claims.get(state="to-bill")
    assert (again.cover, again.amount) == (other, 12000)
    assert broken() == set()
    with pytest.raises(CoverNotUsable):  # its one visit is this one
        make_covered_visit(clinic, other, by=reception, start=at(15))


def test_what_is_paid_is_not_denied(claims: list[Claim], reception: User) -> None:
    mark_billed(claims=claims, by=reception, now=NOW)
    pay({claims[0]: 9600}, reception)
    with pytest.raises(ClaimNotOpen):
        deny_claims(claims=claims, reason="other", by=reception, now=NOW)
    assert now_as(claims) == [("paid", 9600), ("billed", 0)]


def test_the_database_lets_no_claim_go_back_or_away(claims: list[Claim], reception: User) -> None:
    mark_billed(claims=claims, by=reception, now=NOW)
    mine = Claim.objects.filter(pk=claims[0].pk)
    with pytest.raises((InternalError, ProgrammingError)), transaction.atomic():
        mine.update(state="to-bill", billed_at=None)
    with pytest.raises((InternalError, ProgrammingError)), transaction.atomic():
        mine.delete()
    with pytest.raises(IntegrityError), transaction.atomic():
        mine.update(paid_amount=100)


@pytest.mark.parametrize("role", [Role.OWNER, Role.THERAPIST, Role.PATIENT])
def test_only_the_desk_works_on_bills(claims: list[Claim], role: str) -> None:
    by = make_staff(role)
    for step in (
        lambda: mark_billed(claims=claims, by=by, now=NOW),
        lambda: pay({claims[0]: 9600}, by),
        lambda: deny_claims(claims=claims, reason="other", by=by, now=NOW),
        lambda: export_claims(claims=claims, by=by, now=NOW),
    ):
        with pytest.raises(NotAllowed):
            step()


def test_what_is_open_ages(claims: list[Claim], reception: User) -> None:
    mark_billed(claims=claims[:1], by=reception, now=NOW - timedelta(days=61))
    mark_billed(claims=claims[1:], by=reception, now=NOW - timedelta(days=30))
    pay({claims[0]: 600}, reception)
    rows = ageing(zone=ZONE, now=NOW)
    assert [(row.sums, row.late, row.total) for row in rows] == [((9600, 0, 9000, 0), 9000, 18600)]
    assert counts_by_shelf() == {"to-bill": 0, "open": 2, "denied": 0, "paid": 0}


def test_the_table_holds_what_a_payer_needs_and_no_formula(
    clinic: Clinic, claims: list[Claim], cover: Cover, reception: User
) -> None:
    patient = cover.patient
    patient.family_name = "=HYPERLINK(0)"
    patient.given_name = ""
    patient.save()
    content = export_claims(claims=claims_on("to-bill"), by=reception, now=NOW)
    text = content.decode("utf-8-sig")
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(StringIO(text, newline="")))
    assert [(row["Claim number"], row["Amount"], row["Date"]) for row in rows] == [
        ("WC-1001", "96.00", "2026-11-20"),
        ("WC-1001", "96.00", "2026-11-21"),
    ]
    assert rows[0]["Service"] == "Treatment, 60 minutes"
    assert clinic.needling.name not in text
    assert not [cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "-", "@"))]
    assert AuditEvent.objects.filter(action="claim-exported", agent=reception).count() == 2


def test_amounts_in_tables_are_plain() -> None:
    assert [plain_amount(amount, currency) for amount, currency in ((5, "CAD"), (123456789, "CAD"), (500, "JPY"))] == [
        "0.05",
        "1234567.89",
        "500",
    ]


def test_a_claim_that_says_more_than_the_ledger_is_found(claims: list[Claim], reception: User) -> None:
    mark_billed(claims=claims, by=reception, now=NOW)
    Claim.objects.filter(pk=claims[0].pk).update(state="part-paid", paid_amount=100)
    assert broken() == {"claims-agree"}


def test_what_came_before_a_no_is_not_asked_of_the_next_payer(
    claims: list[Claim], cover: Cover, reception: User
) -> None:
    mark_billed(claims=claims[:1], by=reception, now=NOW)
    pay({claims[0]: 2000}, reception)
    deny_claims(claims=claims[:1], reason="limit-reached", by=reception, now=NOW)
    visit = claims[0].appointment
    choose_cover(appointment=visit, cover=make_cover(cover.patient, percent=50), by=reception, now=NOW)
    again = visit.claims.get(state="to-bill")
    visit.refresh_from_db()
    assert (again.amount, visit.payer_amount, balance_of(visit).due) == (5000, 7000, 5000)
    mark_billed(claims=[again], by=reception, now=NOW)
    assert broken() == set()
    deny_claims(claims=[again], reason="limit-reached", by=reception, now=NOW)
    choose_cover(appointment=visit, cover=None, by=reception, now=NOW)
    visit.refresh_from_db()
    assert (visit.payer_amount, balance_of(visit).due) == (2000, 10000)


def talks() -> list[tuple[str, object]]:
    """The open tasks to talk with a patient about what a payer does not pay."""
    open_ones = Task.objects.filter(kind=Task.Kind.CLAIM_DENIED, status__in=["requested", "in-progress"])
    return list(open_ones.values_list("kind", "appointment"))


def test_after_a_no_somebody_is_asked_to_talk_until_it_is_paid(claims: list[Claim], reception: User) -> None:
    mark_billed(claims=claims[:1], by=reception, now=NOW)
    deny_claims(claims=claims[:1], reason="not-covered", by=reception, now=NOW)
    visit = claims[0].appointment
    assert talks() == [("claim-denied", visit.pk)]
    assert close_settled_tasks(now=NOW) == 0
    visit.refresh_from_db()
    record_desk_payment(appointment=visit, amount=balance_of(visit).due, method="cash", by=reception, now=NOW)
    assert close_settled_tasks(now=NOW) == 1
    assert talks() == []


@pytest.mark.parametrize(("amount", "left"), [(9600, 0), (4000, 5600)])
def test_what_a_payer_takes_back_falls_to_the_patient(
    claims: list[Claim], reception: User, amount: int, left: int
) -> None:
    mark_billed(claims=claims[:1], by=reception, now=NOW)
    pay({claims[0]: 6000}, reception)
    pay({claims[0]: 3600}, reception)
    key = uuid4()
    news = [record_taken_back(claim=claims[0], amount=amount, request_key=key, by=reception, now=NOW) for _ in "ab"]
    claim = Claim.objects.select_related("appointment").get(pk=claims[0].pk)
    entries = LedgerEntry.objects.filter(payment__appointment=claim.appointment, kind="refund")
    assert news == [True, False]
    assert (claim.state, claim.denial, claim.paid_amount, claim.closed_by) == ("denied", "taken-back", left, reception)
    assert (claim.appointment.payer_amount, balance_of(claim.appointment).due) == (left, 12000 - left)
    assert sum(entries.values_list("amount", flat=True)) == amount
    assert set(entries.values_list("method", "recorded_by")) == {("payer", reception.pk)}
    assert (talks(), broken()) == ([("claim-denied", claim.appointment.pk)], set())


def test_no_more_is_taken_back_than_was_paid(claims: list[Claim], reception: User) -> None:
    mark_billed(claims=claims[:1], by=reception, now=NOW)
    pay({claims[0]: 6000}, reception)
    for amount in (0, -1, 6001):
        with pytest.raises(PaymentNotOffered):
            record_taken_back(claim=claims[0], amount=amount, request_key=uuid4(), by=reception, now=NOW)
    assert Claim.objects.get(pk=claims[0].pk).state == "part-paid"


def test_a_payer_takes_back_while_the_next_one_is_asked(clinic: Clinic, cover: Cover, reception: User) -> None:
    claim = make_claim(clinic, cover, by=reception, start=at(10, days=-3))
    mark_billed(claims=[claim], by=reception, now=NOW)
    pay({claim: 5000}, reception)
    deny_claims(claims=[claim], reason="limit-reached", by=reception, now=NOW)
    visit = choose_cover(
        appointment=claim.appointment, cover=make_cover(cover.patient, percent=50), by=reception, now=NOW
    )
    mark_billed(claims=visit.claims.filter(state="to-bill"), by=reception, now=NOW)
    record_taken_back(claim=claim, amount=5000, request_key=uuid4(), by=reception, now=NOW)
    visit.refresh_from_db()
    assert (visit.payer_amount, balance_of(visit).due, broken()) == (3500, 8500, set())


def test_the_receipt_says_so_when_a_payer_takes_back(claims: list[Claim], reception: User) -> None:
    visit = claims[0].appointment
    mark_billed(claims=claims[:1], by=reception, now=NOW)
    pay({claims[0]: 9600}, reception)
    issue_receipt(appointment=visit, by=reception, now=NOW)
    record_taken_back(claim=claims[0], amount=9600, request_key=uuid4(), by=reception, now=NOW)
    assert list(visit.documents.order_by("number").values_list("kind", flat=True)) == ["receipt", "credit-note"]

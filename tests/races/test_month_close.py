"""A month that is closed while money is written: each entry is in its figures or in the next month, never between."""

import multiprocessing
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime
from multiprocessing.synchronize import Event
from typing import Any
from unittest import mock
from uuid import UUID

import pytest
from django.db import transaction
from django.db.models import Sum

from booking.errors import FiguresChanged
from booking.models import Location, MonthClose
from booking.payments.ledger import Kind, write_entry
from booking.payments.models import LedgerEntry, Payment
from booking.selectors.accounts import Account, account_of, net_of
from booking.services.month_close import close_month, mark_of
from intake.models import Role, User
from tests.factories.booking import NOW, make_appointment, make_clinic, make_staff
from tests.factories.intake import make_patient
from tests.factories.receipts import pay
from tests.races.crowd import at_once

pytestmark = pytest.mark.django_db(transaction=True)
OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)
THEN, LATER = datetime(2026, 10, 30, 18, tzinfo=UTC), datetime(2026, 11, 2, 18, tzinfo=UTC)
WRITERS, EACH = 6, 5


def a_payment() -> tuple[UUID, UUID]:
    """Somebody at the desk, and 120.00 that were paid in October."""
    visit = make_appointment(make_clinic(), start=THEN, status="fulfilled", patient=make_patient(now=NOW))
    return make_staff(Role.MANAGER).pk, pay(visit, 12000, now=THEN).pk


def write_slowly(by: UUID, payment: UUID, written: Event, closed: Event, seconds: float) -> None:
    """An entry of October, in a transaction that stays open until the month is closed, or for so many seconds."""
    with transaction.atomic():
        write(by, payment, "slowly")
        written.set()
        closed.wait(timeout=seconds)


def write_some(by: UUID, payment: UUID, name: str) -> None:
    for number in range(EACH):
        with transaction.atomic():
            write(by, payment, f"{name} {number}")


def write(by: UUID, payment: UUID, reference: str, *, at: datetime = THEN) -> None:
    write_entry(
        payment=Payment.objects.get(pk=payment), kind=Kind.REFUND, amount=100, reference=reference, method="cash",
        by=User.objects.get(pk=by), now=at,
    )  # fmt: skip


def close_after(by: UUID, written: Event, closed: Event) -> None:
    written.wait(timeout=10)
    close(by)
    closed.set()


def close_after_unguarded(by: UUID, written: Event, closed: Event) -> None:
    with mock.patch("booking.services.month_close.take_turns"):
        close_after(by, written, closed)


def close_slowly(by: UUID, summing_up: Event, written: Event) -> None:
    """The figures are so many that summing them up is over only when somebody has written meanwhile."""

    def slowly(**asked: Any) -> Account:
        account = account_of(**asked)
        summing_up.set()
        assert written.wait(timeout=10)
        return account

    with mock.patch("booking.services.month_close.account_of", slowly):
        close(by)


def close_slowly_unguarded(by: UUID, summing_up: Event, written: Event) -> None:
    with mock.patch("booking.services.month_close.rows_of_the_books", return_value=(0, 0, 0)):
        close_slowly(by, summing_up, written)


def write_meanwhile(by: UUID, payment: UUID, at: datetime, summing_up: Event, written: Event) -> None:
    assert summing_up.wait(timeout=10)
    with transaction.atomic():
        write(by, payment, "meanwhile", at=at)
    written.set()


def close(by: UUID) -> None:
    """A manager looks at the figures and closes; and looks again if they have changed."""
    for _ in range(20):
        location = Location.objects.get()
        seen: Any = mark_of(account_of(location=location, month=OCTOBER).figures)
        try:
            close_month(
                location=location, month=OCTOBER, seen=seen, note="Closed.", by=User.objects.get(pk=by), now=LATER
            )
            return
        except FiguresChanged:
            continue
    raise AssertionError("the figures never stood still")


def in_the_figures() -> int:
    return net_of(MonthClose.objects.get().figures["movements"])


def in_the_ledger() -> int:
    sums = LedgerEntry.objects.filter(month=OCTOBER).order_by().values_list("kind").annotate(sum=Sum("amount"))
    by_kind = dict(sums)
    return by_kind["desk"] - by_kind.get("refund", 0)


def test_who_closes_waits_for_who_writes() -> None:
    by, payment = a_payment()
    written, closed = (multiprocessing.get_context("fork").Event() for _ in range(2))
    deeds = (write_slowly, (by, payment, written, closed, 0.5)), (close_after, (by, written, closed))
    assert at_once(*deeds) == Counter({"done": 2})
    assert (in_the_figures(), in_the_ledger()) == (11900, 11900)


def test_without_taking_turns_a_closed_month_changes() -> None:
    """The negative control: the entry is of October, and October's figures don't know it."""
    by, payment = a_payment()
    written, closed = (multiprocessing.get_context("fork").Event() for _ in range(2))
    deeds = (write_slowly, (by, payment, written, closed, 30)), (close_after_unguarded, (by, written, closed))
    assert at_once(*deeds) == Counter({"done": 2})
    assert (in_the_figures(), in_the_ledger()) == (12000, 11900)


@pytest.mark.parametrize(
    ("at", "close_it", "said", "written_down"),
    [
        (LATER, close_slowly, 12000, 12000),
        (THEN, close_slowly, 11900, 11900),
        (THEN, close_slowly_unguarded, 12000, 11900),  # the negative control
    ],
    ids=["of the next month", "of this month", "of this month, and nobody looks again"],
)
def test_who_writes_does_not_wait_while_a_month_is_summed_up(
    at: datetime, close_it: Callable[..., None], said: int, written_down: int
) -> None:
    by, payment = a_payment()
    summing_up, written = (multiprocessing.get_context("fork").Event() for _ in range(2))
    deeds = (close_it, (by, summing_up, written)), (write_meanwhile, (by, payment, at, summing_up, written))
    assert at_once(*deeds) == Counter({"done": 2})
    assert (in_the_figures(), in_the_ledger()) == (said, written_down)


def test_two_managers_close_a_month_once() -> None:
    by, _payment = a_payment()
    outcomes = at_once((close, (by,)), (close, (by,)))
    assert outcomes == Counter({"done": 1, "month-not-next": 1})
    assert MonthClose.objects.count() == 1


def test_many_write_while_a_month_is_closed() -> None:
    by, payment = a_payment()
    writers = [(write_some, (by, payment, f"writer {number}")) for number in range(WRITERS)]
    assert at_once((close, (by,)), *writers) == Counter({"done": WRITERS + 1})
    months = Counter(LedgerEntry.objects.filter(kind="refund").values_list("month", flat=True))
    assert sum(months.values()) == WRITERS * EACH
    assert set(months) <= {OCTOBER, NOVEMBER}
    assert in_the_figures() == in_the_ledger()

"""Money that several people give back at the same moment, and a sheet that several sign: it happens once."""

import multiprocessing
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock
from uuid import UUID, uuid4

import pytest

from booking.models import Appointment, Location, TillCount, TillLine
from booking.payments import desk_gateway
from booking.payments.desk_gateway import Part
from booking.payments.ledger import balance_of
from booking.payments.models import LedgerEntry, Payment
from booking.services.desk_money import give_back, take_payment
from booking.services.till import sign_sheet
from intake.models import Role, User
from tests.factories.booking import NOW, at, make_appointment, make_clinic, make_staff
from tests.factories.intake import make_patient
from tests.races.crowd import at_once

pytestmark = pytest.mark.django_db(transaction=True)
PRICE, WORKERS = 12000, 4
BOTH_HAVE_LOOKED = multiprocessing.get_context("fork").Barrier(2)


def paid_visit() -> tuple[UUID, UUID]:
    """A manager, and a visit that was paid in cash."""
    manager = make_staff(Role.MANAGER)
    visit = make_appointment(make_clinic(), start=at(9), patient=make_patient(now=NOW), status="fulfilled")
    take(manager.pk, visit.pk, PRICE)
    return manager.pk, visit.pk


def take(by: UUID, visit: UUID, amount: int) -> None:
    take_payment(
        appointment=Appointment.objects.get(pk=visit), parts=[Part(amount, "cash")], request_key=uuid4(),
        by=User.objects.get(pk=by), now=NOW,
    )  # fmt: skip


def refund(by: UUID, visit: UUID, amount: int) -> None:
    give_back(
        appointment=Appointment.objects.get(pk=visit), amount=amount, method="cash", had=PRICE, reason="goodwill",
        by=User.objects.get(pk=by), now=NOW,
    )  # fmt: skip


@contextmanager
def unguarded() -> Iterator[None]:
    """Nobody locks anything, and each looks at the till before the other has taken something out."""
    looks = desk_gateway._in_the_till

    def looks_with_the_other(payment: Payment) -> int:
        found = looks(payment)
        BOTH_HAVE_LOOKED.wait(timeout=30)
        return found

    def all_of(appointment: Appointment) -> list[Payment]:
        return list(Payment.objects.filter(appointment=appointment))

    with ExitStack() as patches:
        for name, stand_in in (
            ("booking.services.desk_money.lock_appointment", lambda one: one),
            ("booking.payments.services._all_locked", all_of),
            ("booking.payments.desk_gateway._in_the_till", looks_with_the_other),
        ):
            patches.enter_context(mock.patch(name, stand_in))
        yield


def refund_unguarded(*arguments: Any) -> None:
    with unguarded():
        refund(*arguments)


def given_back() -> int:
    return sum(LedgerEntry.objects.filter(kind="refund").values_list("amount", flat=True))


def test_of_many_refunds_at_once_one_is_paid_out() -> None:
    by, visit = paid_visit()
    deeds = [(refund, (by, visit, 7000 + number)) for number in range(8)]
    assert at_once(*deeds, workers=WORKERS) == Counter({"done": 1, "not-possible-now": 7})
    assert 7000 <= given_back() < 7008
    assert balance_of(Appointment.objects.get(pk=visit)).due == 0


def test_without_the_locks_more_is_paid_out_than_was_taken() -> None:
    """The negative control."""
    by, visit = paid_visit()
    deeds = [(refund_unguarded, (by, visit, 7000 + number)) for number in range(2)]
    assert at_once(*deeds) == Counter({"done": 2})
    assert given_back() > PRICE


def sign(by: UUID, location: UUID) -> None:
    sign_sheet(
        location=Location.objects.get(pk=location),
        counted=PRICE,
        banked=0,
        lines=1,
        by=User.objects.get(pk=by),
        now=NOW,
    )


def test_one_sheet_is_signed_a_day_and_what_is_taken_at_that_moment_stands_on_one_sheet_or_the_next() -> None:
    by, visit = paid_visit()
    other = make_appointment(make_clinic(), start=at(11), patient=make_patient(now=NOW), status="fulfilled")
    place = Appointment.objects.get(pk=visit).location_id
    Appointment.objects.filter(pk=other.pk).update(location=place)
    came = at_once(*[(sign, (by, place))] * 4, *[(take, (by, other.pk, 100))] * 4, workers=WORKERS)
    assert came["done"] in (4, 5)  # it may be that nobody could sign, because something came while they counted
    assert came["done"] + came["sheet-signed"] + came["sheet-changed"] == 8
    assert TillCount.objects.count() == came["done"] - 4
    assert TillLine.objects.count() == TillCount.objects.count()

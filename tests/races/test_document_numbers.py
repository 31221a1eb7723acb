"""Numbers of documents: many processes at once, and some that die on the way; none is missing or given twice."""

import os
import signal
from collections import Counter
from typing import Any
from unittest import mock
from uuid import UUID

import pytest
from django.db import connection

from booking.models import Appointment, Document, DocumentSeries, Location
from booking.services.documents import issue_receipt
from intake.models import Role, User
from tests.factories.booking import NOW, at, make_clinic, make_staff
from tests.factories.intake import make_patient
from tests.factories.receipts import paid_visit
from tests.races.crowd import at_once, forget_inherited

pytestmark = pytest.mark.django_db(transaction=True)
VISITS, WORKERS = 16, 4


class TurnedBack(Exception):
    """Something went wrong after the number was taken."""


def paid_visits() -> tuple[UUID, list[UUID]]:
    """Somebody at the desk, and paid visits of one clinic, each with a patient of its own."""
    clinic = make_clinic()
    starts = [at(9 + number % 8, days=-7 * (1 + number // 8)) for number in range(VISITS)]
    visits = [paid_visit(clinic, start=start, patient=make_patient(now=NOW)) for start in starts]
    return make_staff(Role.RECEPTION).pk, [one.pk for one in visits]


def receipt(by: UUID, visit: UUID) -> None:
    issue_receipt(appointment=Appointment.objects.get(pk=visit), by=User.objects.get(pk=by), now=NOW)


def receipt_that_fails(by: UUID, visit: UUID) -> None:
    """The number is taken and the document written; then the transaction ends without having happened."""
    with mock.patch("booking.services.documents.record_event", side_effect=TurnedBack), pytest.raises(TurnedBack):
        receipt(by, visit)


def receipt_that_fails_by_a_sequence(by: UUID, visit: UUID) -> None:
    with mock.patch("booking.services.documents.take_number", _from_a_sequence):
        receipt_that_fails(by, visit)


def receipt_by_a_sequence(by: UUID, visit: UUID) -> None:
    with mock.patch("booking.services.documents.take_number", _from_a_sequence):
        receipt(by, visit)


def _from_a_sequence(location: Location) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('numbers_without_a_lock')")
        return int(cursor.fetchone()[0])


def die(*_asked: Any, **_more: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def numbers() -> list[int]:
    return sorted(Document.objects.values_list("number", flat=True))


def deeds(good: Any, bad: Any) -> list[tuple[Any, tuple[UUID, UUID]]]:
    by, visits = paid_visits()
    return [(bad if place % 4 == 0 else good, (by, visit)) for place, visit in enumerate(visits)]


def test_receipts_at_once_and_some_that_fail_leave_no_gap() -> None:
    assert at_once(*deeds(receipt, receipt_that_fails), workers=WORKERS) == Counter({"done": VISITS})
    written = VISITS - VISITS // 4
    assert numbers() == list(range(1, written + 1))
    assert DocumentSeries.objects.get().next_number == written + 1


def test_with_a_sequence_of_the_database_numbers_are_missing() -> None:
    """The negative control: a sequence doesn't give back what a failed transaction took."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE SEQUENCE numbers_without_a_lock")
    try:
        at_once(*deeds(receipt_by_a_sequence, receipt_that_fails_by_a_sequence), workers=WORKERS)
        assert numbers() != list(range(1, len(numbers()) + 1))
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP SEQUENCE numbers_without_a_lock")


def test_a_process_killed_with_a_number_in_its_hand_gives_it_back() -> None:
    by, (first, second, *_others) = paid_visits()
    connection.close()
    killed = os.fork()
    if killed == 0:
        try:
            forget_inherited()
            with mock.patch("booking.services.documents.record_event", die):
                receipt(by, first)
        finally:
            os._exit(1)  # whatever went wrong: a child that lives on would run all other tests a second time
    assert os.waitstatus_to_exitcode(os.waitpid(killed, 0)[1]) == -signal.SIGKILL
    assert numbers() == []
    receipt(by, second)
    receipt(by, first)
    assert numbers() == [1, 2]


def test_one_visit_pressed_at_once_has_one_receipt() -> None:
    by, (visit, *_others) = paid_visits()
    assert at_once(*[(receipt, (by, visit))] * 8, workers=WORKERS) == Counter({"done": 8})
    assert numbers() == [1]

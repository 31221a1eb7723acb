"""Fees that several people and sweeps see to at the same moment: each is owed once, approved once, and taken once."""

import multiprocessing
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from typing import Any
from unittest import mock
from uuid import UUID, uuid4

from django.db import connection, transaction

from booking.errors import NothingDue
from booking.models import Appointment, FeeCase
from booking.payments import stripe_gateway
from booking.payments.desk_gateway import Part
from booking.payments.ledger import balance_of
from booking.payments.models import LedgerEntry, Payment
from booking.services.cancellations import cancel_appointment, settle_cancellations
from booking.services.checkout import carry_out_wanted, settle
from booking.services.desk_money import take_payment
from booking.services.fee_cases import approve_fee, undo_approval
from booking.services.fee_taking import begin_taking, take_due_fees
from booking.services.visits import mark_noshow
from intake.models import User
from tests.factories.cards import book_with_card, intents_of, keeps_cards, leave_card, manager, missed_visit
from tests.factories.payments import Till, person
from tests.races.crowd import at_once
from tests.races.unguarded import dreaming, unlocked, without

TAKEN = [("succeeded", 8000)]
ONE_CHARGE = ("payment_one_charge_of_a_fee", "payment_one_open_online")
BOTH_HAVE_LOOKED = multiprocessing.get_context("fork").Barrier(2)
A_MOMENT = timedelta(milliseconds=5)


def take(now: datetime) -> None:
    stripe_gateway._connect.cache_clear()  # each process has connections of its own
    take_due_fees(now=now)


def carry_out(now: datetime) -> None:
    stripe_gateway._connect.cache_clear()
    carry_out_wanted(now=now)


def take_unlocked(case: UUID, now: datetime) -> None:
    """Each looks before the other has written, and nobody locks anything."""
    stripe_gateway._connect.cache_clear()
    with nobody_waits("booking.services.fee_taking.kept_card_of"), transaction.atomic():
        payment = begin_taking(FeeCase.objects.get(pk=case), now=now)
    assert payment is not None
    settle(payment=payment, now=now)


def approve(case: UUID, by: UUID, now: datetime) -> None:
    approve_fee(case=FeeCase.objects.get(pk=case), by=User.objects.get(pk=by), now=now)


def undo(case: UUID, by: UUID, now: datetime) -> None:
    undo_approval(case=FeeCase.objects.get(pk=case), by=User.objects.get(pk=by), now=now)


def pay_at_desk(visit: UUID, by: UUID, amount: int, now: datetime) -> None:
    take_payment(
        appointment=Appointment.objects.get(pk=visit), parts=[Part(amount, "cash")], request_key=uuid4(),
        by=User.objects.get(pk=by), now=now,
    )  # fmt: skip


def cancel(visit: UUID, by: UUID | None, now: datetime) -> None:
    cancel_appointment(
        appointment=Appointment.objects.get(pk=visit), by=User.objects.get(pk=by) if by else None,
        reason=Appointment.CancelReason.PATIENT, now=now,
    )  # fmt: skip


def cancel_unlocked(visit: UUID, now: datetime) -> None:
    with nobody_waits("booking.selectors.fees.has_strayed"):
        cancel(visit, None, now)


def miss(visit: UUID, by: UUID, now: datetime) -> None:
    mark_noshow(appointment=Appointment.objects.get(pk=visit), by=User.objects.get(pk=by), now=now)


def miss_unlocked(visit: UUID, by: UUID, now: datetime) -> None:
    """And a fee has no name by which the second could be known."""
    nameless = mock.patch("booking.payments.services.fee_reference", side_effect=lambda _: f"fee {uuid4()}")
    with nobody_waits("booking.services.visits.no_show_fee_of"), nameless:
        miss(visit, by, now)


def follow_up(now: datetime) -> None:
    settle_cancellations(now=now)


@contextmanager
def nobody_waits(looks: str) -> Iterator[None]:
    """The negative control: no locks, and both have looked before either writes."""
    with ExitStack() as stack:
        stack.enter_context(unlocked())
        stack.enter_context(dreaming(looks, lambda: BOTH_HAVE_LOOKED.wait(timeout=30)))
        yield


@contextmanager
def money_gone_afterwards() -> Iterator[None]:
    yield
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE payments_payment CASCADE")


def approved(till: Till) -> FeeCase:
    case = approve_fee(case=missed_visit(till), by=manager(), now=till.now)
    till.wait(hours=24)
    return case


def booked(till: Till, **over: Any) -> Appointment:
    visit = book_with_card(till, **over)
    leave_card(till, visit)
    visit.refresh_from_db()
    return visit


def fees_owed() -> list[int]:
    return list(LedgerEntry.objects.filter(kind="fee").values_list("amount", flat=True))


def state_of(case: FeeCase) -> str:
    return FeeCase.objects.get(pk=case.pk).state


def due_of(case: FeeCase) -> int:
    return balance_of(Appointment.objects.get(pk=case.appointment_id)).due


class TestTaking:
    def test_a_fee_that_is_due_is_taken_once_by_six_processes(self, till: Till) -> None:
        case = approved(till)
        came = at_once(*[(take, (till.now,))] * 4, *[(carry_out, (till.now,))] * 2)
        assert came == Counter({"done": 6})
        till.sweep(2)
        assert (state_of(case), intents_of(till, case), due_of(case)) == ("taken", TAKEN, 0)

    def test_where_nobody_locks_the_database_still_refuses_the_second_charge(self, till: Till) -> None:
        case = approved(till)
        came = at_once(*[(take_unlocked, (case.pk, till.now))] * 2)
        assert came == Counter({"done": 1, "crash: IntegrityError": 1})
        assert intents_of(till, case) == TAKEN

    def test_without_locks_and_constraints_it_is_taken_twice(self, till: Till) -> None:
        """The negative control."""
        case = approved(till)
        with without(Payment, ONE_CHARGE[0]), without(Payment, ONE_CHARGE[1]), money_gone_afterwards():
            at_once(*[(take_unlocked, (case.pk, till.now))] * 2)
            assert intents_of(till, case) == TAKEN * 2

    def test_a_yes_taken_back_in_the_last_moment_is_taken_back_or_too_late(self, till: Till) -> None:
        for _ in range(2):
            case = approved(till)
            came = at_once((undo, (case.pk, manager().pk, till.now - A_MOMENT)), (take, (till.now,)))
            was_undone = came["done"] == 2
            assert came == Counter({"done": 2} if was_undone else {"done": 1, "not-possible-now": 1})
            ended = state_of(case), intents_of(till, case)
            assert ended == (("proposed", []) if was_undone else ("taken", TAKEN))

    def test_paid_at_the_desk_while_the_card_is_asked_is_paid_once(self, till: Till) -> None:
        case = approved(till)
        came = at_once((pay_at_desk, (case.appointment_id, manager().pk, 8000, till.now)), (take, (till.now,)))
        assert set(came) <= {"done", NothingDue.code, "more-than-due"}
        till.sweep(3)
        kept = sum(till.truth(one)["taken"] - till.truth(one)["sent back"] for one in case.payments.all())
        desk = sum(LedgerEntry.objects.filter(kind="desk").values_list("amount", flat=True))
        assert (kept + desk, due_of(case)) == (8000, 0)


class TestOwing:
    def test_a_no_show_pressed_by_six_at_once_is_owed_and_approved_once(self, till: Till) -> None:
        keeps_cards(till)
        visit = booked(till)
        till.set_clock(visit.start + timedelta(minutes=30))
        by = manager().pk
        came = at_once(*[(miss, (visit.pk, by, till.now))] * 6)
        assert came == Counter({"done": 1, "not-possible-now": 5})
        case = FeeCase.objects.get(appointment=visit)
        assert at_once(*[(approve, (case.pk, by, till.now))] * 6) == Counter({"done": 6})
        assert (fees_owed(), due_of(case)) == ([8000], 8000)
        assert visit.communications.filter(kind="fee-coming").count() == 1

    def test_without_locks_and_the_fees_name_it_is_owed_twice(self, till: Till) -> None:
        """The negative control."""
        keeps_cards(till)
        visit = booked(till)
        till.set_clock(visit.start + timedelta(minutes=30))
        at_once(*[(miss_unlocked, (visit.pk, manager().pk, till.now))] * 2)
        assert fees_owed() == [8000, 8000]

    def test_a_visit_cancelled_by_six_at_once_costs_once(self, till: Till) -> None:
        keeps_cards(till)
        visit = booked(till)
        till.set_clock(visit.start - timedelta(hours=2))
        came = at_once(*[(cancel, (visit.pk, by, till.now)) for by in [None, manager().pk] * 3])
        assert came == Counter({"done": 1, "not-possible-now": 5})
        till.wait(minutes=4)
        assert at_once(*[(follow_up, (till.now,))] * 4) == Counter({"done": 4})
        assert fees_owed() == [4000]
        assert FeeCase.objects.count() == 1

    def test_of_two_visits_cancelled_late_at_once_only_one_is_the_first_miss(self, till: Till) -> None:
        assert cancelled_at_once(till, cancel, (None,)) == [4000]

    def test_without_locks_both_are_the_first(self, till: Till) -> None:
        """The negative control."""
        assert cancelled_at_once(till, cancel_unlocked, ()) == []


def cancelled_at_once(till: Till, how: Any, by: tuple[None, ...]) -> list[int]:
    """One person cancels two visits too late, in the same moment; the clinic forgives a first miss. What is owed."""
    keeps_cards(till, forgives_first_miss=True, free_cancel_hours=24 * 14)
    first = booked(till, patient=person())
    second = booked(till, patient=person())
    Appointment.objects.filter(pk=second.pk).update(patient=first.patient)
    came = at_once(*[(how, (visit.pk, *by, till.now)) for visit in (first, second)])
    assert came == Counter({"done": 2})
    till.wait(minutes=4)
    settle_cancellations(now=till.now)
    return fees_owed()

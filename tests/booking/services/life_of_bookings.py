"""What can happen to single bookings, step by step, and what must hold after each step."""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from django.db import transaction
from django.db.models import F
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from booking.models import Appointment, TimeOff
from booking.payments.models import Payment
from booking.reminders.models import Communication
from booking.services.appointments import (
    book_walk_in,
    cancel_appointment,
    confirm_details,
    free_rest_of_noshow,
    reschedule_appointment,
    shorten_visit,
    undo_cancellation,
)
from booking.services.cancellations import settle_cancellations
from booking.services.holds import expire_holds, extend_hold, hold_time, release_hold
from booking.services.schedules import add_time_off
from booking.services.visits import mark_arrived, mark_noshow
from config.invariants import INVARIANTS
from intake.errors import DrypointError
from tests.booking.services.booking_steps import details
from tests.factories.booking import NOW, at, make_clinic, make_staff, make_terms

TIMES: Final = [at(hour, minute) for hour in (9, 10) for minute in (0, 15, 30)]
Status = Appointment.Status
# Nobody sends messages here; the guards can't change from step to step; no answer is written.
UNASKED: Final = {"sent-in-time", "guards", "sealed", "events-handled", "commands-answered"}
PROMISES: Final = [one for one in INVARIANTS if one.name not in UNASKED]


class Bookings(RuleBasedStateMachine):
    """One clinic, two therapists, an hour and a half of times that everybody wants."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.before: Any = transaction.atomic()  # one history is taken back at its end: services may join it
        self.before._from_testcase = True
        self.before.__enter__()
        self.clinic, self.staff = make_clinic(), make_staff()
        self.clinic.call.room_kind, self.clinic.call.price_amount = "treatment", 5000
        self.clinic.call.save()
        make_terms(self.clinic.call, deposit_amount=2000, late_fee_amount=2000, no_show_fee_amount=2000)

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.before.__exit__(None, None, None)

    def one_of(self, chance: int, **such: Any) -> Appointment | None:
        found = list(Appointment.objects.filter(**such).order_by("created_at", "start", "request_key"))
        return found[chance % len(found)] if found else None

    def therapist(self, chance: int) -> Any:
        return (self.clinic.anna, self.clinic.ben)[chance % 2]

    @rule(start=st.sampled_from(TIMES), chance=st.integers(0, 5), person=st.integers(0, 3))
    def hold(self, start: datetime, chance: int, person: int) -> None:
        with suppress(DrypointError):
            hold_time(
                screening=None,
                service=self.clinic.call,
                practitioner=self.therapist(chance) if chance < 4 else None,
                start=start,
                request_key=uuid4(),
                held_by=f"session {person}",
                source="patient",
                address=f"192.0.2.{person}",
                now=self.now,
            )

    @rule(chance=st.integers(0, 9), payment=st.sampled_from(["online", "desk", "none"]))
    def confirm(self, chance: int, payment: Any) -> None:
        if (hold := self.one_of(chance, status=Status.PROPOSED)) is not None:
            with suppress(DrypointError):
                confirm_details(
                    appointment=hold,
                    patient=details(email=f"{uuid4()}@example.com"),
                    payment=payment,
                    policies_accepted=True,
                    now=self.now,
                )

    @rule(chance=st.integers(0, 9), more_time=st.booleans())
    def use_or_leave_the_hold(self, chance: int, more_time: bool) -> None:
        if (hold := self.one_of(chance, status=Status.PROPOSED)) is not None:
            with suppress(DrypointError):
                (extend_hold if more_time else release_hold)(appointment=hold, now=self.now)

    @rule(chance=st.integers(0, 9), by_staff=st.booleans())
    def cancel(self, chance: int, by_staff: bool) -> None:
        if (visit := self.one_of(chance, confirmed_at__isnull=False)) is not None:
            reason = Appointment.CancelReason.CLINIC if by_staff else Appointment.CancelReason.PATIENT
            with suppress(DrypointError):
                cancel_appointment(appointment=visit, by=self.staff if by_staff else None, reason=reason, now=self.now)

    @rule(chance=st.integers(0, 9), by_staff=st.booleans())
    def undo(self, chance: int, by_staff: bool) -> None:
        if (visit := self.one_of(chance, status=Status.CANCELLED, confirmed_at__isnull=False)) is not None:
            with suppress(DrypointError):
                undo_cancellation(appointment=visit, by=self.staff if by_staff else None, now=self.now)

    @rule(chance=st.integers(0, 9), start=st.sampled_from(TIMES), by_staff=st.booleans())
    def move(self, chance: int, start: datetime, by_staff: bool) -> None:
        if (visit := self.one_of(chance, confirmed_at__isnull=False)) is not None:
            with suppress(DrypointError):
                reschedule_appointment(
                    appointment=visit,
                    practitioner=self.therapist(chance),
                    start=start,
                    set_aside="goodwill" if by_staff else "",
                    by=self.staff if by_staff else None,
                    now=self.now,
                )

    @rule(chance=st.integers(0, 9))
    def walk_in(self, chance: int) -> None:
        with suppress(DrypointError):
            book_walk_in(
                service=self.clinic.call,
                practitioner=self.therapist(chance),
                patient=details(email=f"{uuid4()}@example.com"),
                payment="none",
                request_key=uuid4(),
                by=self.staff,
                now=self.now,
            )

    @rule(chance=st.integers(0, 9), came=st.booleans())
    def the_day_itself(self, chance: int, came: bool) -> None:
        if (visit := self.one_of(chance, confirmed_at__isnull=False)) is not None:
            with suppress(DrypointError):
                (mark_arrived if came else mark_noshow)(appointment=visit, by=self.staff, now=self.now)

    @rule(chance=st.integers(0, 9), minutes=st.integers(1, 20))
    def shorten(self, chance: int, minutes: int) -> None:
        if (visit := self.one_of(chance, confirmed_at__isnull=False)) is not None:
            with suppress(DrypointError):
                if visit.status == Status.NOSHOW:
                    free_rest_of_noshow(appointment=visit, by=self.staff, now=self.now)
                else:
                    end = visit.end - timedelta(minutes=minutes)
                    shorten_visit(appointment=visit, end=end, by=self.staff, now=self.now)

    @precondition(lambda self: TimeOff.objects.count() < 2)
    @rule(start=st.sampled_from(TIMES), chance=st.integers(0, 1))
    def go_away(self, start: datetime, chance: int) -> None:
        add_time_off(
            location=self.clinic.location,
            practitioner=self.therapist(chance),
            start=start,
            end=start + timedelta(minutes=20),
            by=self.staff,
            now=self.now,
        )

    @rule()
    def sweep(self) -> None:
        expire_holds(now=self.now)
        settle_cancellations(now=self.now)

    @rule(minutes=st.sampled_from([1, 2, 4, 11, 31, 60 * 24 + 60]))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        self.sweep()  # the sweeps come every few seconds

    @invariant()
    def every_promise_holds(self) -> None:
        broken = {one.name: rows for one in PROMISES if (rows := list(one.find(self.now)))}
        assert broken == {}

    @invariant()
    def a_cancellation_that_can_be_undone_has_changed_no_money_and_no_message(self) -> None:
        waiting = Appointment.objects.filter(cancel_settles_at__isnull=False)
        assert not Communication.objects.filter(appointment__in=waiting, kind="cancellation").exists()
        paid = Payment.objects.filter(appointment__in=waiting, keep_amount__isnull=False)
        assert not paid.exclude(keep_amount=F("amount")).exists()  # all of a deposit is kept as before

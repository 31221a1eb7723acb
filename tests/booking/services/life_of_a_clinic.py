"""What happens around single bookings: money through Stripe, courses, a waitlist, a broken day, rooms."""

from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar
from unittest import mock
from uuid import uuid4

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from booking.models import Appointment, Course, Displacement, Offer, RoomClosure, TimeOff, WaitlistEntry
from booking.payments.models import Payment
from booking.selectors.closures import closure_of, displaced_by
from booking.services.checkout import carry_out_wanted, open_checkout, reconcile, settle, sweep_checkouts
from booking.services.course_changes import cancel_rest, move_course
from booking.services.courses import confirm_course, hold_course
from booking.services.displacements import Choice, cancel_displaced, send_choices, settle_displacements, take_choice
from booking.services.freed_offers import offer_freed_times
from booking.services.offers import accept_offer, decline_offer
from booking.services.rooms import close_room, give_room, swap_rooms
from booking.services.waitlist import Times, join_waitlist, leave_waitlist, wait_for_earlier
from intake.errors import DrypointError
from tests.booking.services.booking_steps import details
from tests.booking.services.life_of_bookings import TIMES, Bookings, Status
from tests.clock import set_ahead
from tests.factories.payments import RETURN
from tests.simulators.stripe import DECLINED_CARD, pay

DAY = timedelta(days=1)
# They refuse to ask Stripe inside a transaction; here the whole history is one, to be taken back.
ASKING = (
    "booking.services.convergence",
    "booking.services.stripe_pages",
    "booking.payments.commands",
)


class ClinicLife(Bookings):
    """All that, on the clock of a simulated Stripe (`clock_file`).

    What may be done next never hangs on who was first in line: ids are new in each run, and histories are told again.
    """

    clock_file: ClassVar[Path]

    def __init__(self) -> None:
        self.patches = ExitStack()
        for module in ASKING:
            outside = SimpleNamespace(in_atomic_block=False)
            self.patches.enter_context(mock.patch(f"{module}.connection", outside))
        super().__init__()
        self.set_clock()
        call = self.clinic.call
        call.course_sessions_max, call.course_min_days, call.course_max_days = 3, 1, 10
        call.save()

    def teardown(self) -> None:
        super().teardown()
        self.patches.close()

    def set_clock(self) -> None:
        set_ahead(self.clock_file, (self.now - datetime.now(UTC)).total_seconds())

    def any_of(self, chance: int, rows: Any) -> Any:
        found = list(rows)
        return found[chance % len(found)] if found else None

    @initialize()
    def a_day_like_others(self) -> None:
        """One visit is paid online, one is to be paid; one of the patients would come earlier, another one waits."""
        for number, (start, payment) in enumerate(((TIMES[0], "online"), (TIMES[5], "desk"))):
            self.hold(start=start, chance=0, person=number)
            self.confirm(chance=0, payment=payment)
        self.pay_online(chance=0, card="good", told=True)
        self.wait(chance=1, swaps=True)
        self.wait(chance=0, swaps=False)

    @rule(start=st.sampled_from(TIMES), chance=st.integers(0, 5), payment=st.sampled_from(["online", "desk"]))
    def book(self, start: datetime, chance: int, payment: str) -> None:
        self.hold(start=start, chance=chance, person=chance)
        self.confirm(chance=chance, payment=payment)

    @rule(chance=st.integers(0, 9), undone=st.booleans())
    def cancel_and_perhaps_undo(self, chance: int, undone: bool) -> None:
        self.cancel(chance=chance, by_staff=False)
        if undone:
            self.undo(chance=chance, by_staff=False)
        else:
            self.time_passes(minutes=4)

    @rule(chance=st.integers(0, 9), card=st.sampled_from(["good", "good", "bad", "leaves"]), told=st.booleans())
    def pay_online(self, chance: int, card: str, told: bool) -> None:
        open_ones = Payment.objects.filter(appointment__status=Status.PENDING, appointment__awaiting="payment")
        if (payment := self.any_of(chance, open_ones.order_by("appointment__request_key"))) is not None:
            with suppress(DrypointError):
                page = open_checkout(payment=payment, **RETURN, now=self.now)
                if card != "leaves":
                    pay(page, **({"card": DECLINED_CARD} if card == "bad" else {}))
                if told:
                    settle(payment=payment, now=self.now)

    @rule(start=st.sampled_from(TIMES), chance=st.integers(0, 9), sessions=st.integers(2, 3), gap=st.integers(1, 3))
    def book_course(self, start: datetime, chance: int, sessions: int, gap: int) -> None:
        with suppress(DrypointError):
            held = hold_course(
                service=self.clinic.call,
                practitioner=self.therapist(chance),
                starts=[start + number * gap * DAY for number in range(sessions)],
                screening=None,
                request_key=uuid4(),
                held_by=f"session {chance}",
                source="patient",
                now=self.now,
            )
            if chance < 8:
                person = details(email=f"{uuid4()}@example.com")
                confirm_course(course=held.course, patient=person, payment="desk", policies_accepted=True, now=self.now)

    @rule(chance=st.integers(0, 9), start=st.sampled_from(TIMES), gap=st.integers(1, 4), ends=st.booleans())
    def change_course(self, chance: int, start: datetime, gap: int, ends: bool) -> None:
        if (course := self.any_of(chance, Course.objects.order_by("created_at", "request_key"))) is not None:
            with suppress(DrypointError):
                if ends:
                    cancel_rest(course=course, by=None, reason=Appointment.CancelReason.PATIENT, now=self.now)
                else:
                    starts = [start + number * gap * DAY for number in range(course.sessions)]
                    move_course(course=course, starts=starts, by=self.staff, now=self.now)

    @rule(chance=st.integers(0, 9), swaps=st.booleans())
    def wait(self, chance: int, swaps: bool) -> None:
        visit = self.one_of(chance, status=Status.BOOKED)
        with suppress(DrypointError):
            if swaps and visit is not None:
                wait_for_earlier(appointment=visit, times=Times(), now=self.now)
            elif not swaps:
                join_waitlist(
                    service=self.clinic.call,
                    location=self.clinic.location,
                    patient=details(email=f"{uuid4()}@example.com"),
                    screening=None,
                    times=Times(),
                    now=self.now,
                )

    @rule(chance=st.integers(0, 9))
    def leave_the_line(self, chance: int) -> None:
        waiting = WaitlistEntry.objects.filter(status="waiting").order_by("created_at", "patient__email")
        if (entry := self.any_of(chance, waiting)) is not None and chance > 5:
            leave_waitlist(entry=entry, now=self.now)

    @rule(chance=st.integers(0, 9), answer=st.sampled_from(["yes", "yes", "no"]))
    def answer(self, chance: int, answer: str) -> None:
        offers = Offer.objects.filter(status="open").order_by("created_at", "hold__start", "hold__request_key")
        if (offer := self.any_of(chance, offers)) is None:
            return
        asked = Displacement.objects.filter(pk=offer.group).first()
        with suppress(DrypointError):
            if asked is not None:
                if answer == "yes":
                    take_choice(displacement=asked, offer=offer, now=self.now)
                else:
                    cancel_displaced(displacement=asked, by=None, now=self.now)
            elif answer == "yes":
                accept_offer(offer=offer, payment="desk", policies_accepted=True, now=self.now)
            else:
                decline_offer(offer=offer, now=self.now)

    @precondition(lambda self: TimeOff.objects.exists())
    @rule(chance=st.integers(0, 9), start=st.sampled_from(TIMES))
    def send_other_times(self, chance: int, start: datetime) -> None:
        closure = closure_of(self.any_of(chance, TimeOff.objects.order_by("start", "practitioner__name")))
        if (visit := self.any_of(chance, displaced_by(closure, now=self.now))) is not None:
            with suppress(DrypointError):
                choices = [Choice(start, self.therapist(chance)), Choice(start + DAY, self.therapist(chance + 1))]
                send_choices(appointment=visit, choices=choices, closure=closure, by=self.staff, now=self.now)

    @precondition(lambda self: RoomClosure.objects.count() < 1)
    @rule(start=st.sampled_from(TIMES), chance=st.integers(0, 1))
    def close_a_room(self, start: datetime, chance: int) -> None:
        until = start + timedelta(minutes=20)
        close_room(room=self.clinic.rooms[chance], start=start, end=until, by=self.staff, now=self.now)

    @rule(chance=st.integers(0, 9), other=st.integers(0, 9))
    def change_rooms(self, chance: int, other: int) -> None:
        first, second = (self.one_of(number, status=Status.BOOKED) for number in (chance, other))
        if first is None or second is None:
            return
        with suppress(DrypointError):
            if first == second:
                give_room(appointment=first, room=self.clinic.rooms[chance % 2], by=self.staff, now=self.now)
            else:
                swap_rooms(first=first, second=second, by=self.staff, now=self.now)

    @rule()
    def sweep(self) -> None:
        self.set_clock()
        super().sweep()
        for sweeping in (sweep_checkouts, reconcile, carry_out_wanted, offer_freed_times, settle_displacements):
            sweeping(now=self.now)

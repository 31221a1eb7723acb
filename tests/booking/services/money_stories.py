"""What people, banks and Stripe do with a deposit. Each story is told step by step, between the steps of others.

Those of fees, packages and links are in `fee_stories`.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from django.db import transaction

from booking.errors import BookingError
from booking.models import Appointment, FeeCase, HealthcareService, KeptCard, Package, PackageOffer
from booking.payments.models import Payment
from booking.payments.services import want_capture, want_refund, want_void
from booking.services.appointments import cancel_appointment
from booking.services.checkout import settle, switch_to_desk
from intake.models import User
from tests.factories.intake import make_screening, review_line
from tests.factories.payments import Till
from tests.simulators.stripe import DECLINED_CARD, GOOD_CARD, SECURE_CARD
from tests.simulators.stripe.store import Body

PATIENT = Appointment.CancelReason.PATIENT


@dataclass(frozen=True, slots=True)
class House:
    """Where all stories happen."""

    till: Till
    chance: Random
    reviewed: HealthcareService  # a therapist looks at each booking
    carded: HealthcareService  # a card is left for it
    offer: PackageOffer
    manager: User


class Life:
    """A visit or a package, its payments, and everybody who has to do with them. What is refused is not done."""

    def __init__(self, house: House, story: str, *, start: datetime) -> None:
        self.told = story
        self.house, self.till, self.chance, self.start = house, house.till, house.chance, start
        self.visit_id: object = None
        self.package_id: object = None
        self.acted_at = self.till.now  # when somebody last did something that needs seeing to

    def book(self, *, review: bool = False) -> None:
        over = {"service": self.house.reviewed} if review else {}
        screening = make_screening(review_line(), now=self.till.now).screening if review else None
        self.visit_id = self.till.book(start=self.start, screening=screening, **over).appointment_id
        self.acts()

    def acts(self) -> None:
        self.acted_at = self.till.now

    @property
    def visit(self) -> Appointment | None:
        return Appointment.objects.filter(pk=self.visit_id).first()

    @property
    def package(self) -> Package | None:
        return Package.objects.filter(pk=self.package_id).first()

    @property
    def payments(self) -> list[Payment]:
        """Those at Stripe, oldest first."""
        mine = {"package": self.package_id} if self.package_id else {"appointment": self.visit_id}
        return list(Payment.objects.filter(**mine, gateway="stripe").order_by("created_at"))

    @property
    def cards(self) -> list[KeptCard]:
        return list(KeptCard.objects.filter(appointment=self.visit_id))

    @property
    def fee(self) -> FeeCase | None:
        return FeeCase.objects.filter(appointment=self.visit_id).first()

    def names(self) -> str:
        return f"{self.told} of {self.package_id or self.visit_id}"

    @property
    def now(self) -> Payment:
        return self.payments[-1]

    def reaches_the_page(self, open_page: Callable[[], object] | None = None) -> Iterator[None]:
        """The patient presses until there is a page; some have two tabs."""
        for _ in range(self.chance.choice((6, 7))):
            yield
            with suppress(BookingError):
                (open_page or (lambda: self.till.open(self.now)))()
                if self.chance.random() < 0.8:
                    return

    def pays(self, card: str = GOOD_CARD) -> None:
        """If the page is there and still open."""
        self.fills_in(self.now.session_id, card)
        if self.chance.random() < 0.4:  # they come back to our page
            self.settles()

    def fills_in(self, session_id: str, card: str) -> None:
        with suppress(ValueError):  # there is no page, or it isn't open any more
            self.till.stripe.post_control("pay", {"session": session_id, "card": card})
            self.acts()

    def settles(self) -> None:
        with suppress(BookingError):
            settle(payment=self.now, now=self.till.now)

    def waits(self, **time: float) -> Iterator[None]:
        until = self.till.now + timedelta(**time)
        while self.till.now < until:
            yield

    def comes_true(self, what: Callable[[], object]) -> Iterator[None]:
        """Until it does: with every event lost the sweeps must find it."""
        for _ in range(60):
            if what():
                return
            yield

    def is_taken(self) -> Iterator[None]:
        yield from self.comes_true(lambda: self.now.state != Payment.State.OPEN)

    def decides(self, do: Callable[[], object]) -> None:
        """Somebody at the clinic does something; it may not be possible."""
        with suppress(BookingError), transaction.atomic():
            do()
            self.acts()

    def cancels(self) -> None:
        visit = self.visit
        assert visit is not None
        with suppress(BookingError):
            cancel_appointment(appointment=visit, by=None, reason=PATIENT, now=self.till.now)
            self.acts()

    def in_the_dashboard(self, what: str, **form: object) -> Body | None:
        with suppress(ValueError):
            done: Body = self.till.stripe.post_control(what, {"payment_intent": self.now.intent_id, **form})
            self.acts()
            return done
        return None


Story = Callable[[Life], Iterator[None]]


def pays(life: Life) -> Iterator[None]:
    life.book()
    yield from life.reaches_the_page()
    yield
    life.pays()


def pays_with_the_second_card(life: Life) -> Iterator[None]:
    life.book()
    yield from life.reaches_the_page()
    life.pays(DECLINED_CARD)
    yield
    life.pays()


def asks_the_bank(life: Life) -> Iterator[None]:
    life.book()
    yield from life.reaches_the_page()
    life.pays(SECURE_CARD)
    yield
    outcome = life.chance.choice(("succeed", "succeed", "decline"))
    with suppress(ValueError):
        life.till.stripe.post_control("approve", {"session": life.now.session_id, "outcome": outcome})
        life.acts()


def leaves_the_page(life: Life) -> Iterator[None]:
    life.book()
    yield from life.reaches_the_page()


def never_opens_it(life: Life) -> Iterator[None]:
    life.book()
    yield


def pays_late(life: Life) -> Iterator[None]:
    life.book()
    yield from life.reaches_the_page()
    yield from life.waits(minutes=life.chance.choice((14, 15, 16, 21)))
    life.pays()


def cancels(life: Life) -> Iterator[None]:
    yield from life.chance.choice((pays, leaves_the_page))(life)
    yield from life.waits(seconds=life.chance.choice((0, 30, 600)))
    life.cancels()


def cancels_while_paying(life: Life) -> Iterator[None]:
    life.book()
    yield from life.reaches_the_page()
    life.cancels()
    life.pays()


def pays_at_the_desk(life: Life) -> Iterator[None]:
    yield from life.chance.choice((pays, leaves_the_page))(life)
    with suppress(BookingError):
        switch_to_desk(appointment=life.visit, now=life.till.now)
        life.acts()


def asks_a_therapist(life: Life) -> Iterator[None]:
    life.book(review=True)
    yield from life.reaches_the_page()
    life.pays()
    yield from life.is_taken()
    if life.chance.random() < 0.3:
        life.in_the_dashboard(life.chance.choice(("capture", "cancel")))
    yield
    want = life.chance.choice((want_capture, want_void))
    life.decides(lambda: want(payment=life.now, now=life.till.now))


def gets_parts_back(life: Life) -> Iterator[None]:
    yield from pays(life)
    yield from life.is_taken()
    for amount in life.chance.sample((100, 700, 1200, 2900), k=2):
        life.decides(lambda amount=amount: want_refund(payment=life.now, amount=amount, now=life.till.now))
        yield


def gets_it_back_twice(life: Life) -> Iterator[None]:
    """By us and in the dashboard, at the same time."""
    yield from pays(life)
    yield from life.is_taken()
    life.decides(lambda: want_void(payment=life.now, now=life.till.now))
    if life.chance.random() < 0.5:
        yield
    life.in_the_dashboard("refund", amount=life.chance.choice((500, 1100, 3000)))


def gets_it_back_from_the_dashboard(life: Life) -> Iterator[None]:
    yield from pays(life)
    yield from life.is_taken()
    yield
    life.in_the_dashboard("refund", amount=life.chance.choice((500, 1100, 3000)))


def the_bank_sends_it_back(life: Life) -> Iterator[None]:
    yield from gets_parts_back(life)
    yield from life.waits(minutes=3)
    for refund in life.till.stripe.store.find("refund", payment_intent=life.now.intent_id or "none"):
        with suppress(ValueError):
            life.till.stripe.post_control("refund/fail", {"refund": refund["id"]})
            life.acts()


def disputes(life: Life) -> Iterator[None]:
    yield from life.chance.choice((pays, gets_parts_back))(life)
    yield from life.is_taken()
    opened = life.in_the_dashboard("dispute")
    yield from life.waits(minutes=life.chance.choice((0, 2, 12)))
    if life.chance.random() < 0.3:
        life.decides(lambda: want_void(payment=life.now, now=life.till.now))
        yield
    if opened:
        how = life.chance.choice(("won", "lost"))
        life.till.stripe.post_control("dispute/close", {"dispute": opened["id"], "status": how})
        life.acts()


DEPOSITS: dict[Story, int] = {
    pays: 20,
    pays_with_the_second_card: 6,
    asks_the_bank: 6,
    leaves_the_page: 5,
    never_opens_it: 3,
    pays_late: 5,
    cancels: 10,
    cancels_while_paying: 6,
    pays_at_the_desk: 6,
    asks_a_therapist: 10,
    gets_parts_back: 8,
    gets_it_back_twice: 5,
    gets_it_back_from_the_dashboard: 5,
    the_bank_sends_it_back: 5,
    disputes: 8,
}

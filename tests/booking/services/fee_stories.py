"""What happens with fees on kept cards, with packages bought online, and with links by which a visit is paid."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from uuid import uuid4

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from booking.errors import BookingError
from booking.models import Appointment, FeeCase, PayLink
from booking.payments.desk_gateway import Part
from booking.payments.ledger import balance_of
from booking.rules.walltime import wall_text
from booking.selectors.packages import Standing
from booking.services.card_settlement import card_page_for, settle_card
from booking.services.cards import remove_card
from booking.services.desk_money import take_payment
from booking.services.fee_cases import approve_fee, undo_approval, waive_fee
from booking.services.package_refunds import refund_package
from booking.services.packages import buy_package, checkout_for_package
from booking.services.pay_links import send_pay_link
from booking.services.paying_by_link import page_to_pay
from booking.services.visits import mark_noshow
from intake.models import Role
from tests.booking.services.money_stories import Life, Story
from tests.factories.booking import make_appointment
from tests.factories.cards import book_with_card
from tests.factories.intake import make_care_relation, make_patient, make_user
from tests.simulators.stripe import DECLINED_CARD, GOOD_CARD, SECURE_CARD

TURNS = ("insufficient_funds", "lost_card", "expired_card", "processing_error", "authentication_required")
A_YEAR = timedelta(days=364)


def _tries(life: Life, do: Callable[[], object]) -> None:
    with suppress(BookingError):
        do()
        life.acts()


def leaves_a_card(life: Life, number: str = GOOD_CARD) -> Iterator[None]:
    visit = book_with_card(life.till, service=life.house.carded, start=life.start)
    life.visit_id = visit.pk
    life.acts()
    yield from life.reaches_the_page(lambda: card_page_for(appointment=visit, now=life.till.now))
    yield
    life.fills_in(life.cards[0].session_id, number)
    if life.chance.random() < 0.4:  # they come back to our page
        with suppress(BookingError):
            settle_card(card=life.cards[0], now=life.till.now)


def leaves_it_late(life: Life) -> Iterator[None]:
    visit = book_with_card(life.till, service=life.house.carded, start=life.start)
    life.visit_id = visit.pk
    yield from life.reaches_the_page(lambda: card_page_for(appointment=visit, now=life.till.now))
    yield from life.waits(minutes=life.chance.choice((14, 15, 16, 21)))
    life.fills_in(life.cards[0].session_id, GOOD_CARD)


def asks_the_bank_for_a_card(life: Life) -> Iterator[None]:
    yield from leaves_a_card(life, life.chance.choice((SECURE_CARD, DECLINED_CARD)))
    outcome = life.chance.choice(("succeed", "decline"))
    with suppress(ValueError):
        life.till.stripe.post_control("approve", {"session": life.cards[0].session_id, "outcome": outcome})
        life.acts()


def owes_a_fee(life: Life) -> Iterator[None]:
    """Cancelled too late; the fee is there when that can't be undone any more."""
    yield from leaves_a_card(life)
    yield from life.comes_true(lambda: life.cards[0].state == "kept")
    life.cancels()
    yield from life.waits(minutes=3)
    yield from life.comes_true(lambda: life.fee)


def does_not_come(life: Life) -> Iterator[None]:
    """A card was left, and nobody came; two at the desk press it."""
    yield from leaves_a_card(life)
    yield from life.comes_true(lambda: life.cards[0].state == "kept")
    _its_day_is_over(life)
    for _ in range(life.chance.choice((1, 2))):
        if visit := life.visit:
            _tries(life, lambda visit=visit: mark_noshow(appointment=visit, by=life.house.manager, now=life.till.now))
        yield


def is_approved(life: Life) -> Iterator[None]:
    """A manager says yes, some press twice."""
    yield from life.chance.choice((owes_a_fee, does_not_come))(life)
    for _ in range(life.chance.choice((1, 2))):
        if fee := life.fee:
            _tries(life, lambda fee=fee: approve_fee(case=fee, by=life.house.manager, now=life.till.now))


def _its_day_is_over(life: Life) -> None:
    """For this visit alone, as with `_a_day_passes`."""
    visit = life.visit
    assert visit is not None
    start, end = visit.start - A_YEAR, visit.end - A_YEAR
    held = DateTimeTZRange(visit.occupied.lower - A_YEAR, visit.occupied.upper - A_YEAR)
    wall_start = wall_text(start, visit.time_zone)
    Appointment.objects.filter(pk=visit.pk).update(start=start, end=end, occupied=held, wall_start=wall_start)


def _a_day_passes(life: Life) -> None:
    """For this fee alone: the others' time goes on as slowly as it does."""
    if FeeCase.objects.filter(appointment=life.visit_id, state="approved").update(take_at=life.till.now):
        life.acts()


def pays_a_fee(life: Life) -> Iterator[None]:
    yield from is_approved(life)
    yield
    _a_day_passes(life)
    yield from life.comes_true(lambda: life.fee and life.fee.state not in ("approved", "taking"))


def cant_pay_a_fee(life: Life) -> Iterator[None]:
    """The bank says no while nobody is there; some pay by the link then."""
    yield from is_approved(life)
    turned = {"payment_method": life.cards[0].method_id, "into": life.chance.choice(TURNS)}
    with suppress(ValueError):
        life.till.stripe.post_control("card", turned)
    _a_day_passes(life)
    yield from life.comes_true(lambda: life.fee and life.fee.state == "declined")
    if life.chance.random() < 0.7:
        yield from _pays_by_the_link(life)


def thinks_again(life: Life) -> Iterator[None]:
    """The yes is taken back, perhaps in the moment in which the day is over, and perhaps given once more."""
    yield from is_approved(life)
    if life.chance.random() < 0.4:
        _a_day_passes(life)
    for do in (undo_approval, approve_fee)[: life.chance.choice((1, 2))]:
        if fee := life.fee:
            _tries(life, lambda fee=fee, do=do: do(case=fee, by=life.house.manager, now=life.till.now))
        yield
    if life.chance.random() < 0.6:
        _a_day_passes(life)


def pays_the_fee_at_the_desk(life: Life) -> Iterator[None]:
    yield from is_approved(life)
    _a_day_passes(life)
    for _ in range(life.chance.choice((0, 1, 3))):
        yield
    _pays_at_the_desk(life, life.chance.choice((1000, 4000)))


def is_forgiven(life: Life) -> Iterator[None]:
    """Before the card is asked, while it is, or after."""
    yield from life.chance.choice((is_approved, pays_a_fee))(life)
    if life.chance.random() < 0.5:
        _a_day_passes(life)
        yield
    if fee := life.fee:
        _tries(life, lambda: waive_fee(case=fee, reason="courtesy", by=life.house.manager, now=life.till.now))


def takes_the_card_back(life: Life) -> Iterator[None]:
    """Before it is asked for, or while it is."""
    yield from is_approved(life)
    if life.chance.random() < 0.5:
        _a_day_passes(life)
        yield
    visit = life.visit
    assert visit is not None
    assert visit.patient is not None
    _tries(life, lambda: remove_card(patient=visit.patient, by=None, now=life.till.now))
    yield
    _a_day_passes(life)


def gets_a_fee_back_elsewhere(life: Life) -> Iterator[None]:
    """From the dashboard, or by a dispute."""
    yield from pays_a_fee(life)
    if life.payments:
        life.in_the_dashboard(life.chance.choice(("refund", "dispute")))


def orders_a_package(life: Life) -> Iterator[None]:
    patient = make_patient(now=life.till.now, user=make_user(Role.PATIENT))
    package = buy_package(
        offer=life.house.offer, patient=patient, price=life.house.offer.price_amount, request_key=uuid4(),
        by=patient.user, now=life.till.now,
    )  # fmt: skip
    life.package_id = package.pk
    life.acts()
    yield from life.reaches_the_page(lambda: checkout_for_package(package=package, now=life.till.now))
    yield from life.waits(minutes=life.chance.choice((0, 0, 0, 14, 16)))


def buys_a_package(life: Life) -> Iterator[None]:
    yield from orders_a_package(life)
    life.pays(life.chance.choice((GOOD_CARD, GOOD_CARD, DECLINED_CARD)))


def gives_a_package_back(life: Life) -> Iterator[None]:
    """At the desk, and perhaps in the dashboard at once."""
    yield from buys_a_package(life)
    yield from life.is_taken()
    package = life.package
    assert package is not None
    left = Standing.of(package, now=life.till.now).to_give_back
    _tries(life, lambda: refund_package(package=package, amount=left, by=life.house.manager, now=life.till.now))
    if life.chance.random() < 0.3:
        life.in_the_dashboard("refund", amount=5000)


def is_sent_a_link(life: Life) -> Iterator[None]:
    """A visit that took place is paid by a link."""
    patient, service = make_patient(now=life.till.now), life.house.carded
    visit = make_appointment(
        life.till.clinic, start=life.start - A_YEAR, patient=patient, service=service, status="fulfilled"
    )
    make_care_relation(visit.practitioner.user, patient, now=life.till.now)
    life.visit_id = visit.pk
    send_pay_link(appointment=visit, by=life.house.manager, now=life.till.now)
    life.acts()
    yield from _pays_by_the_link(life)


def pays_at_the_desk_beside_the_link(life: Life) -> Iterator[None]:
    """In part or in whole, while the page stands open; then on the page, too."""
    yield from is_sent_a_link(life)
    _pays_at_the_desk(life, life.chance.choice((5000, 12000)))
    if life.payments:
        life.pays()


def _pays_by_the_link(life: Life) -> Iterator[None]:
    link = PayLink.objects.filter(appointment=life.visit_id, ended_at=None).select_related("appointment").first()
    if link is None:
        return
    yield from life.reaches_the_page(lambda: page_to_pay(link=link, now=life.till.now))
    if life.payments and life.chance.random() < 0.8:
        life.pays(life.chance.choice((GOOD_CARD, GOOD_CARD, DECLINED_CARD)))


def _pays_at_the_desk(life: Life, most: int) -> None:
    visit = life.visit
    assert visit is not None
    parts = [Part(min(most, balance_of(visit).due), "cash")]
    _tries(
        life,
        lambda: take_payment(
            appointment=visit, parts=parts, request_key=uuid4(), by=life.house.manager, now=life.till.now
        ),
    )


FEES: dict[Story, int] = {
    leaves_a_card: 4,
    leaves_it_late: 4,
    asks_the_bank_for_a_card: 4,
    does_not_come: 6,
    pays_a_fee: 12,
    cant_pay_a_fee: 10,
    thinks_again: 6,
    pays_the_fee_at_the_desk: 8,
    is_forgiven: 8,
    takes_the_card_back: 6,
    gets_a_fee_back_elsewhere: 6,
}
PACKAGES_AND_LINKS: dict[Story, int] = {
    orders_a_package: 3,
    buys_a_package: 12,
    gives_a_package_back: 8,
    is_sent_a_link: 10,
    pays_at_the_desk_beside_the_link: 8,
}

"""Taking and giving back at the desk: in several ways at once, never more than is due, never without a name."""

from uuid import UUID, uuid4

import pytest

from booking.errors import (
    MoreThanDue,
    NotPossibleNow,
    PaymentNotOffered,
    ReasonNeeded,
    RefundAboveLimit,
    RefundTooLarge,
)
from booking.models import Appointment
from booking.payments.desk_gateway import Part
from booking.payments.ledger import Balance, balance_of
from booking.payments.models import LedgerEntry, Payment
from booking.services.desk_money import give_back, take_payment
from intake.errors import NotAllowed
from intake.models import AuditEvent, User
from tests.factories.booking import NOW, Clinic, at, make_appointment, make_staff
from tests.factories.intake import make_patient

pytestmark = pytest.mark.django_db


@pytest.fixture
def visit(clinic: Clinic) -> Appointment:
    """A visit of 120.00 that is over."""
    return make_appointment(clinic, start=at(10), patient=make_patient(), status="fulfilled")


def take(visit: Appointment, by: User, *parts: tuple[int, str], key: UUID | None = None) -> Balance:
    said = [Part(amount, method) for amount, method in parts]
    return take_payment(appointment=visit, parts=said, request_key=key or uuid4(), by=by, now=NOW)


def back(visit: Appointment, by: User, amount: int, *, had: int, method: str = "cash", reason: str = "") -> Balance:
    return give_back(appointment=visit, amount=amount, method=method, had=had, reason=reason, by=by, now=NOW)


def entries(*kinds: str) -> list[tuple[str, int, str]]:
    rows = LedgerEntry.objects.filter(kind__in=kinds).order_by("id")
    return list(rows.values_list("kind", "amount", "method"))


def test_one_visit_is_paid_in_four_ways_at_once(visit: Appointment, desk: User) -> None:
    parts = [(5000, "terminal"), (3000, "cash"), (2500, "gift-card"), (1500, "e-transfer")]
    key = uuid4()
    for _twice in range(2):
        assert (take(visit, desk, *parts, key=key).paid, balance_of(visit).due) == (12000, 0)
    assert entries("desk") == [("desk", amount, method) for amount, method in parts]
    assert set(LedgerEntry.objects.filter(kind="desk").values_list("recorded_by", flat=True)) == {desk.pk}
    assert AuditEvent.objects.filter(action="paid-at-desk").count() == 4


def test_a_visit_is_paid_in_parts_on_two_days(visit: Appointment, desk: User) -> None:
    assert take(visit, desk, (4000, "cash")).due == 8000
    assert take(visit, desk, (8000, "terminal")).due == 0


def test_no_tip_is_taken_and_nothing_of_a_form_that_is_too_much(visit: Appointment, desk: User) -> None:
    for parts in ([(12001, "cash")], [(12000, "cash"), (1, "terminal")]):
        with pytest.raises(MoreThanDue) as refused:
            take(visit, desk, *parts)
        assert refused.value.details == {"due": 12000}
    take(visit, desk, (12000, "cash"))
    with pytest.raises(MoreThanDue) as refused:
        take(visit, desk, (1, "cash"))
    assert refused.value.details == {"due": 0}
    assert entries("desk") == [("desk", 12000, "cash")]


@pytest.mark.parametrize("parts", [[], [(0, "cash")], [(-5, "cash")], [(500, "beans")], [(500, "cash"), (0, "cash")]])
def test_what_is_no_payment_changes_nothing(visit: Appointment, desk: User, parts: list[tuple[int, str]]) -> None:
    with pytest.raises(PaymentNotOffered):
        take(visit, desk, *parts)
    assert not Payment.objects.exists()


def test_a_deposit_that_is_being_paid_online_is_not_taken_at_the_desk_too(clinic: Clinic, desk: User) -> None:
    waiting = make_appointment(
        clinic, start=at(11), patient=make_patient(), status="pending", awaiting="payment", hold_expires_at=None
    )
    with pytest.raises(NotPossibleNow):
        take(waiting, desk, (3000, "cash"))


def test_what_is_asked_online_ends_when_it_is_paid_at_the_desk(visit: Appointment, desk: User) -> None:
    asked = Payment.objects.create(
        appointment=visit, payer=visit.patient, purpose="balance", gateway="stripe", amount=12000, currency="CAD",
        created_at=NOW, session_id="cs_open",
    )  # fmt: skip
    take(visit, desk, (4000, "cash"))
    asked.refresh_from_db()
    assert (asked.state, asked.keep_amount) == ("open", 0)  # the sweep ends its page at Stripe


def test_what_is_given_back_comes_off_the_price_and_needs_a_word_why(visit: Appointment, desk: User) -> None:
    take(visit, desk, (12000, "cash"))
    with pytest.raises(ReasonNeeded):
        back(visit, desk, 3000, had=12000)
    after = back(visit, desk, 3000, had=12000, reason="goodwill")
    assert (after.owed, after.paid, after.refunded, after.due) == (9000, 12000, 3000, 0)
    assert AuditEvent.objects.filter(action="price-lowered", reason="goodwill").count() == 1


def test_what_was_typed_in_by_mistake_is_taken_out_and_the_price_stays(visit: Appointment, desk: User) -> None:
    take(visit, desk, (1050, "cash"))
    after = back(visit, desk, 1050, had=1050, reason="typed-wrong")
    assert (after.owed, after.due) == (12000, 12000)
    assert take(visit, desk, (12000, "cash")).due == 0


def test_what_is_owed_to_the_patient_needs_no_reason(visit: Appointment, desk: User) -> None:
    take(visit, desk, (8000, "cash"))
    visit.status, visit.cancel_reason, visit.cancelled_at = "cancelled", "clinic", NOW
    visit.save()
    after = back(visit, desk, 8000, had=8000, method="e-transfer")
    visit.refresh_from_db()
    assert (after.due, visit.price_amount) == (0, 12000)


def test_a_fee_is_waived_and_not_given_back(visit: Appointment, desk: User) -> None:
    take(visit, desk, (12000, "cash"))
    visit.status = "noshow"
    visit.save()
    LedgerEntry.objects.create(
        payment=Payment.objects.get(), kind="fee", amount=12000, currency="CAD", recorded_at=NOW, method="noshow",
        reference="fee noshow v0",
    )  # fmt: skip
    with pytest.raises(ReasonNeeded):
        back(visit, desk, 100, had=12000, reason="goodwill")


def test_reception_gives_back_up_to_the_clinics_limit_and_a_manager_above_it(visit: Appointment, desk: User) -> None:
    visit.location.refund_limit_amount = 5000
    visit.location.save()
    take(visit, desk, (12000, "terminal"))
    back(visit, desk, 3000, had=12000, method="terminal", reason="goodwill")
    with pytest.raises(RefundAboveLimit) as refused:  # in all for one visit: not in slices either
        back(visit, desk, 2001, had=9000, method="terminal", reason="goodwill")
    assert refused.value.details == {"limit": 5000}
    back(visit, make_staff("manager"), 9000, had=9000, method="terminal", reason="goodwill")
    assert sum(amount for _kind, amount, _method in entries("refund")) == 12000


def test_a_second_tap_gives_nothing_back(visit: Appointment, desk: User) -> None:
    take(visit, desk, (12000, "cash"))
    back(visit, desk, 2000, had=12000, reason="goodwill")
    with pytest.raises(NotPossibleNow):
        back(visit, desk, 2000, had=12000, reason="goodwill")
    assert entries("refund") == [("refund", 2000, "cash")]


@pytest.mark.parametrize(
    ("amount", "error"), [(12001, RefundTooLarge), (0, PaymentNotOffered), (-1, PaymentNotOffered)]
)
def test_more_than_was_paid_or_nothing_is_not_given_back(
    visit: Appointment, desk: User, amount: int, error: type[Exception]
) -> None:
    take(visit, desk, (12000, "cash"))
    with pytest.raises(error):
        back(visit, make_staff("manager"), amount, had=12000, reason="goodwill")
    assert balance_of(visit).refunded == 0


def test_who_works_elsewhere_gives_nothing_back(visit: Appointment, clinic: Clinic, desk: User) -> None:
    take(visit, desk, (12000, "cash"))
    for somebody in (clinic.anna.user, make_staff("patient"), make_staff("owner")):
        assert somebody is not None
        with pytest.raises(NotAllowed):
            back(visit, somebody, 100, had=12000, reason="goodwill")

"""A link in a mail by which what is due is paid: sent, sent again, opened, paid once, ended."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import transaction
from pytest_django import Settings

from booking.errors import NothingDue, NotPossibleNow, PaymentNotOffered, PrepaymentForbidden, StripeUnavailable
from booking.models import Appointment, PayLink
from booking.payments.desk_gateway import Part
from booking.payments.ledger import balance_of
from booking.payments.models import Payment
from booking.payments.services import charge_fee
from booking.reminders.delivery import still_due
from booking.reminders.letters import letter_of
from booking.reminders.models import Communication
from booking.selectors.pay_links import link_by_token, may_be_sent, token_of
from booking.services.desk_money import take_payment
from booking.services.pay_links import end_pay_link, send_pay_link
from booking.services.paying_by_link import asked_by, look_after, page_to_pay
from tests.booking.reminders.contacts import PHONE, says_yes_to_texts
from tests.factories.booking import Clinic, at, make_appointment, make_staff
from tests.factories.intake import make_patient
from tests.factories.payments import Till, ledger_sums
from tests.simulators.stripe import DECLINED_CARD, pay


def visit_of(till: Till, **over: object) -> Appointment:
    """A visit of 120.00 that took place."""
    fields = {"start": at(9, days=-3), "status": "fulfilled"} | over
    return make_appointment(till.clinic, patient=make_patient(email="ada@example.com"), **fields)


def reread(link: PayLink) -> PayLink:
    return PayLink.objects.select_related("appointment").get(pk=link.pk)


def standing(till: Till, link: PayLink) -> tuple[str, int]:
    asked = asked_by(reread(link), now=till.now)
    return asked.standing, asked.due


def test_the_link_is_mailed_and_what_is_due_is_paid_by_it(till: Till) -> None:
    visit, desk = visit_of(till), make_staff()
    link = send_pay_link(appointment=visit, by=desk, now=till.now)
    [row] = Communication.objects.filter(kind="pay-link")
    assert still_due(row, now=till.now).action == "send"  # although the visit is over
    text = letter_of(row, now=till.now).text
    token = token_of(link)
    assert f"/pay/{token}/\n" in text
    assert "120" not in text
    assert link_by_token(token) == link

    page = page_to_pay(link=reread(link), now=till.now)
    assert page_to_pay(link=reread(link), now=till.now) == page  # the second tab
    pay(page)
    payment = look_after(link=reread(link), now=till.now)
    assert payment is not None
    assert (payment.state, payment.purpose, payment.amount) == ("captured", "balance", 12000)
    assert (balance_of(visit).due, standing(till, link)) == (0, ("paid", 0))
    with pytest.raises(NothingDue):
        page_to_pay(link=reread(link), now=till.now)
    with pytest.raises(NothingDue):
        send_pay_link(appointment=visit, by=desk, now=till.now)
    assert till.truth(payment) == {"held": 0, "taken": 12000, "sent back": 0}


def test_a_fee_is_paid_by_a_link_too_although_the_visit_was_cancelled(till: Till) -> None:
    visit = visit_of(till, status="cancelled", cancel_reason="patient", cancelled_at=at(8, days=-3))
    with transaction.atomic():
        charge_fee(appointment=visit, amount=3000, now=till.now)
    link = send_pay_link(appointment=visit, by=make_staff(), now=till.now)
    [row] = Communication.objects.filter(kind="pay-link")
    assert still_due(row, now=till.now).action == "send"
    pay(page_to_pay(link=reread(link), now=till.now))
    payment = look_after(link=reread(link), now=till.now)
    assert payment is not None
    assert (payment.state, payment.purpose, balance_of(visit).due) == ("captured", "fee", 0)


def test_sent_again_it_is_the_same_link_and_lasts_longer(till: Till) -> None:
    visit, desk = visit_of(till), make_staff()
    first = send_pay_link(appointment=visit, by=desk, now=till.now)
    till.wait(days=31)
    assert standing(till, first) == ("over", 12000)
    with pytest.raises(NotPossibleNow):
        page_to_pay(link=reread(first), now=till.now)
    again = send_pay_link(appointment=visit, by=desk, now=till.now)
    assert (again.pk, standing(till, first)) == (first.pk, ("open", 12000))
    assert Communication.objects.filter(kind="pay-link").count() == 2


def test_an_ended_link_asks_for_nothing_and_its_page_at_stripe_is_closed(till: Till) -> None:
    visit, desk = visit_of(till), make_staff()
    link = send_pay_link(appointment=visit, by=desk, now=till.now)
    page_to_pay(link=reread(link), now=till.now)
    for _twice in range(2):
        end_pay_link(appointment=visit, by=desk, now=till.now)
    till.sweep(1)
    assert (Payment.objects.get().state, standing(till, link)) == ("lapsed", ("over", 12000))
    with pytest.raises(NotPossibleNow):
        page_to_pay(link=reread(link), now=till.now)
    assert send_pay_link(appointment=visit, by=desk, now=till.now) != link


def test_a_part_paid_at_the_desk_meanwhile_leaves_the_rest_to_the_link(till: Till) -> None:
    visit, desk = visit_of(till), make_staff()
    link = send_pay_link(appointment=visit, by=desk, now=till.now)
    old = page_to_pay(link=reread(link), now=till.now)
    take_payment(appointment=visit, parts=[Part(5000, "cash")], request_key=uuid4(), by=desk, now=till.now)
    new = page_to_pay(link=reread(link), now=till.now)
    assert new != old
    pay(new)
    payment = look_after(link=reread(link), now=till.now)
    assert payment is not None
    assert (payment.amount, balance_of(visit).due) == (7000, 0)


def test_what_is_paid_online_while_the_desk_takes_it_is_given_back(till: Till) -> None:
    visit, desk = visit_of(till), make_staff()
    link = send_pay_link(appointment=visit, by=desk, now=till.now)
    pay(page_to_pay(link=reread(link), now=till.now))  # Stripe knows, we don't yet
    take_payment(appointment=visit, parts=[Part(12000, "cash")], request_key=uuid4(), by=desk, now=till.now)
    till.sweep(2)
    payment = Payment.objects.get(gateway="stripe")
    assert till.truth(payment)["taken"] == till.truth(payment)["sent back"]
    assert (till.truth(payment)["held"], balance_of(visit).due) == (0, 0)


@pytest.mark.parametrize(("answer", "taken"), [("drop_before", 0), ("drop_after", 3000)])
def test_a_fee_of_which_we_know_only_that_it_is_authorised_is_let_go_when_the_desk_takes_it(
    till: Till, answer: str, taken: int
) -> None:
    visit, desk = visit_of(till, status="noshow"), make_staff()
    with transaction.atomic():
        charge_fee(appointment=visit, amount=3000, now=till.now)
    link = send_pay_link(appointment=visit, by=desk, now=till.now)
    pay(page_to_pay(link=reread(link), now=till.now))
    till.fault(answer, "/v1/payment_intents/*/capture")
    with pytest.raises(StripeUnavailable):
        look_after(link=reread(link), now=till.now)
    payment = Payment.objects.get(gateway="stripe")
    assert (payment.state, balance_of(visit).due) == ("authorised", 3000)
    take_payment(appointment=visit, parts=[Part(3000, "cash")], request_key=uuid4(), by=desk, now=till.now)
    till.sweep(3)
    assert till.truth(payment) == ledger_sums(payment) == {"held": 0, "taken": taken, "sent back": taken}
    assert balance_of(visit).due == 0


def test_a_page_that_has_grown_old_makes_way_for_a_new_one(till: Till) -> None:
    visit = visit_of(till)
    link = send_pay_link(appointment=visit, by=make_staff(), now=till.now)
    old = page_to_pay(link=reread(link), now=till.now)
    till.wait(minutes=16)
    assert page_to_pay(link=reread(link), now=till.now) != old
    assert sorted(Payment.objects.values_list("state", flat=True)) == ["lapsed", "open"]


def test_a_refused_card_or_a_silent_stripe_loses_nothing(till: Till) -> None:
    visit = visit_of(till)
    link = send_pay_link(appointment=visit, by=make_staff(), now=till.now)
    till.fault("drop_before", "/v1/checkout/sessions")
    with pytest.raises(StripeUnavailable):
        page_to_pay(link=reread(link), now=till.now)
    pay(page_to_pay(link=reread(link), now=till.now), card=DECLINED_CARD)
    payment = look_after(link=reread(link), now=till.now)
    assert payment is not None
    assert (payment.state, balance_of(visit).due) == ("open", 12000)


def test_who_has_no_mailbox_gets_the_link_as_a_text(till: Till) -> None:
    visit, desk = visit_of(till), make_staff()
    patient = visit.patient
    assert patient is not None
    patient.email, patient.phone = "", PHONE
    patient.save(update_fields=["email", "phone"])
    assert not may_be_sent(visit)  # nobody said yes to texts
    says_yes_to_texts(patient, now=till.now)
    assert may_be_sent(visit)
    link = send_pay_link(appointment=visit, by=desk, now=till.now)
    [row] = Communication.objects.filter(kind="pay-link")
    assert (row.channel, row.recipient, row.status) == ("sms", PHONE, "preparation")
    assert f"/pay/{token_of(link)}/" in letter_of(row, now=till.now).text


@pytest.mark.django_db
def test_where_nothing_may_be_paid_in_advance_only_what_took_place_is_asked_for(
    clinic: Clinic, settings: Settings
) -> None:
    place = clinic.location
    settings.STRIPE_SECRET_KEY = "sk_test_1"
    place.forbids_prepayment = True
    place.save()
    desk = make_staff()
    now = at(8, days=0)
    coming = make_appointment(clinic, start=at(9), patient=make_patient())
    assert not may_be_sent(coming)
    with pytest.raises(PrepaymentForbidden):
        send_pay_link(appointment=coming, by=desk, now=now)
    coming.status = "fulfilled"
    coming.save()
    assert may_be_sent(coming)
    assert standing_of(send_pay_link(appointment=coming, by=desk, now=now)) == "open"
    place.online_payment = False
    place.save()
    with pytest.raises(PaymentNotOffered):
        send_pay_link(appointment=coming, by=desk, now=now + timedelta(hours=1))


def standing_of(link: PayLink) -> str:
    return asked_by(reread(link), now=link.made_at).standing


@pytest.mark.parametrize("token", ["", "x", "a" * 400, "0" * 32 + ":sig", "\x00", "é"])
def test_an_address_that_we_did_not_sign_opens_nothing(token: str) -> None:
    assert link_by_token(token) is None

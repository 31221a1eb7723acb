"""What a payment does to its booking."""

from datetime import timedelta

import pytest

from booking.models import Appointment
from booking.payments.models import Payment
from booking.reminders.models import Communication
from booking.services.appointments import cancel_appointment, payment_authorised
from booking.services.payments_in import release_unpaid
from intake.models import CareRelation
from tests.booking.services.booking_steps import book
from tests.factories.booking import NOW, Clinic, at, make_appointment
from tests.factories.intake import make_patient, review_line

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(minutes=5)


def paying(clinic: Clinic, line: object = None) -> tuple[Appointment, Payment]:
    visit = book(clinic, line, payment="online", start=at(10, days=3)).appointment
    Payment.objects.update(state="authorised")
    return visit, visit.payments.get()


def arrives(visit: Appointment, payment: Payment) -> tuple[str, str, str, int | None]:
    outcome = payment_authorised(appointment=visit, payment=payment, now=LATER)
    visit.refresh_from_db()
    payment.refresh_from_db()
    return outcome, visit.status, visit.awaiting, payment.keep_amount


def kinds() -> list[str]:
    waiting = Communication.objects.filter(status="preparation").order_by("kind")
    return list(waiting.values_list("kind", flat=True))


def test_it_books_the_visit_and_the_money_is_taken(clinic: Clinic) -> None:
    visit, payment = paying(clinic)
    assert (kinds(), CareRelation.objects.count()) == (["payment-waiting"], 0)
    assert [arrives(visit, payment) for _ in range(2)] == [("booked", "booked", "", 3000)] * 2
    assert kinds() == ["confirmation", "recheck", "reminder-1", "reminder-2"]
    assert CareRelation.objects.get().practitioner == clinic.anna.user


def test_a_request_waits_and_so_does_the_money(clinic: Clinic) -> None:
    visit, payment = paying(clinic, review_line())
    assert [arrives(visit, payment) for _ in range(2)] == [("review", "pending", "review", None)] * 2
    assert kinds() == ["request-received", *["request-still-waiting"] * 2, "request-waiting"]


def test_answers_that_forbid_it_meanwhile_release_the_money(clinic: Clinic) -> None:
    visit, payment = paying(clinic)
    visit.screening.outcome = "STOP"
    visit.screening.save(update_fields=["outcome"])
    assert arrives(visit, payment) == ("lost", "cancelled", "", 0)


def test_money_that_comes_late_takes_the_time_again_if_it_is_free(clinic: Clinic) -> None:
    visit, payment = paying(clinic)
    release_unpaid(visit, payment, LATER)
    assert arrives(visit, payment) == ("booked", "booked", "", 3000)
    assert "confirmation" in kinds()


def test_and_is_released_if_somebody_has_it(clinic: Clinic) -> None:
    visit, payment = paying(clinic)
    release_unpaid(visit, payment, LATER)
    make_appointment(clinic, start=at(10, days=3), patient=make_patient(), room=clinic.rooms[1])
    assert arrives(visit, payment) == ("lost", "cancelled", "", 0)
    news = Communication.objects.get(kind="paid-too-late")
    assert (news.status, len(news.content["alternatives"])) == ("preparation", 3)


def test_another_room_will_do(clinic: Clinic) -> None:
    visit, payment = paying(clinic)
    release_unpaid(visit, payment, LATER)
    make_appointment(clinic, start=at(10, days=3), patient=make_patient(), practitioner=clinic.ben)
    assert arrives(visit, payment)[0] == "booked"
    assert Appointment.objects.get(pk=visit.pk).room == clinic.rooms[1]


def test_money_for_a_cancelled_visit_goes_back(clinic: Clinic) -> None:
    visit, payment = paying(clinic)
    cancel_appointment(appointment=visit, by=None, reason=Appointment.CancelReason.PATIENT, now=LATER)
    assert arrives(visit, payment) == ("lost", "cancelled", "", 0)

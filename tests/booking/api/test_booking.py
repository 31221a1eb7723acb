"""From a hold to a booking, for every outcome of the questions."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from booking.models import Appointment, Location
from intake.models import Patient
from tests.booking.api.calls import ADA, Api, dollars, refused
from tests.factories.booking import NOW, at, make_terms
from tests.factories.intake import caution_line, clear_line, emergency_line, make_screening, review_line, stop_line

EDMONTON = ZoneInfo("America/Edmonton")
ANOTHER_TIME = at(13).isoformat()


def test_a_hold_is_answered_with_its_token_and_the_appointment_without_buffers(api, clinic):
    status, hold = api.hold(clinic, service=clinic.follow_up.slug)
    row = Appointment.objects.get()
    assert row.hold_expires_at - row.created_at == timedelta(minutes=10)
    assert (status, hold) == (
        201,
        {
            "id": str(row.pk),
            "token": hold["token"],
            "expires_at": row.hold_expires_at.astimezone(EDMONTON).isoformat(),
            "appointment": {
                "id": str(row.pk),
                "status": "proposed",
                "awaiting": None,
                "service": str(clinic.follow_up.pk),
                "practitioner": str(clinic.anna.pk),
                "location": str(clinic.location.pk),
                "start": "2026-11-24T10:00:00-06:00",
                "end": "2026-11-24T10:30:00-06:00",
                "time_zone": "America/Edmonton",
                "price": dollars(7000),
                "deposit": dollars(2000),
                "free_cancel_until": None,
                "decide_by": None,
                "cancel_reason": None,
            },
            "terms": {
                "way": "deposit",
                "pay_now": dollars(2000),
                "at_the_clinic": dollars(5000),
                "or_at_desk": True,
                "late_fee": dollars(2000),
                "no_show_fee": dollars(2000),
                "free_cancel_until": "2026-11-23T10:00:00-06:00",
                "forgives_first_miss": False,
                "keeps_card": False,
                "text": hold["terms"]["text"],
                "stamp": hold["terms"]["stamp"],
            },
        },
    )
    assert hold["terms"]["text"].splitlines()[0] == "You pay a deposit of $20.00 now, and $50.00 at the clinic."
    assert hold["token"] not in str(Appointment.objects.values().get())


@pytest.mark.parametrize("make_line", [clear_line, caution_line])
def test_cleared_answers_are_booked_and_paid_at_the_desk(api, clinic, make_line):
    booking = api.book(clinic, make_line())
    assert {name: booking[name] for name in ("status", "awaiting", "start", "end", "checkout_url")} == {
        "status": "booked",
        "awaiting": None,
        "start": "2026-11-24T10:00:00-06:00",
        "end": "2026-11-24T11:00:00-06:00",
        "checkout_url": None,
    }
    row = Appointment.objects.get()
    assert (row.status, row.source, row.patient.phone.as_e164) == ("booked", "api", "+14035550123")
    assert api.get(f"appointments/{booking['id']}/", token=booking["manage_token"])[1]["status"] == "booked"


def test_answers_for_a_therapist_to_read_become_a_request(api, clinic):
    booking = api.book(clinic, review_line(), start=at(10, days=3).isoformat(), accepts_assessment=True)
    assert (booking["status"], booking["awaiting"]) == ("pending", "review")
    assert booking["decide_by"] is not None
    assert Appointment.objects.get().accepts_assessment


def test_a_request_for_too_soon_is_too_late(api, clinic):
    Location.objects.update(minimum_notice_minutes=0, request_notice_minutes=0)
    status, hold = api.hold(clinic, review_line())
    assert status == 201
    Location.objects.update(request_notice_minutes=60 * 48)
    assert refused(api.confirm(hold)) == (409, "too-late")


def test_answers_against_needling_are_refused_a_needle_and_offered_an_assessment(api, clinic):
    assert refused(api.hold(clinic, stop_line())) == (409, "not-cleared")
    assert Appointment.objects.count() == 0
    booking = api.book(clinic, stop_line(), service=clinic.assessment.slug)
    assert (booking["status"], booking["service"]) == ("booked", str(clinic.assessment.pk))


def test_an_urgent_sign_is_refused_every_visit_but_a_call(api, clinic):
    for service in (clinic.needling, clinic.assessment):
        assert refused(api.hold(clinic, emergency_line(), service=service.slug)) == (409, "not-cleared")
    assert api.book(clinic, emergency_line(), service=clinic.call.slug, payment="none")["status"] == "booked"


def test_a_call_needs_no_questions_and_no_payment(api, clinic):
    booking = api.book(clinic, service=clinic.call.slug, screening=None, payment="none")
    assert (booking["status"], booking["price"], booking["deposit"]) == ("booked", dollars(0), None)


@pytest.mark.parametrize("token", [None, "unknown"])
def test_needling_without_a_screening_is_not_cleared(api, clinic, token):
    assert refused(api.hold(clinic, screening=token)) == (409, "not-cleared")


def test_without_a_therapist_whoever_is_free_takes_it(api, clinic):
    first, second, third = (api.hold(clinic, practitioner=None) for _ in range(3))
    assert {first[1]["appointment"]["practitioner"], second[1]["appointment"]["practitioner"]} == {
        str(clinic.anna.pk),
        str(clinic.ben.pk),
    }
    assert refused(third) == (409, "slot-taken")


def test_a_taken_time_names_three_others_as_slots_does(api, clinic):
    api.book(clinic)
    status, problem = Api().hold(clinic)
    assert (status, problem["code"], len(problem["alternatives"])) == (409, "slot-taken", 3)
    day = f"from=2026-11-24&to=2026-11-24&practitioner={clinic.anna.pk}"
    offered = api.get(f"slots/?service={clinic.needling.pk}&{day}")[1]["slots"]
    assert [one for one in problem["alternatives"] if one not in offered] == []
    assert api.hold(clinic, start=problem["alternatives"][0]["start"])[0] == 201


@pytest.mark.parametrize(
    "start",
    [
        at(10, 7),
        at(8),
        at(17),
        at(10, days=-1),
        at(10, days=5),
        at(10).replace(year=9999),
        at(10).replace(year=1),
    ],
)
def test_a_time_that_nobody_works_is_not_offered(api, clinic, start):
    assert refused(api.hold(clinic, start=start.isoformat())) == (422, "slot-not-offered")
    assert Appointment.objects.count() == 0


def test_somebody_else_is_not_offered_for_a_service_they_do_not_do(api, clinic):
    clinic.needling.practitioners.remove(clinic.ben)
    assert refused(api.hold(clinic, practitioner=str(clinic.ben.pk))) == (422, "slot-not-offered")


def test_one_set_of_answers_holds_three_times_at_most(api, clinic):
    token = make_screening().token
    answers = [api.hold(clinic, screening=token, start=at(hour).isoformat()) for hour in (9, 10, 11, 13)]
    assert [status for status, _ in answers[:3]] == [201, 201, 201]
    assert refused(answers[3]) == (429, "too-many-holds")
    api.call("DELETE", f"holds/{answers[0][1]['id']}/", token=answers[0][1]["token"])
    assert api.hold(clinic, screening=token, start=at(13).isoformat())[0] == 201


def test_a_hold_that_is_let_go_is_free_at_once(api, clinic):
    _, hold = api.hold(clinic)
    for _again in range(2):
        assert api.call("DELETE", f"holds/{hold['id']}/", token=hold["token"]) == (204, None)
    assert refused(api.confirm(hold)) == (409, "hold-expired")
    assert api.hold(clinic)[0] == 201


def test_a_booking_can_not_be_let_go_as_a_hold(api, clinic):
    _, hold = api.hold(clinic)
    api.confirm(hold)
    assert refused(api.call("DELETE", f"holds/{hold['id']}/", token=hold["token"])) == (409, "not-possible-now")


def test_a_hold_ends_after_ten_minutes(api, clinic, set_clock):
    _, hold = api.hold(clinic)
    set_clock(NOW + timedelta(minutes=11))
    assert refused(api.confirm(hold)) == (409, "hold-expired")
    assert Patient.objects.count() == 0
    assert Api().hold(clinic)[0] == 201


@pytest.mark.parametrize("token", ["wrong", "x" * 200])
def test_somebody_elses_hold_is_not_there(api, clinic, token):
    _, hold = api.hold(clinic)
    assert refused(api.confirm(hold | {"token": token})) == (404, "not-found")
    assert refused(api.call("DELETE", f"holds/{hold['id']}/", token=token)) == (404, "not-found")
    assert refused(api.call("DELETE", f"holds/{hold['id']}/")) == (404, "not-found")
    _, other = api.hold(clinic, start=ANOTHER_TIME)
    assert refused(api.call("DELETE", f"holds/{hold['id']}/", token=other["token"])) == (404, "not-found")
    assert Appointment.objects.filter(status="proposed").count() == 2


def test_a_birth_date_that_forbids_it_lets_the_time_go(api, clinic):
    _, hold = api.hold(clinic)
    answers = [api.confirm(hold, patient=ADA | {"birth_date": "2022-01-01"}) for _ in range(2)]
    assert [refused(answer) for answer in answers] == [(409, "not-cleared")] * 2
    assert (Appointment.objects.get().status, Patient.objects.count()) == ("cancelled", 0)


def test_a_birth_date_that_asks_more_questions_is_incomplete_and_the_time_stays_held(api, clinic):
    _, hold = api.hold(clinic)
    status, problem = api.confirm(hold, patient=ADA | {"birth_date": "2009-05-01"})
    assert (status, problem["code"]) == (422, "incomplete")
    assert Appointment.objects.get().status == "proposed"
    assert Patient.objects.count() == 0
    assert api.confirm(hold)[0] == 201


def test_the_terms_must_be_agreed_to(api, clinic):
    _, hold = api.hold(clinic)
    assert refused(api.confirm(hold, policies_accepted=False)) == (422, "policies-not-accepted")
    assert api.confirm(hold)[0] == 201


def test_only_an_offered_way_to_pay_is_taken(api, clinic):
    _, hold = api.hold(clinic)
    assert refused(api.confirm(hold, payment="none")) == (422, "payment-not-offered")
    Location.objects.update(pay_at_desk=False, online_payment=False)
    for payment in ("desk", "online"):
        assert refused(api.confirm(hold, payment=payment)) == (422, "payment-not-offered")


def test_who_agreed_to_other_terms_is_told_those_that_hold(api, clinic):
    _, hold = api.hold(clinic)
    make_terms(clinic.needling, late_fee_amount=5000)
    status, problem = api.confirm(hold, terms=hold["terms"]["stamp"])
    assert (status, problem["code"], problem["terms"]["late_fee"]) == (409, "terms-changed", dollars(5000))
    status, booking = api.confirm(hold, terms=problem["terms"]["stamp"])
    assert (status, booking["status"]) == (201, "booked")
    assert Appointment.objects.get().late_fee_amount == 5000


def test_a_double_post_without_a_key_is_one_booking(api, clinic):
    _, hold = api.hold(clinic)
    first, second = api.confirm(hold), api.confirm(hold)
    assert (first, first[0]) == (second, 201)
    assert refused(api.confirm(hold, patient=ADA | {"given_name": "Eve"})) == (409, "not-possible-now")
    assert Patient.objects.count() == 1


def test_two_holds_without_a_key_are_two_holds(api, clinic):
    token = api.screen()["token"]
    assert api.hold(clinic, screening=token)[0] == 201
    assert refused(api.hold(clinic, screening=token)) == (409, "slot-taken")


def test_with_a_key_the_first_answer_is_given_again(api, clinic):
    token = api.screen()["token"]
    held = [api.hold(clinic, screening=token, key="k1") for _ in range(2)]
    booked = [api.confirm(held[0][1], key="k2") for _ in range(2)]
    assert held[0] == held[1]
    assert booked[0] == booked[1]
    assert Appointment.objects.count() == Patient.objects.count() == 1
    cancelled = [
        api.post(f"appointments/{booked[0][1]['id']}/cancel/", token=booked[0][1]["manage_token"], key="k3")
        for _ in range(2)
    ]
    assert cancelled[0] == cancelled[1]
    assert cancelled[0][0] == 200


def test_another_body_under_the_same_key_is_refused(api, clinic):
    token = api.screen()["token"]
    _, hold = api.hold(clinic, screening=token, key="k1")
    other = api.hold(clinic, screening=token, key="k1", start=ANOTHER_TIME)
    api.confirm(hold, key="k1")
    changed = api.confirm(hold, key="k1", payment="none")
    assert (refused(other), refused(changed)) == ((422, "idempotency-key-reused"),) * 2
    assert Appointment.objects.count() == 1


def test_without_an_account_every_booking_makes_a_new_record(api, clinic):
    api.book(clinic)
    api.book(clinic, start=ANOTHER_TIME)
    assert Patient.objects.filter(given_name="Ada", user=None, contact_verified_at=None).count() == 2

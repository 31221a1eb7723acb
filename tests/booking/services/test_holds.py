"""Holding a time."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from booking.errors import HoldExpired, NotCleared, NotPossibleNow, SlotNotOffered, SlotTaken, TooManyHolds
from booking.models import Appointment, TimeOff
from booking.services.holds import Held, expire_holds, extend_hold, held_by_address, hold_time, release_hold
from intake.models import AuditEvent
from intake.tokens import hash_token
from tests.factories.booking import NOW, Clinic, at, make_appointment

pytestmark = pytest.mark.django_db


def hold(clinic: Clinic, **over) -> Held:
    wish = {
        "screening": None,
        "service": clinic.call,
        "practitioner": clinic.anna,
        "start": at(10),
        "request_key": uuid4(),
        "held_by": "someone",
        "source": "patient",
        "now": NOW,
    }
    return hold_time(**{**wish, **over})


def test_a_hold_takes_the_time_for_ten_minutes(clinic: Clinic) -> None:
    held = hold(clinic)
    row = Appointment.objects.get()
    assert (row.status, row.hold_expires_at, row.start, row.end) == (
        "proposed",
        NOW + timedelta(minutes=10),
        at(10),
        at(10, 15),
    )
    assert (row.wall_start, row.time_zone, row.room, row.patient) == (
        "2026-11-24T10:00",
        "America/Edmonton",
        None,
        None,
    )
    assert (row.price_amount, row.deposit_amount, row.currency) == (0, 0, "CAD")
    assert row.hold_token_hash == hash_token(held.token)
    assert list(AuditEvent.objects.values_list("action", "agent_role", "entity_id")) == [("held", "anonymous", row.pk)]


def test_the_next_one_is_told_that_the_time_is_taken_and_which_are_near(clinic: Clinic) -> None:
    hold(clinic)
    with pytest.raises(SlotTaken) as refused:
        hold(clinic, held_by="another")
    assert [slot.start for slot in refused.value.details["alternatives"]] == [at(9, 30), at(9, 45), at(10, 15)]
    assert Appointment.objects.count() == 1


def test_a_double_tap_gives_the_same_hold_and_the_same_token(clinic: Clinic) -> None:
    key = uuid4()
    first, second = hold(clinic, request_key=key), hold(clinic, request_key=key)
    assert first.appointment.pk == second.appointment.pk
    assert first.token == second.token


def test_somebody_elses_request_key_opens_nothing(clinic: Clinic) -> None:
    key = uuid4()
    hold(clinic, request_key=key)
    with pytest.raises(NotPossibleNow):
        hold(clinic, request_key=key, held_by="another")


def test_a_hold_that_ran_out_makes_way_for_the_next(clinic: Clinic) -> None:
    key = uuid4()
    first = hold(clinic, request_key=key).appointment
    later = NOW + timedelta(minutes=10)
    second = hold(clinic, held_by="another", now=later).appointment
    first.refresh_from_db()
    assert (first.status, first.cancel_reason) == ("cancelled", "hold-expired")
    assert second.status == "proposed"
    with pytest.raises(HoldExpired):
        hold(clinic, request_key=key, now=later)


def test_without_a_therapist_it_is_the_one_with_fewer_visits_that_day(clinic: Clinic) -> None:
    make_appointment(clinic, start=at(14), status="proposed", hold_expires_at=NOW + timedelta(hours=1))
    assert hold(clinic, practitioner=None).appointment.practitioner == clinic.ben


def test_without_a_therapist_the_next_one_is_tried(clinic: Clinic) -> None:
    held = [hold(clinic, practitioner=None, held_by=f"number {number}").appointment for number in range(2)]
    assert {one.practitioner_id for one in held} == {clinic.anna.pk, clinic.ben.pk}
    with pytest.raises(SlotTaken):
        hold(clinic, practitioner=None, held_by="number 3")


@pytest.mark.parametrize(
    "start",
    [
        pytest.param(at(8, 45), id="before opening"),
        pytest.param(at(17), id="after closing"),
        pytest.param(at(10, 7), id="between the steps"),
        pytest.param(at(10, days=5), id="Saturday"),
        pytest.param(at(10, days=70), id="too far ahead"),
        pytest.param(at(9, 45, days=0), id="with less than two hours' notice"),
        pytest.param(at(10, days=-1), id="yesterday"),
        pytest.param(NOW.replace(year=9999, month=12, day=31), id="at the end of the calendar"),
    ],
)
def test_a_time_that_nobody_offers_is_refused(clinic: Clinic, start) -> None:
    with pytest.raises(SlotNotOffered):
        hold(clinic, start=start)
    assert not Appointment.objects.exists()


def test_time_off_and_closed_days_are_not_offered(clinic: Clinic) -> None:
    TimeOff.objects.create(location=clinic.location, practitioner=clinic.anna, start=at(10), end=at(11))
    with pytest.raises(SlotNotOffered):
        hold(clinic)
    TimeOff.objects.create(location=clinic.location, start=at(10), end=at(11))
    with pytest.raises(SlotNotOffered):
        hold(clinic, practitioner=None)


def test_needling_without_answers_is_not_held(clinic: Clinic) -> None:
    with pytest.raises(NotCleared):
        hold(clinic, service=clinic.needling)


def test_three_times_may_be_held_at_once(clinic: Clinic) -> None:
    for hour in (9, 10, 11):
        hold(clinic, start=at(hour))
    with pytest.raises(TooManyHolds):
        hold(clinic, start=at(12))
    assert hold(clinic, start=at(12), now=NOW + timedelta(minutes=11)).appointment.status == "proposed"


def test_an_address_range_may_hold_twenty_whoever_asks(clinic: Clinic) -> None:
    def ask(number: int, address: str = "") -> Held:
        who = clinic.anna if number % 2 else clinic.ben
        start = at(9, days=1 + number // 8) + timedelta(minutes=15 * (number % 8))
        where = address or f"192.0.2.{number}"
        return hold(clinic, practitioner=who, start=start, held_by=f"session {number}", address=where)

    for number in range(20):
        ask(number)
    for address in ("192.0.2.99", "192.0.2.200"):
        with pytest.raises(TooManyHolds):
            ask(20, address)
    assert ask(20, "198.51.100.1").appointment.status == "proposed"


def test_without_a_session_the_range_alone_counts(clinic: Clinic) -> None:
    key = held_by_address("192.0.2.1")
    held = [
        hold(clinic, start=at(9) + timedelta(minutes=15 * number), held_by=key, address="192.0.2.1")
        for number in range(5)
    ]
    assert len({one.appointment.pk for one in held}) == 5


def test_nobody_holds_more_than_half_of_a_therapists_day(clinic: Clinic) -> None:
    """Anna works from 9 to 17: half of it is four hours, so the sixteenth quarter of an hour is the last."""
    for number in range(16):
        start = at(9) + timedelta(minutes=15 * number)
        hold(clinic, start=start, held_by=f"session {number}", address="2001:db8:0:1::1")
    with pytest.raises(TooManyHolds):
        hold(clinic, start=at(14), held_by="another", address="2001:db8:0:ffff::1")
    assert hold(clinic, start=at(14, days=2), held_by="another", address="2001:db8:0:2::1").appointment.pk
    assert hold(clinic, start=at(14), held_by="a third", address="2001:db8:1::1").appointment.pk


def test_at_the_clinic_nothing_is_limited(clinic: Clinic) -> None:
    clinic.location.own_networks = ["203.0.113.0/24"]
    clinic.location.save(update_fields=["own_networks"])
    held = [
        hold(clinic, start=at(9) + timedelta(minutes=15 * number), address="203.0.113.7").appointment
        for number in range(5)
    ]
    assert {one.held_from for one in held} == {""}


def test_a_hold_grows_to_thirty_minutes_and_no_further(clinic: Clinic) -> None:
    held = hold(clinic).appointment
    ends = [
        extend_hold(appointment=held, now=NOW + timedelta(minutes=minutes)).hold_expires_at - NOW
        for minutes in (5, 14, 23, 29)
    ]
    assert ends == [timedelta(minutes=minutes) for minutes in (15, 24, 30, 30)]
    with pytest.raises(HoldExpired):
        extend_hold(appointment=held, now=NOW + timedelta(minutes=30))


def test_letting_go_frees_the_time(clinic: Clinic) -> None:
    held = hold(clinic).appointment
    assert [release_hold(appointment=held, now=NOW).cancel_reason for _ in range(2)] == ["hold-released"] * 2
    assert hold(clinic, held_by="another").appointment.status == "proposed"


def test_the_sweeper_ends_what_ran_out(clinic: Clinic) -> None:
    hold(clinic)
    hold(clinic, start=at(11), now=NOW + timedelta(minutes=5))
    assert expire_holds(now=NOW + timedelta(minutes=12)) == 1
    assert sorted(Appointment.objects.values_list("status", flat=True)) == ["cancelled", "proposed"]


def test_tokens_differ_from_hold_to_hold(clinic: Clinic) -> None:
    assert hold(clinic).token != hold(clinic, start=at(11)).token
    assert isinstance(hold(clinic, start=at(12)).appointment.pk, UUID)

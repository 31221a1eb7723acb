"""Many tries at the same moment, as somebody makes who guesses a birth date: no more than the limit go through."""

import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from unittest import mock
from uuid import UUID, uuid4

import pytest

from booking.models import HealthcareService, Practitioner
from booking.rules.limits import HOLDS_OF_A_RANGE
from booking.services.hoarding import refuse_hoarding
from booking.services.holds import hold_time
from intake.models import AttemptCount
from intake.services.limits import count_attempt
from tests.factories.booking import NOW, at, make_clinic, make_hours, make_practitioner
from tests.races.crowd import at_once

pytestmark = pytest.mark.django_db(transaction=True)
TRIES, LIMIT = 24, 6


def guess() -> None:
    count_attempt(key="form-proof:1", limit=LIMIT, window=timedelta(hours=1), now=NOW)


def guess_with_a_counter_that_reads_and_then_writes() -> None:
    with mock.patch("intake.services.limits._add_one", _read_then_write):
        guess()


def _read_then_write(key: str, window_start: datetime) -> int:
    found, _new = AttemptCount.objects.get_or_create(key=key, window_start=window_start, defaults={"count": 0})
    time.sleep(0.02)
    found.count += 1
    found.save(update_fields=["count"])
    return found.count


def test_of_a_burst_only_as_many_as_allowed_go_through() -> None:
    assert at_once(*[(guess, ())] * TRIES, workers=8) == Counter({"done": LIMIT, "too-many-attempts": TRIES - LIMIT})


def test_without_one_statement_for_the_count_more_go_through() -> None:
    outcome = at_once(*[(guess_with_a_counter_that_reads_and_then_writes, ())] * TRIES, workers=8)
    assert outcome["done"] > LIMIT, outcome


def ask(number: int, clinic_ids: tuple[UUID, ...]) -> None:
    """One of many clients of one network, each with a session of its own, wants a time of its own."""
    service, *therapists = clinic_ids
    hold_time(
        screening=None,
        service=HealthcareService.objects.get(pk=service),
        practitioner=Practitioner.objects.get(pk=therapists[number % len(therapists)]),
        start=at(9, days=1 + number // 13) + timedelta(minutes=15 * (number % 13)),
        request_key=uuid4(),
        held_by=f"session {number}",
        source="patient",
        address=f"192.0.2.{number}",
        now=NOW,
    )


def ask_without_turns(number: int, clinic_ids: tuple[UUID, ...]) -> None:
    with mock.patch("booking.services.holds.take_turns"), mock.patch("booking.services.holds.refuse_hoarding", _slowly):
        ask(number, clinic_ids)


def _slowly(*asked: Any, **more: Any) -> None:
    refuse_hoarding(*asked, **more)
    time.sleep(0.2)


def _of_a_network(deed: Callable[..., None], workers: int) -> Counter[str]:
    clinic = make_clinic()
    therapists = [make_practitioner(f"Therapist {number}") for number in range(6)]  # one's lock is a turn, too
    for one in therapists:
        make_hours(one, clinic.location)
        clinic.call.practitioners.add(one)
    ids = (clinic.call.pk, *(one.pk for one in therapists))
    return at_once(*[(deed, (number, ids)) for number in range(50)], workers=workers)


def test_fifty_clients_of_one_network_hold_twenty_times() -> None:
    assert _of_a_network(ask, 10) == Counter({"done": HOLDS_OF_A_RANGE, "too-many-holds": 50 - HOLDS_OF_A_RANGE})


def test_without_taking_turns_they_hold_more() -> None:
    """The negative control."""
    assert _of_a_network(ask_without_turns, 10)["done"] > HOLDS_OF_A_RANGE

"""Many cancellations through the waitlist: no double yes, no lost swap, order kept. The long one is in tests/chaos."""

from unittest import mock

import pytest

from booking.services import freed_offers
from tests.booking.services.waitlist_storm import Storm
from tests.factories.booking import Clinic

pytestmark = pytest.mark.django_db


def test_thirty_cancellations_keep_every_promise(clinic: Clinic) -> None:
    storm = Storm(clinic, seed=4)
    storm.blow(30)
    assert storm.broken == []
    assert storm.cancelled >= 30
    assert len(storm.taken) > 5
    assert storm.swaps > 1


def test_a_line_that_is_served_from_behind_is_noticed(clinic: Clinic) -> None:
    straight = freed_offers.line_for
    with mock.patch.object(freed_offers, "line_for", lambda freed, now: straight(freed, now=now)[::-1]):
        storm = Storm(clinic, seed=4)
        storm.blow(16)
    assert any("was asked before" in one for one in storm.broken)

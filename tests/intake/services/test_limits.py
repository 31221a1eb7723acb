"""How often something may be tried."""

from datetime import timedelta

import pytest

from intake.errors import TooManyAttempts
from intake.services.limits import count_attempt
from tests.factories.intake import NOW

MINUTE = timedelta(minutes=1)


def attempt(key="sign-in:ada", now=NOW, limit=3):
    return count_attempt(key=key, limit=limit, window=MINUTE, now=now)


@pytest.mark.django_db
def test_tries_are_counted_for_each_key_and_window():
    assert [attempt(), attempt(), attempt(key="other"), attempt(now=NOW + MINUTE), attempt()] == [1, 2, 1, 1, 3]


@pytest.mark.django_db
def test_too_many_say_when_to_come_back():
    for _ in range(3):
        attempt()
    with pytest.raises(TooManyAttempts) as raised:
        attempt(now=NOW + timedelta(seconds=20))
    assert raised.value.details == {"retry_after": 40}
    assert attempt(now=NOW + MINUTE) == 1


@pytest.mark.django_db
def test_a_key_of_any_length_is_counted():
    assert [attempt(key="x" * 5000), attempt(key="x" * 5000), attempt(key="x" * 5001)] == [1, 2, 1]

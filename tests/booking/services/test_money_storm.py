"""Random payments with faults, lost events and killed workers. The long one is in tests/chaos."""

from tests.booking.services.money_stories import gets_parts_back
from tests.booking.services.money_storm import Storm, unguarded
from tests.factories.payments import Till


def test_some_payments_keep_every_promise(till: Till) -> None:
    storm = Storm(till, seed=5)
    storm.blow(12)
    print(storm.figures())
    assert storm.broken == []
    assert storm.told["killed"] > 3
    assert storm.told["failed requests"] > 5


def test_without_keys_and_second_looks_money_goes_back_twice(till: Till) -> None:
    with unguarded():
        storm = Storm(till, seed=1, workers=4, rate=0, stories={gets_parts_back: 1})
        storm.blow(4)
    assert any("a refund was made twice" in one for one in storm.broken)

"""Random payments with faults, lost events and killed workers. The long one is in tests/chaos."""

from pathlib import Path

from tests.booking.services import fee_stories, money_stories
from tests.booking.services.money_stories import gets_parts_back
from tests.booking.services.money_storm import Storm, unguarded
from tests.factories.payments import Till

SOME = (
    money_stories.cancels_while_paying,
    money_stories.gets_it_back_twice,
    fee_stories.does_not_come,
    fee_stories.pays_a_fee,
    fee_stories.cant_pay_a_fee,
    fee_stories.takes_the_card_back,
    fee_stories.gives_a_package_back,
    fee_stories.pays_at_the_desk_beside_the_link,
)


def test_the_clock_of_a_storm_is_never_read_half_written(till: Till, clock_file: Path) -> None:
    """Else a worker, or Stripe, is back in today for a moment: its keys are forgotten, and money is taken twice."""
    before = clock_file.read_text()
    with clock_file.open() as who_is_reading:
        till.wait(seconds=30)
        assert who_is_reading.read() == before
    assert float(clock_file.read_text()) == float(before) + 30


def test_some_payments_keep_every_promise(till: Till) -> None:
    storm = Storm(till, seed=5, stories=dict.fromkeys(SOME, 1))
    storm.blow(8)
    print(storm.figures())
    assert storm.broken == []
    assert storm.told["killed"] > 3
    assert storm.told["failed requests"] > 5


def test_without_keys_and_second_looks_money_goes_back_twice(till: Till) -> None:
    with unguarded():
        storm = Storm(till, seed=1, workers=4, rate=0, stories={gets_parts_back: 1})
        storm.blow(8)  # who comes first is chance
    assert any("a refund was made twice" in one for one in storm.broken)

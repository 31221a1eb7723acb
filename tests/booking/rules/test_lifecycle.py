"""Which state may follow which."""

from booking.rules.lifecycle import may_become

STATES = (
    "proposed",
    "pending",
    "booked",
    "arrived",
    "checked-in",
    "fulfilled",
    "noshow",
    "cancelled",
    "entered-in-error",
)


def following(status: str) -> set[str]:
    return {other for other in STATES if may_become(status, other)}


def test_the_whole_life_of_a_visit() -> None:
    assert {status: following(status) for status in STATES} == {
        "proposed": {"pending", "booked", "cancelled"},
        "pending": {"pending", "booked", "arrived", "cancelled", "entered-in-error"},
        "booked": {"pending", "arrived", "noshow", "cancelled", "entered-in-error"},
        "arrived": {"checked-in", "cancelled", "entered-in-error"},
        "checked-in": {"fulfilled", "cancelled", "entered-in-error"},
        "fulfilled": {"entered-in-error"},
        "noshow": {"arrived", "entered-in-error"},
        "cancelled": {"pending", "booked", "arrived", "checked-in"},
        "entered-in-error": set(),
    }

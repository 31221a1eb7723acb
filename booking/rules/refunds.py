"""Who may give money back by hand, and how much of it lowers what the visit costs. Pure; minor units."""

from typing import Final

TYPED_WRONG: Final = "typed-wrong"  # it was never taken: the visit costs what it cost


def may_give_back(*, amount: int, given_before: int, limit: int, is_manager: bool) -> bool:
    """Whether one person may do it: reception up to a limit in all for one visit, a manager always."""
    return is_manager or given_before + amount <= limit


def comes_off_the_price(*, amount: int, at_hand: int, owed: int, reason: str) -> int:
    """How much of `amount` is not owed to the patient: it is let off, or they would owe it again. Nothing if it only
    sets right what was typed.

    `at_hand` is what the clinic has of the patient's money after all that was decided to give back.
    """
    return 0 if reason == TYPED_WRONG else max(0, amount - max(0, at_hand - owed))

"""Working through rows that wait, so that one of them can't stop the others."""

import logging
import time
from collections.abc import Callable, Iterable
from typing import Final, TypeVar

from booking.errors import StripeUnavailable, TryAgain

SECONDS_A_RUN: Final = 35  # a task is stopped after 45
UNAVAILABLE_IN_A_ROW: Final = 3
Row = TypeVar("Row")
log = logging.getLogger(__name__)


def work_off(rows: Iterable[Row], do: Callable[[Row], object]) -> int:
    """Do it for each row; how many were tried.

    What can't be done now is left to the next run; three rows in a row without an answer of Stripe's mean that it is
    down, and the run ends. Whatever else goes wrong with a row is told after the others are done.

    :raises ExceptionGroup: the unforeseen
    """
    tried = unavailable = 0
    unforeseen: list[Exception] = []
    stop = time.monotonic() + SECONDS_A_RUN
    for row in rows:
        tried += 1
        try:
            do(row)
            unavailable = 0
        except (StripeUnavailable, TryAgain) as failure:
            log.warning("%r waits: %s", row, failure.code)
            unavailable += isinstance(failure, StripeUnavailable)
        except Exception as problem:
            log.exception("%r failed", row)
            unforeseen.append(problem)
        if unavailable == UNAVAILABLE_IN_A_ROW or time.monotonic() > stop:
            break
    if unforeseen:
        raise ExceptionGroup("rows that could not be worked off", unforeseen)
    return tried

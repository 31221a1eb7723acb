"""How much one visitor may hold at a time, so that nobody empties a clinic's day by pressing buttons. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address, ip_network
from typing import Final
from uuid import UUID

from booking.rules.intervals import Interval

SHARED_ADDRESS: Final = "net:"  # how the key of a holder begins who is only known by an address
HOLDS_OF_ONE: Final = 3
HOLDS_OF_A_RANGE: Final = 20  # many people may share one: an office, a phone company
WAITING_OF_A_CONTACT: Final = 4  # visits that nobody has paid or decided yet; a course counts once


@dataclass(frozen=True, slots=True)
class LiveHold:
    """A time that is held at this moment: by which browser session, from which address range, on which answers. The
    times of one course are one booking.
    """

    booking: UUID
    held_by: str
    held_from: str
    screening: UUID | None
    practitioner: UUID
    visit: Interval


@dataclass(frozen=True, slots=True)
class Asked:
    """The hold that somebody wants to add. `held_from` is empty where no range is known."""

    hold: LiveHold
    day: Interval
    worked: timedelta  # what the therapist works on that day

    @property
    def length(self) -> timedelta:
        return self.hold.visit.end - self.hold.visit.start


def holds_too_many(asked: Asked, live: Sequence[LiveHold], *, share_percent: int) -> bool:
    """Whether one more would be too much: three of one session or on the same answers, twenty of one address range, or
    more than a share of a therapist's day. The first of a day is never too much, however short the day.
    """
    new = asked.hold
    mine = [one for one in live if one.held_by == new.held_by and not new.held_by.startswith(SHARED_ADDRESS)]
    same_answers = [one for one in live if new.screening is not None and one.screening == new.screening]
    of_range = [one for one in live if new.held_from and one.held_from == new.held_from]
    return (
        _bookings(mine) >= HOLDS_OF_ONE
        or _bookings(same_answers) >= HOLDS_OF_ONE
        or _bookings(of_range) >= HOLDS_OF_A_RANGE
        or _share_is_used(asked, mine, share_percent)
        or _share_is_used(asked, of_range, share_percent)
    )


def _bookings(live: Iterable[LiveHold]) -> int:
    return len({one.booking for one in live})


def _share_is_used(asked: Asked, live: Iterable[LiveHold], percent: int) -> bool:
    held = [
        one.visit.end - one.visit.start
        for one in live
        if one.practitioner == asked.hold.practitioner and asked.day.start <= one.visit.start < asked.day.end
    ]
    return bool(held) and (sum(held, timedelta()) + asked.length) * 100 > asked.worked * percent


def is_network(text: object) -> bool:
    """Whether this is a range of addresses as "203.0.113.0/24"."""
    try:
        ip_network(str(text))
    except ValueError:
        return False
    return True


def lies_in(address: str, networks: Iterable[str]) -> bool:
    """Whether an address is in one of these ranges; what is no address is in none."""
    try:
        known = ip_address(address)
    except ValueError:
        return False
    return any(known in ip_network(one) for one in networks)

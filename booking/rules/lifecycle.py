"""Which state of a visit may follow which. FHIR's codes; `pending` says beside what it waits for."""

from typing import Final

HOLDING: Final = frozenset({"proposed", "pending", "booked", "arrived", "checked-in", "fulfilled", "noshow"})
COMING: Final = frozenset({"pending", "booked"})

_NEXT: Final[dict[str, frozenset[str]]] = {
    "proposed": frozenset({"pending", "booked", "cancelled"}),
    "pending": frozenset({"pending", "booked", "arrived", "cancelled", "entered-in-error"}),
    "booked": frozenset({"pending", "arrived", "noshow", "cancelled", "entered-in-error"}),
    "arrived": frozenset({"checked-in", "cancelled", "entered-in-error"}),
    "checked-in": frozenset({"fulfilled", "cancelled", "entered-in-error"}),
    "fulfilled": frozenset({"entered-in-error"}),
    "noshow": frozenset({"arrived", "entered-in-error"}),
    # Only by a payment that came late, or by undoing within three minutes, and if the time is still free.
    "cancelled": frozenset({"pending", "booked", "arrived", "checked-in"}),
    "entered-in-error": frozenset(),
}


def may_become(status: str, following: str) -> bool:
    """Whether a visit in one state may go on to the other."""
    return following in _NEXT[status]

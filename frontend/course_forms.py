"""How many sessions, and the start of each: the same for patients and for reception."""

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

from django.utils.datastructures import MultiValueDict

from booking.models import HealthcareService
from booking.selectors.courses import lengths_of

Sent = MultiValueDict[str, str] | Mapping[str, str]


def sessions_asked(sent: Sent, service: HealthcareService, *, otherwise: int = 0) -> int:
    """How many sessions somebody wants; `otherwise` where that can't be read or isn't offered."""
    text = sent.get("sessions", "")
    wanted = int(text) if text.isdecimal() and len(text) < 3 else 0
    return wanted if wanted in lengths_of(service) else otherwise


def starts_chosen(sent: Sent, *, sessions: int) -> list[datetime]:
    """The chosen starts in order, as the page wrote them; none unless all can be read."""
    found = [read_start(sent.get(f"session-{number}", "")) for number in range(1, sessions + 1)]
    starts = [start for start in found if start is not None]
    return sorted(starts) if len(starts) == sessions else []


def read_start(text: str) -> datetime | None:
    """A moment in ISO form with its offset."""
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def read_key(text: str) -> UUID | None:
    """The key that makes a double tap one deed."""
    try:
        return UUID(text)
    except ValueError:
        return None

"""When work counts as standing still. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

# A sweep comes every few seconds, and a part shows itself every ten: room for a restart and for a slow provider.
SILENT_AFTER: Final = timedelta(minutes=3)
LATE_AFTER: Final = timedelta(minutes=10)

BEAT_SILENT: Final = "beat-silent"
WORKER_SILENT: Final = "worker-silent"
MESSAGES_LATE: Final = "messages-late"


@dataclass(frozen=True, slots=True)
class Signs:
    """What can be seen of the machinery; None where nothing was ever seen, or nothing is due.

    `held`: somebody has switched the senders off, so messages wait by intention.
    """

    beat_seen_at: datetime | None = None
    worker_seen_at: datetime | None = None
    oldest_due_at: datetime | None = None
    held: bool = False


def problems_in(signs: Signs, *, now: datetime) -> tuple[str, ...]:
    """What stands still, as codes; nothing while all is well. A part that was never seen is not missed yet."""
    looked_at = (
        (BEAT_SILENT, signs.beat_seen_at, SILENT_AFTER),
        (WORKER_SILENT, signs.worker_seen_at, SILENT_AFTER),
        (MESSAGES_LATE, None if signs.held else signs.oldest_due_at, LATE_AFTER),
    )
    return tuple(code for code, since, patience in looked_at if since is not None and now - since > patience)

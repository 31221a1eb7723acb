"""When work counts as standing still."""

from datetime import UTC, datetime, timedelta

import pytest

from booking.rules.health import LATE_AFTER, SILENT_AFTER, Signs, problems_in

NOW = datetime(2026, 11, 23, 14, tzinfo=UTC)
LONG_AGO = NOW - timedelta(hours=1)


@pytest.mark.parametrize(
    ("signs", "problems"),
    [
        (Signs(), ()),
        (Signs(beat_seen_at=NOW, worker_seen_at=NOW, oldest_due_at=NOW), ()),
        (Signs(beat_seen_at=NOW - SILENT_AFTER, oldest_due_at=NOW - LATE_AFTER), ()),
        (Signs(beat_seen_at=LONG_AGO, worker_seen_at=NOW), ("beat-silent",)),
        (Signs(LONG_AGO, LONG_AGO, LONG_AGO), ("beat-silent", "worker-silent", "messages-late")),
        (Signs(oldest_due_at=LONG_AGO), ("messages-late",)),
        (Signs(oldest_due_at=LONG_AGO, held=True), ()),
        (Signs(oldest_due_at=NOW + timedelta(days=1)), ()),
    ],
    ids=["fresh", "well", "patient", "beat", "all", "messages", "held", "to come"],
)
def test_what_stands_still_is_named(signs: Signs, problems: tuple[str, ...]) -> None:
    assert problems_in(signs, now=NOW) == problems

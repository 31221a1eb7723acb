"""The clock that every process of a test reads: a file with the seconds by which all of them are ahead of time.

It is replaced as a whole. Whoever reads it while it moves reads one time or the other, and never an empty file, which
would send them back to today.
"""

from pathlib import Path


def set_ahead(clock: Path, seconds: float) -> None:
    """Be so far ahead from now on."""
    fresh = clock.with_suffix(".new")
    fresh.write_text(str(seconds))
    fresh.replace(clock)


def move_ahead(clock: Path, seconds: float) -> None:
    """Be so much further ahead."""
    set_ahead(clock, float(clock.read_text()) + seconds)

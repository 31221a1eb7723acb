"""The simulator's time: the machine's clock, the shared offset file and the simulator's own offset.

The file holds seconds as a decimal number; every process of a test reads the same one, so they move together.
"""

from __future__ import annotations

import time
from pathlib import Path


class Clock:
    """Seconds since 1970 as the simulated Stripe sees them."""

    def __init__(self, offset_file: Path | None) -> None:
        self.offset_file = offset_file
        self.own_offset = 0.0

    def now(self) -> int:
        return int(time.time() + self._file_offset() + self.own_offset)

    def _file_offset(self) -> float:
        if self.offset_file is None:
            return 0.0
        try:
            text = self.offset_file.read_text().strip()
        except FileNotFoundError:
            return 0.0
        return float(text) if text else 0.0

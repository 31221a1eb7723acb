"""The web application with the locks taken off, which no setting can do: only the negative control starts it.

It also dreams for a moment between looking and writing, as a busy machine may.
"""

import time
from typing import Any

from config.wsgi import application  # sets Django up, so it comes first

# isort: split
from booking.services import holds, places, room_picking

__all__ = ["application"]


def _find_place_and_dream(**wish: Any) -> places.Place:
    place = places.find_place(**wish)
    time.sleep(0.2)
    return place


holds.take_turns = lambda *_keys: None
holds.lock_resources = room_picking.lock_resources = lambda **_resources: None
holds.find_place = _find_place_and_dream  # type: ignore[assignment]

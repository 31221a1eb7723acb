"""One switch for everything that leaves the house: a restored copy must not write to people a second time."""

from datetime import datetime

from booking.reminders.models import SenderSwitch


def senders_released() -> bool:
    """Whether this installation may send messages and move money. A new installation may."""
    return SenderSwitch.objects.filter(released=False).first() is None


def hold_senders(*, reason: str, now: datetime) -> None:
    """From now on nothing is sent; rows wait."""
    _turn(released=False, reason=reason, now=now)


def release_senders(*, reason: str = "", now: datetime) -> None:
    """Send again. What lost its use in the meantime is skipped, visibly."""
    _turn(released=True, reason=reason, now=now)


def _turn(*, released: bool, reason: str, now: datetime) -> None:
    SenderSwitch.objects.update_or_create(id=1, defaults={"released": released, "reason": reason, "changed_at": now})

"""Where the request that is being answered comes from: what an AuditEvent keeps as its source."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_address: ContextVar[str] = ContextVar("address", default="")


def current_address() -> str:
    """The network address of the request being answered; empty outside requests."""
    return _address.get()


@contextmanager
def coming_from(address: str) -> Iterator[None]:
    """Remember the address while the block runs."""
    token = _address.set(address[:64])
    try:
        yield
    finally:
        _address.reset(token)

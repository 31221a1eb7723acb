"""Where a request comes from: what limits count by, and what an AuditEvent keeps as its source."""

import ipaddress
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.conf import settings
from django.http import HttpRequest

_address: ContextVar[str] = ContextVar("address", default="")


def address_of(request: HttpRequest) -> str:
    """The network address of whoever asks; behind our proxy the last one the proxy wrote down."""
    forwarded = request.headers.get("X-Forwarded-For", "") if settings.BEHIND_PROXY else ""
    return (forwarded.rpartition(",")[2].strip() or str(request.META.get("REMOTE_ADDR", "")))[:64]


def network_of(address: str) -> str:
    """The range that an address belongs to, for limits that a change of address must not get around: /24 or /48."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((known, 24 if known.version == 4 else 48), strict=False))


def current_address() -> str:
    """The network address of the request being answered; empty outside requests."""
    return _address.get()


@contextmanager
def coming_from(address: str) -> Iterator[None]:
    """Remember the address while the block runs."""
    token = _address.set(address)
    try:
        yield
    finally:
        _address.reset(token)

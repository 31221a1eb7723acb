"""Ports of this machine: the one that was asked for, and free ones near it for the rest."""

import errno
import socket

from config.local.errors import LocalError

_LAST = 65535


def read(text: str) -> int:
    """A port number from what somebody typed.

    :raises LocalError: it is not one
    """
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= _LAST:
        raise LocalError(f"PORT must be a number from 1 to {_LAST}, not {text!r}.")
    return int(text)


def require_free(port: int) -> None:
    """Make sure that we can listen there.

    :raises LocalError: somebody else does, or we may not
    """
    if error := _refusal(port):
        why = "is in use by another program" if error == errno.EADDRINUSE else "may not be used here"
        raise LocalError(
            f"Port {port} {why}; choose another with PORT=, for example: make run PORT={port % 50000 + 1080}"
        )


def free_near(port: int, *, taken: set[int]) -> int:
    """The first free port from a number upwards that is not among those taken.

    :raises LocalError: none of the next hundred is free
    """
    for candidate in range(port, min(port + 100, _LAST + 1)):
        if candidate not in taken and not _refusal(candidate):
            return candidate
    raise LocalError(f"No port is free from {port} on; choose another range with PORT=.")


def _refusal(port: int) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            return error.errno or errno.EIO
    return 0

"""Secrets of a local installation: made once, kept beside its data, readable by their owner only."""

import base64
import os
import secrets
from pathlib import Path

from config.local.errors import LocalError


def read_or_make(path: Path) -> dict[str, str]:
    """The secrets in the file, which is made with new ones if it is not there.

    :raises LocalError: the file can't be written or read
    """
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            _write_whole(path, _new())
        return read(path)
    except OSError as error:
        raise LocalError(f"{path} can't be used: {error.strerror}.") from None


def read(path: Path) -> dict[str, str]:
    """The NAME=value lines of a file."""
    lines = path.read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


def write(path: Path, values: dict[str, str]) -> None:
    """Write NAME=value lines into a file that only its owner can read."""
    _write_whole(path, "".join(f"{name}={value}\n" for name, value in values.items()))


def _new() -> str:
    key = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    return (
        "# Made once for this folder. Without FIELD_KEYS the answers in the database can't be read: keep a copy.\n"
        f"DJANGO_SECRET_KEY={secrets.token_urlsafe(50)}\n"
        f"FIELD_KEYS=k1:{key}\n"
        f"STRIPE_WEBHOOK_SECRETS=whsec_{secrets.token_hex(24)}\n"
    )


def _write_whole(path: Path, content: str) -> None:
    """Put the whole content there or nothing: half a key file would be worse than none."""
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)

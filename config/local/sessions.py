"""Finds and signals operating-system processes, told apart by session and start time: numbers are used again."""

import ctypes
import os
import pwd
import signal
import sys
from collections.abc import Callable

import psutil

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
_SAME_START = 2.0  # seconds two readings of one start time may differ by, since the boot time is rounded


def started_at(pid: int) -> float:
    """When the process started, in seconds since 1970; 0 if there is none."""
    try:
        return psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        return 0.0


def members(leader: int, started: float | None = None) -> list[psutil.Process]:
    """The living processes of the session that `leader` made.

    :param started: when the leader started; if its number was given to somebody else since, nothing is returned
    """
    if started is not None and (now := started_at(leader)) and abs(now - started) > _SAME_START:
        return []
    return [process for process in psutil.process_iter() if _session_of(process) == leader]


def tell(pid: int, what: signal.Signals) -> None:
    """Send a signal to a process that may have gone."""
    try:
        os.kill(pid, what)
    except ProcessLookupError:
        return


def dying_with_parent(how: signal.Signals) -> Callable[[], None] | None:
    """What a child runs before its program so that the kernel sends it a signal when its parent dies (Linux only)."""
    if _LIBC is None:
        return None
    libc, parent = _LIBC, os.getpid()

    def ask_the_kernel() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, int(how), 0, 0, 0)
        if os.getppid() != parent:  # it died before we could ask
            os._exit(1)

    return ask_the_kernel


def group_of(user: str | None) -> int | None:
    """The main group of a system user; None for None."""
    return None if user is None else pwd.getpwnam(user).pw_gid


def _session_of(process: psutil.Process) -> int | None:
    try:
        zombie = process.status() == psutil.STATUS_ZOMBIE
        return None if zombie else os.getsid(process.pid)
    except (psutil.NoSuchProcess, ProcessLookupError):
        return None

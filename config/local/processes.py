"""Runs programs as children: started in order, watched, restarted, stopped in reverse order, never left behind.

Each child leads a session of its own, so that Ctrl-C reaches only the runner, and asks the kernel (on Linux) for its
stop signal should the runner die without a word. What still survives is found by the next run in the record.
"""

import json
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from config.local.errors import LocalError
from config.local.sessions import dying_with_parent, group_of, members, started_at, tell

_LOG_LIMIT = 5 * 1024 * 1024  # bytes; a longer log is set aside when its program starts
_CALM = 60.0  # seconds a program must have lived for its earlier ends to be forgotten
_LONGEST_PAUSE = 30.0  # seconds between two restarts, at most


@dataclass(frozen=True, slots=True)
class Program:
    """One program to run, how to tell that it is ready and how to ask it to stop.

    :param user: the system user to run as; None is whoever runs the runner
    :param patience: seconds between the stop signal and SIGKILL
    :param ready: says whether the program answers; None means that a living process is enough
    """

    name: str
    argv: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    user: str | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    patience: float = 15.0
    ready: Callable[[], bool] | None = None


@dataclass(slots=True)
class _Child:
    program: Program
    process: subprocess.Popen[bytes]
    born: float
    failures: int
    restart_at: float | None = None


class Processes:
    """The programs of one runner; its folder keeps their logs and the record of who lives."""

    def __init__(self, *, folder: Path, say: Callable[[str], None] = print) -> None:
        self._logs = folder / "log"
        self._record = folder / "run" / "processes.json"
        self._say = say
        self._children: dict[str, _Child] = {}
        for place in (self._logs, self._record.parent):
            place.mkdir(parents=True, exist_ok=True)

    def start(self, program: Program, *, within: float = 30.0) -> None:
        """Start a program and wait until it is ready.

        :raises LocalError: it ended, or did not answer within so many seconds
        """
        deadline = time.monotonic() + within
        child = self._spawn(program)
        while not (program.ready is None or program.ready()):
            if child.process.poll() is not None:
                raise LocalError(f"{program.name} ended at once: {self._last_words(program.name)}")
            if time.monotonic() > deadline:
                log = self.log_of(program.name)
                raise LocalError(f"{program.name} did not answer within {within:.0f} seconds; see {log}")
            time.sleep(0.05)

    def log_of(self, name: str) -> Path:
        """The file that holds what the program printed."""
        return self._logs / f"{name}.log"

    def pid_of(self, name: str) -> int:
        """The process id of a started program."""
        return self._children[name].process.pid

    def watch(self) -> None:
        """Restart what has died, each time after a longer pause; to be called about once a second."""
        now = time.monotonic()
        for child in list(self._children.values()):
            if child.restart_at is None and (code := child.process.poll()) is not None:
                child.failures = 1 if now - child.born > _CALM else child.failures + 1
                pause = min(2.0 ** (child.failures - 1), _LONGEST_PAUSE)
                child.restart_at = now + pause
                self._say(f"{child.program.name} ended ({_in_words(code)}); it starts again in {pause:.0f} s.")
            elif child.restart_at is not None and now >= child.restart_at:
                _kill_session(child.process.pid)
                self._spawn(child.program, failures=child.failures)

    def stop(self, name: str) -> Program:
        """Ask one program to stop, kill what is left of it after its patience, and hand it back."""
        child = self._children[name]
        if child.process.poll() is None:
            tell(child.process.pid, child.program.stop_signal)
        try:
            child.process.wait(child.program.patience)
        except subprocess.TimeoutExpired:
            self._say(f"{name} did not stop within {child.program.patience:.0f} s and was killed.")
        self.kill(name)
        del self._children[name]
        self._write_record()
        return child.program

    def stop_all(self) -> None:
        """Stop every program, the last started first."""
        for name in reversed(list(self._children)):
            self.stop(name)

    def kill(self, name: str) -> None:
        """End one program and its own children without a word, as a power cut would; only `watch` restarts it."""
        process = self._children[name].process
        _kill_session(process.pid)
        process.wait()

    def end_leftovers(self, *, patience: float = 10.0) -> None:
        """End what a killed run left alive, in the order in which it would have been stopped."""
        for entry in reversed(self._read_record()):
            leftovers = members(entry["pid"], entry["started"])
            for process in leftovers:
                tell(process.pid, signal.Signals(entry["signal"]))
            for process in psutil.wait_procs(leftovers, timeout=patience)[1]:
                tell(process.pid, signal.SIGKILL)
        self._write_record()

    def _spawn(self, program: Program, *, failures: int = 0) -> _Child:
        log = self.log_of(program.name)
        if log.exists() and log.stat().st_size > _LOG_LIMIT:
            log.replace(log.with_suffix(".log.1"))
        with log.open("ab") as output:
            process = subprocess.Popen(
                list(program.argv),
                env=dict(program.environment),
                cwd=program.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=program.user,
                group=group_of(program.user),
                extra_groups=None if program.user is None else [],
                preexec_fn=dying_with_parent(program.stop_signal),
            )
        child = _Child(program, process, time.monotonic(), failures)
        self._children[program.name] = child
        self._write_record()
        return child

    def _last_words(self, name: str) -> str:
        lines = self.log_of(name).read_text(errors="replace").strip().splitlines()
        return lines[-1].strip() if lines else "it printed nothing"

    def _read_record(self) -> list[dict[str, int]]:
        return json.loads(self._record.read_text()) if self._record.exists() else []

    def _write_record(self) -> None:
        entries = [
            {"pid": pid, "started": started_at(pid), "signal": int(child.program.stop_signal)}
            for child in self._children.values()
            if (pid := child.process.pid)
        ]
        fresh = self._record.with_suffix(".new")
        fresh.write_text(json.dumps(entries))
        fresh.replace(self._record)


def _kill_session(leader: int) -> None:
    for process in members(leader):
        tell(process.pid, signal.SIGKILL)


def _in_words(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"

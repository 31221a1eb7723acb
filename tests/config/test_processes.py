"""The runner starts, restarts and stops programs, and leaves nobody behind."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from config.local.environment import ROOT
from config.local.errors import LocalError
from config.local.processes import Processes, Program

SLEEPS = "import time; time.sleep(60)"


def program(name: str, code: str = SLEEPS, ready: Callable[[], bool] | None = None, patience: float = 5.0) -> Program:
    argv = [sys.executable, "-c", code]
    return Program(name=name, argv=argv, environment={}, folder=Path("/"), ready=ready, patience=patience)


def until(holds: Callable[[], bool], within: float = 10.0) -> bool:
    deadline = time.monotonic() + within
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.05)
    return holds()


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def runner(tmp_path: Path, said: list[str]) -> Iterator[Processes]:
    processes = Processes(folder=tmp_path, say=said.append)
    yield processes
    processes.stop_all()


def test_the_last_started_stops_first(runner: Processes, tmp_path: Path) -> None:
    note, code = tmp_path / "note", "import signal, sys, time\n"
    code += "signal.signal(signal.SIGTERM, lambda *_: (open({0!r}, 'a').write({1!r}), sys.exit()))\n"
    code += "open({2!r}, 'w')\ntime.sleep(60)"
    for name in "abc":
        here = tmp_path / f"{name}.here"
        runner.start(program(name, code.format(str(note), name, str(here)), ready=here.exists))
    runner.stop_all()
    assert note.read_text() == "cba"


def test_a_program_that_ends_at_once_is_told_with_its_last_words(runner: Processes) -> None:
    with pytest.raises(LocalError, match=r"^web ended at once: no such table$"):
        runner.start(program("web", "print('starting'); print('no such table')", ready=lambda: False))


def test_a_program_that_never_answers_is_told_with_its_log(runner: Processes, tmp_path: Path) -> None:
    with pytest.raises(LocalError) as trouble:
        runner.start(program("web", ready=lambda: False), within=0.2)
    assert str(trouble.value) == f"web did not answer within 0 seconds; see {tmp_path}/log/web.log"


def test_a_dead_program_is_started_again_and_said_in_one_line(runner: Processes, said: list[str]) -> None:
    runner.start(program("worker"))
    first = runner.pid_of("worker")
    os.kill(first, signal.SIGKILL)

    def restarted() -> bool:
        runner.watch()
        return runner.pid_of("worker") != first

    assert until(restarted)
    assert said == ["worker ended (killed by SIGKILL); it starts again in 1 s."]


def test_each_further_end_waits_longer(runner: Processes, said: list[str]) -> None:
    runner.start(program("worker", "raise SystemExit(3)"))
    assert until(lambda: runner.watch() or len(said) == 2)
    assert said == [f"worker ended (exit code 3); it starts again in {pause} s." for pause in (1, 2)]


def test_who_does_not_listen_is_killed_with_its_own_children(
    runner: Processes, said: list[str], tmp_path: Path
) -> None:
    child = tmp_path / "child"
    code = f"""
        import pathlib, signal, subprocess, sys, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        pathlib.Path({str(child)!r}).write_text(str(subprocess.Popen([sys.executable, "-c", {SLEEPS!r}]).pid))
        time.sleep(60)"""
    runner.start(program("deaf", textwrap.dedent(code), lambda: child.exists() and child.read_text() != "", 0.3))
    runner.stop("deaf")
    assert said == ["deaf did not stop within 0 s and was killed."]
    assert until(lambda: not psutil.pid_exists(int(child.read_text())))


def run_and_kill(folder: Path, code: str) -> int:
    """Kill -9 a runner of one program; the answer is the program's number."""
    script = f"""
        import sys, time
        from pathlib import Path
        from config.local.processes import Processes, Program
        runner = Processes(folder=Path({str(folder)!r}))
        runner.start(Program(name="a", argv=[sys.executable, "-c", {code!r}], environment={{}}, folder=Path("/")))
        print(runner.pid_of("a"), flush=True)
        time.sleep(60)"""
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as runner:
        assert runner.stdout is not None
        pid = int(runner.stdout.readline())
        assert until((folder / "ready").exists)
        runner.kill()
    return pid


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children of their parent's death")
def test_programs_stop_when_their_runner_is_killed(tmp_path: Path) -> None:
    pid = run_and_kill(tmp_path, f"open({str(tmp_path / 'ready')!r}, 'w'); {SLEEPS}")
    assert until(lambda: not psutil.pid_exists(pid))


def test_what_survives_a_killed_runner_is_ended_by_the_next(tmp_path: Path) -> None:
    deaf = f"import signal; signal.signal(15, signal.SIG_IGN); open({str(tmp_path / 'ready')!r}, 'w'); {SLEEPS}"
    pid = run_and_kill(tmp_path, deaf)
    assert psutil.pid_exists(pid)
    Processes(folder=tmp_path).end_leftovers(patience=0.5)
    assert until(lambda: not psutil.pid_exists(pid))


def test_a_stranger_with_a_number_used_again_is_left_alone(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", SLEEPS], start_new_session=True) as stranger:
        processes = Processes(folder=tmp_path)
        record = [{"pid": stranger.pid, "started": time.time() - 3600, "signal": int(signal.SIGTERM)}]
        (tmp_path / "run" / "processes.json").write_text(json.dumps(record))
        processes.end_leftovers()
        assert stranger.poll() is None
        stranger.kill()

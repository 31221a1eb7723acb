"""`manage.py up` from outside: every failure is one line, and a killed run comes back with its data."""

import contextlib
import fcntl
import os
import pty
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import psutil
import psycopg
import pytest

from config.local import ports, secrets
from config.local.environment import DATABASE, ROOT, addresses_file, postgres_in


def command(var: Path, *, stdin: int = subprocess.DEVNULL, **given: object) -> subprocess.Popen[str]:
    """Start `manage.py up` on a data folder of its own, with nothing of the tests' environment."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(var), "DRYPOINT_VAR": str(var)}
    environment |= {name: str(value) for name, value in given.items()}
    argv = [sys.executable, str(ROOT / "manage.py"), "up"]
    return subprocess.Popen(
        argv, env=environment, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def refusal(var: Path, **given: object) -> str:
    """The one line with which it refuses to start."""
    process = command(var, **given)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    (line,) = errors.splitlines()
    assert line.startswith("drypoint: ")
    return line.removeprefix("drypoint: ")


@pytest.fixture
def port() -> int:
    return ports.free_near(21_000 + os.getpid() % 9_000, taken=set())


def test_a_busy_port(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert refusal(tmp_path, PORT=port).startswith(f"Port {port} is in use by another program; choose another")


@pytest.mark.parametrize("port", ["web", "0", "65536", "80.5"])
def test_a_port_that_is_none(tmp_path: Path, port: str) -> None:
    assert refusal(tmp_path, PORT=port) == f"PORT must be a number from 1 to 65535, not {port!r}."


def test_a_database_that_is_not_there(tmp_path: Path, port: int) -> None:
    line = refusal(tmp_path, PORT=port, DATABASE_URL="postgresql://user:secret@127.0.0.1:1/clinic")
    assert line.startswith("The database of DATABASE_URL does not answer: ")
    assert "Connection refused" in line
    assert "secret" not in line


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("DATABASE_URL", "clinic.db", "DATABASE_URL must look like postgresql://"),
        ("DATABASE_URL", "postgresql://h/d?no=1", "DATABASE_URL can't be read: invalid URI query parameter."),
        ("EMAIL_URL", "pigeon://h", "EMAIL_URL can't be read: "),
        ("SITE_URL", "clinic.example", "SITE_URL must look like https://clinic.example"),
        ("SITE_URL", "http://[clinic", "SITE_URL must look like https://clinic.example"),
    ],
)
def test_an_address_that_can_not_be_read(tmp_path: Path, port: int, name: str, value: str, words: str) -> None:
    assert refusal(tmp_path, PORT=port, **{name: value}).startswith(words)


@pytest.mark.parametrize("address", ["redis://127.0.0.1:1/0", "amqp://127.0.0.1:1//", "nonsense", "redis://h:port/0"])
def test_a_broker_that_is_not_there(tmp_path: Path, port: int, database_url: str, address: str) -> None:
    line = refusal(tmp_path, PORT=port, REDIS_URL=address, DATABASE_URL=database_url)
    assert line.startswith("The broker of REDIS_URL does not answer: ")


def test_a_folder_that_can_not_be_written_to(port: int) -> None:
    line = refusal(Path("/proc/nowhere"), PORT=port)
    assert line.startswith("/proc/nowhere/secrets.env can't be used: ")


def test_a_second_run_from_the_same_folder(tmp_path: Path, port: int) -> None:
    (tmp_path / "run").mkdir()
    with (tmp_path / "run" / "lock").open("w") as held:
        held.write("4711")
        held.flush()
        fcntl.flock(held, fcntl.LOCK_EX)
        assert refusal(tmp_path, PORT=port) == "Drypoint runs from this folder already (process 4711)."


@pytest.fixture
def var(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    for process in psutil.process_iter(["cmdline"]):
        if str(tmp_path) in " ".join(process.info["cmdline"] or []):
            process.kill()


@pytest.mark.chaos
def test_kill_9_of_the_lot_and_another_run_comes_back_with_the_data(var: Path, port: int) -> None:
    first = running(var, port)
    with psycopg.connect(postgres_in(var).address(DATABASE)) as connection:
        connection.execute("create table kept as select 42 as n")
    lot = [psutil.Process(first.pid), *psutil.Process(first.pid).children(recursive=True)]
    for process in lot:
        with contextlib.suppress(psutil.NoSuchProcess):  # those that heard of the runner's end were faster
            process.kill()
    second = running(var, port)
    with psycopg.connect(postgres_in(var).address(DATABASE)) as connection:
        assert connection.execute("select n from kept").fetchall() == [(42,)]
    children = psutil.Process(second.pid).children(recursive=True)
    second.send_signal(signal.SIGINT)
    assert second.wait(60) == 0
    assert psutil.wait_procs(children, timeout=5)[1] == []
    assert not addresses_file(var).exists()


@pytest.mark.chaos
def test_a_closed_terminal_ends_the_run_even_if_nobody_passes_the_signal_on(var: Path, port: int) -> None:
    terminal, ours = pty.openpty()
    run = running(var, port, stdin=ours)
    os.close(ours)
    children = psutil.Process(run.pid).children(recursive=True)
    os.close(terminal)
    assert run.wait(60) == 0
    assert psutil.wait_procs(children, timeout=5)[1] == []


def running(var: Path, port: int, *, stdin: int = subprocess.DEVNULL) -> "subprocess.Popen[str]":
    """A run, once the web answers and the addresses were printed."""
    process = command(var, stdin=stdin, PORT=port)
    deadline = time.monotonic() + 480
    assert process.stdout is not None
    for line in process.stdout:
        assert time.monotonic() < deadline
        if line.startswith("Ctrl-C stops everything"):
            break
    else:
        pytest.fail(f"It ended: {process.communicate()[1]}")
    site = secrets.read(addresses_file(var))["SITE_URL"]
    assert site == f"http://127.0.0.1:{port}"
    assert urlopen(f"{site}/healthz", timeout=10).status == 200
    return process


@pytest.mark.parametrize("program", ["tests.simulators.mail", "tests.simulators.stripe"])
def test_the_simulators_start_where_nothing_is_installed_for_tests(program: str) -> None:
    """`make run` installs neither pytest nor what comes with it."""
    start = "import runpy, sys; sys.modules['pytest'] = None; sys.argv[1:] = ['--help']"
    code = f"{start}; runpy.run_module({program!r}, run_name='__main__', alter_sys=True)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "--port" in done.stdout or "--http-port" in done.stdout

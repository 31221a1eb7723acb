"""The embedded database and broker keep what they acknowledged, whatever happens to them."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from config.local.environment import DATABASE, ROOT, postgres_in, valkey_in
from config.local.postgres import Postgres
from config.local.processes import Processes


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[Processes]:
    processes = Processes(folder=tmp_path)
    yield processes
    processes.stop_all()


def start(runner: Processes, postgres: Postgres) -> None:
    postgres.prepare()
    runner.start(postgres.program())


def rows(postgres: Postgres) -> list[tuple[int]]:
    with psycopg.connect(postgres.address("clinic")) as connection:
        return connection.execute("select n from visit order by n").fetchall()


def test_the_database_comes_back_with_its_rows_after_kill_9(runner: Processes, tmp_path: Path) -> None:
    postgres = postgres_in(tmp_path)
    start(runner, postgres)
    assert postgres.make_database("clinic")
    with psycopg.connect(postgres.address("clinic")) as connection:
        connection.execute("create table visit (n int)")
        connection.execute("insert into visit values (1), (2)")
    runner.kill("postgres")
    assert (postgres.data / "postmaster.pid").exists()
    runner.stop("postgres")
    start(runner, postgres)
    assert not postgres.make_database("clinic")
    assert rows(postgres) == [(1,), (2,)]


def test_a_lock_of_a_dead_server_whose_number_is_ours_now_does_not_stop_the_start(
    runner: Processes, tmp_path: Path
) -> None:
    postgres = postgres_in(tmp_path)
    postgres.prepare()
    (postgres.data / "postmaster.pid").write_text(f"{os.getpid()}\n")
    start(runner, postgres)
    assert postgres.answers()


def test_a_half_made_data_folder_is_made_again(runner: Processes, tmp_path: Path) -> None:
    postgres = postgres_in(tmp_path)
    (tmp_path / "postgres.new").mkdir()
    (tmp_path / "postgres.new" / "PG_VERSION").write_text("half")
    start(runner, postgres)
    assert postgres.answers()


def test_the_broker_comes_back_with_its_queue_after_kill_9(runner: Processes, tmp_path: Path) -> None:
    valkey = valkey_in(tmp_path)
    runner.start(valkey.program())
    client = redis.Redis(unix_socket_path=str(valkey.socket))
    client.config_set("appendfsync", "always")
    client.rpush("celery", "task")
    runner.kill("valkey")
    runner.stop("valkey")
    runner.start(valkey.program())
    assert client.lrange("celery", 0, -1) == [b"task"]


def test_a_folder_too_deep_for_a_socket_works_too(runner: Processes, tmp_path: Path) -> None:
    deep = tmp_path / ("deep" * 20) / "var"
    postgres, valkey = postgres_in(deep), valkey_in(deep)
    start(runner, postgres)
    runner.start(valkey.program())
    assert postgres.answers()
    assert valkey.answers()
    assert len(str(valkey.socket)) < 100


SERVICES = """
import sys, time
from pathlib import Path
from config.local.stack import Stack
stack = Stack(var=Path(sys.argv[1]), given={})
stack.processes.end_leftovers()
stack.start_services()
print("up", flush=True)
time.sleep(60)
"""


def run_services(var: Path) -> "subprocess.Popen[str]":
    """A runner of both services, once they answer."""
    argv = [sys.executable, "-c", SERVICES, str(var)]
    process = subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n", process.communicate()[1]
    return process


def kill_9(runner: "subprocess.Popen[str]") -> None:
    """Kill the runner and all that it started, at once and without burying anybody."""
    lot = [psutil.Process(runner.pid), *psutil.Process(runner.pid).children(recursive=True)]
    for process in lot:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def test_both_come_back_with_the_data_when_the_runner_and_all_of_its_children_are_killed(tmp_path: Path) -> None:
    runners = [run_services(tmp_path)]
    with psycopg.connect(postgres_in(tmp_path).address(DATABASE)) as connection:
        connection.execute("create table kept as select 42 as n")
    for _ in range(3):
        kill_9(runners[-1])
        runners.append(run_services(tmp_path))
    with psycopg.connect(postgres_in(tmp_path).address(DATABASE)) as connection:
        assert connection.execute("select n from kept").fetchall() == [(42,)]
    kill_9(runners[-1])
    for runner in runners:
        runner.communicate()

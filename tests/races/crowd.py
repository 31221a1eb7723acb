"""Processes that all do one thing at the same moment, against the committed data of the test's database."""

import multiprocessing
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from typing import Any

from django.db import connection, connections

from intake.errors import DrypointError

Deed = Callable[..., None]


def at_once(*deeds: tuple[Deed, Sequence[Any]], workers: int | None = None) -> Counter[str]:
    """Run every deed (a function of a module and its arguments) at the same moment and count what came of them:
    "done", or the code of our error, or "crash: ..." for anything else.

    Each of `workers` processes (as many as deeds without it) takes its share of the deeds one after the other.
    """
    crowd = multiprocessing.get_context("fork")  # quick, and Django is there already
    workers = min(workers or len(deeds), len(deeds))
    start, results = crowd.Barrier(workers), crowd.Queue()
    connections.close_all()  # each process opens its own
    processes = [
        crowd.Process(target=_work, args=(deeds[number::workers], start, results)) for number in range(workers)
    ]
    for process in processes:
        process.start()
    counted = Counter(results.get(timeout=60) for _ in deeds)
    for process in processes:
        process.join()
    return counted


def _work(deeds: Sequence[tuple[Deed, Sequence[Any]]], start: Barrier, results: "Queue[str]") -> None:
    forget_inherited()
    connection.ensure_connection()
    start.wait(timeout=60)
    for deed, arguments in deeds:
        results.put(_outcome(deed, arguments))
    connections.close_all()


def forget_inherited() -> None:
    """In a forked child: connections that the parent may still hold are forgotten, not closed. A browser's event loop
    hides some of them from the parent's `connections.close_all()`, and not from the child, where no loop runs.
    """
    for inherited in connections.all(initialized_only=True):
        inherited.connection = None


def _outcome(deed: Deed, arguments: Sequence[Any]) -> str:
    try:
        deed(*arguments)
    except DrypointError as error:
        return error.code
    except Exception as error:  # noqa: BLE001 - the race must report whatever went wrong
        traceback.print_exc()
        return f"crash: {type(error).__name__}"
    return "done"

"""The negative controls of the races: the same doors with their guards taken off."""

import pkgutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Any
from unittest import mock

from django.db import connection
from django.db.models import Model, QuerySet


@contextmanager
def unlocked(really: bool = True) -> Iterator[None]:
    """No row is locked by whatever this process does in here, and nobody waits for their turn."""
    if not really:
        yield
        return
    rows = mock.patch.object(QuerySet, "select_for_update", lambda rows, **_how: rows)
    with rows, mock.patch("booking.services.holds.take_turns"):
        yield


class Meeting:
    """Two processes: what one does falls between the other's looking and writing.

    Without locks it is done by then; with them it waits, while the other takes its time.
    """

    def __init__(self, *, locked: bool) -> None:
        crowd = get_context("fork")
        self.locked, self._looked, self._through = locked, crowd.Event(), crowd.Event()

    def nap(self) -> None:
        """The one has looked."""
        self._looked.set()
        self._through.wait(timeout=0.15 if self.locked else 30)

    @contextmanager
    def in_between(self) -> Iterator[None]:
        """The other comes now."""
        self._looked.wait(timeout=30)
        try:
            with unlocked(not self.locked):
                yield
        finally:
            self._through.set()


@contextmanager
def dreaming(where: str, nap: Callable[[], object]) -> Iterator[None]:
    """Whoever calls this function (by its full name) takes a nap before going on with what it said."""
    function: Callable[..., Any] = pkgutil.resolve_name(where)

    def look_and_dream(*looked: Any, **at: Any) -> Any:
        found = function(*looked, **at)
        nap()
        return found

    with mock.patch(where, look_and_dream):
        yield


@contextmanager
def without(model: type[Model], name: str) -> Iterator[None]:
    """The database lets rows pass that this constraint would refuse; they must be gone when it comes back."""
    constraint = next(one for one in model._meta.constraints if one.name == name)
    with connection.schema_editor() as editor:
        editor.remove_constraint(model, constraint)
    yield
    with connection.schema_editor() as editor:
        editor.add_constraint(model, constraint)

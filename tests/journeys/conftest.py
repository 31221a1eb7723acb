"""The people of the journeys."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser

from tests.journeys import steps
from tests.journeys.steps import SignIn, Visitor
from tests.live import LiveStack

Somebody = Callable[..., Visitor]


@pytest.fixture
def somebody(browser: Browser, live_stack: LiveStack) -> Iterator[Somebody]:
    """Makes a visitor with a browser of their own; at the end nothing was wrong in any of them."""
    made: list[Visitor] = []

    def make(**options: object) -> Visitor:
        made.append(steps.visitor(browser, live_stack.url, **options))
        return made[-1]

    yield make
    for one in made:
        steps.leaves_content(one)


@pytest.fixture(scope="module")
def people(live_stack: LiveStack) -> list[SignIn]:
    return steps.sign_ins(live_stack)


@pytest.fixture
def reception(people: list[SignIn], somebody: Somebody) -> Callable[[], Visitor]:
    def comes() -> Visitor:
        desk = somebody(width=1440)
        steps.signs_in(desk, next(one for one in people if one.role == "reception"))
        return desk

    return comes

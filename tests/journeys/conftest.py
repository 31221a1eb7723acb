"""The people of the journeys."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser

from tests.journeys import evidence, steps
from tests.journeys.steps import SignIn, Visitor
from tests.live import LiveStack

Somebody = Callable[..., Visitor]


@pytest.fixture(scope="module", autouse=True)
def _all_is_well_after_everybody(live_stack: LiveStack) -> Iterator[None]:
    """Whatever became of them all; each look at the promises starts a program of its own."""
    yield
    evidence.all_is_well(live_stack)


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
def colleague(people: list[SignIn], somebody: Somebody) -> Somebody:
    """Signs somebody of the clinic in, by name or role."""

    def comes(*, name: str = "", role: str = "") -> Visitor:
        member = somebody(width=1440)
        steps.signs_in(member, next(one for one in people if name in one.name and role in one.role))
        return member

    return comes


@pytest.fixture
def reception(colleague: Somebody) -> Callable[[], Visitor]:
    return lambda: colleague(role="reception")

"""Two webs, two workers and two clocks on one database and one broker (Valkey, which speaks Redis)."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from config.local import ports, programs
from tests.chaos import callers
from tests.journeys import evidence
from tests.live import LiveStack

pytestmark = pytest.mark.xdist_group("live-2")


@pytest.fixture
def second_site(live_stack: LiveStack, tmp_path: Path) -> str:
    """One more of everything that a second machine would run; the address of its web."""
    given = live_stack.environment
    port = ports.free_near(live_stack.ports.web + 200, taken=set())
    web = programs.web(given, port=port, workers=1)
    beat = programs.beat(given, memory=tmp_path / "beat", name="beat2")
    live_stack.add(programs.Program(**{**_fields(web), "name": "web2"}))
    live_stack.add(programs.worker(given, name="worker2", processes=1))
    live_stack.add(beat)
    return f"http://127.0.0.1:{port}"


def _fields(program: programs.Program) -> dict[str, object]:
    return {name: getattr(program, name) for name in program.__dataclass_fields__}


def test_two_machines_book_each_time_once_and_send_each_message_once(live_stack: LiveStack, second_site: str) -> None:
    # Given the free times of a day to come, and two people for each, one on either machine
    times = _of_one_day(callers.free_calls(live_stack.url, after=evidence.time_now(live_stack) + timedelta(days=4)))
    rivals = [callers.wishes(times, who="here"), callers.wishes(times, who="there")]

    # When all of them book at once
    with ThreadPoolExecutor(8) as crowd:
        on_one = crowd.map(lambda wish: callers.book(live_stack.url, wish, patience=20)[0], rivals[0])
        on_other = crowd.map(lambda wish: callers.book(second_site, wish, patience=20)[0], rivals[1])
        outcomes = list(zip(list(on_one), list(on_other), strict=True))

    # then each time has one winner, whose confirmation comes once
    assert [sorted(pair) for pair in outcomes] == [[201, 409]] * len(times)
    pairs = zip(*rivals, outcomes, strict=True)
    winners = [(here if pair[0] == 201 else there).email for here, there, pair in pairs]
    evidence.comes_true(
        lambda: _subjects(live_stack, winners, "Your appointment is booked") == dict.fromkeys(winners, 1)
    )

    # and when their reminders are due, with two clocks asking and two workers sending, each comes once too
    last = max(datetime.fromisoformat(start) for start, _ in times)
    evidence.let_it_become(live_stack, last - timedelta(hours=47))
    evidence.comes_true(
        lambda: _subjects(live_stack, winners, "Your appointment: ") == dict.fromkeys(winners, 1), within=180
    )
    assert _twice(live_stack, winners) == []
    evidence.all_is_well(live_stack)


def _of_one_day(times: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Those of the day with the most, so that their reminders are due together."""
    (day, _), *_ = Counter(start[:10] for start, _ in times).most_common(1)
    return [one for one in times if one[0].startswith(day)]


def _subjects(stack: LiveStack, people: list[str], beginning: str) -> dict[str, int]:
    mails = [mail for mail in stack.mail.messages() if mail["subject"].startswith(beginning)]
    return {who: count for who, count in Counter(mail["to"][0] for mail in mails).items() if who in people}


def _twice(stack: LiveStack, people: list[str]) -> list[str]:
    """Mails that were delivered more than once, by their Message-ID."""
    seen = Counter(mail["message_id"] for mail in stack.mail.messages() if mail["to"][0] in people)
    return [one for one, count in seen.items() if count > 1]

"""The real worker, beat and broker: what they lose, they lose in front of rows that wait."""

import json
import time
from collections import Counter
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from config.local import programs
from tests.live import LiveStack

pytestmark = pytest.mark.chaos

QUEUE = """
from intake.clock import now
from booking.reminders.services import queue_sign_in_mail
for number in range({count}):
    queue_sign_in_mail(recipient=f"{who}{{number}}@example.test", language="en", template="sign-in-code",
                       context={{"code": "KX7M"}}, now=now())
"""


def queue(stack: LiveStack, who: str, count: int) -> list[str]:
    stack.manage("shell", "-c", QUEUE.format(who=who, count=count))
    return sorted(f"{who}{number}@example.test" for number in range(count))


def arrived(stack: LiveStack, who: str) -> list[str]:
    return sorted(address for mail in stack.mail.messages(to=who) for address in mail["to"])


def wait_for_all(stack: LiveStack, who: str, expected: list[str], *, within: float) -> None:
    deadline = time.monotonic() + within
    while arrived(stack, who) != expected and time.monotonic() < deadline:
        time.sleep(0.5)
    assert arrived(stack, who) == expected


def test_while_the_broker_is_down_messages_wait_and_drain_within_a_minute_of_its_return(live_stack: LiveStack) -> None:
    live_stack.kill("valkey")
    expected = queue(live_stack, "broker", 20)
    time.sleep(8)
    assert arrived(live_stack, "broker") == []
    live_stack.start("valkey")
    wait_for_all(live_stack, "broker", expected, within=60)


def test_while_the_mail_server_is_down_messages_wait_and_drain_within_a_minute_of_its_return(
    live_stack: LiveStack,
) -> None:
    live_stack.kill("mail")
    expected = queue(live_stack, "server", 20)
    time.sleep(8)
    live_stack.start("mail")
    wait_for_all(live_stack, "server", expected, within=60)


def test_a_killed_worker_s_messages_go_out_by_the_next_one(live_stack: LiveStack) -> None:
    live_stack.mail.fail(delay=0.2)
    expected = queue(live_stack, "worker", 20)
    live_stack.kill("worker")
    live_stack.mail.fail()
    live_stack.move_clock(minutes=2)
    live_stack.start("worker")
    deadline = time.monotonic() + 60
    while len(set(arrived(live_stack, "worker"))) < len(expected) and time.monotonic() < deadline:
        time.sleep(0.5)
    assert sorted(set(arrived(live_stack, "worker"))) == expected
    assert len(arrived(live_stack, "worker")) <= len(expected) + 1  # the one in its hands may come twice, as one mail


def readiness(stack: LiveStack) -> tuple[int, list[str]]:
    try:
        with urlopen(f"{stack.url}/readyz") as answer:
            return answer.status, json.load(answer)["reasons"]
    except HTTPError as refusal:
        return refusal.code, json.load(refusal)["reasons"]


def wait_for_readiness(stack: LiveStack, expected: tuple[int, list[str]]) -> None:
    deadline = time.monotonic() + 60
    while readiness(stack) != expected and time.monotonic() < deadline:
        time.sleep(0.5)
    assert readiness(stack) == expected


def test_the_owner_is_mailed_once_when_worker_and_beat_are_dead_and_once_when_they_are_back(
    live_stack: LiveStack,
) -> None:
    live_stack.add(programs.watch(live_stack.environment, every=1))
    wait_for_readiness(live_stack, (200, []))
    time.sleep(15)  # both have shown themselves by then
    live_stack.kill("worker")
    live_stack.kill("beat")
    queue(live_stack, "stuck", 1)
    live_stack.move_clock(minutes=11)
    wait_for_readiness(live_stack, (503, ["beat-silent", "worker-silent", "messages-late"]))
    live_stack.mail.wait_for(to="owner", containing="Messages and other work have stopped", within=30)
    time.sleep(5)
    live_stack.start("worker")
    live_stack.start("beat")
    live_stack.mail.wait_for(to="owner", containing="Messages and other work go on", within=60)
    live_stack.stop("watch")
    told = Counter(mail["subject"] for mail in live_stack.mail.messages(to="owner"))
    assert told == {"Messages and other work have stopped": 1, "Messages and other work go on": 1}
    assert readiness(live_stack) == (200, [])

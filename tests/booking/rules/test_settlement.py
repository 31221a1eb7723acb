"""What follows from how a payment stands."""

import pytest

from booking.rules.settlement import Step, next_step, state_seen


@pytest.mark.parametrize(
    ("session", "intent", "was_authorised", "state"),
    [
        ("", "", False, "open"),
        ("open", "", False, "open"),
        ("open", "requires_payment_method", False, "open"),
        ("open", "requires_action", False, "open"),
        ("complete", "requires_capture", False, "authorised"),
        ("complete", "requires_capture", True, "authorised"),
        ("complete", "processing", False, "open"),
        ("complete", "succeeded", True, "captured"),
        ("complete", "canceled", True, "voided"),
        ("expired", "canceled", False, "lapsed"),
        ("expired", "", False, "lapsed"),
        ("expired", "requires_payment_method", False, "lapsed"),
    ],
)
def test_states(session: str, intent: str, was_authorised: bool, state: str) -> None:
    assert state_seen(session=session, intent=intent, was_authorised=was_authorised) == state


def step(**over: object) -> Step | None:
    stands = {"session": "complete", "intent": "", "capturable": 0, "received": 0, "sent_back": 0, "keep": None}
    return next_step(**stands | over)  # type: ignore[arg-type]


HELD = {"intent": "requires_capture", "capturable": 3000}
TAKEN = {"intent": "succeeded", "received": 3000}


@pytest.mark.parametrize(
    ("stands", "wanted"),
    [
        (HELD, None),
        (HELD | {"keep": 3000}, Step("capture", 3000)),
        (HELD | {"keep": 1000}, Step("capture", 1000)),
        (HELD | {"keep": 5000}, Step("capture", 3000)),
        (HELD | {"keep": 0}, Step("void", 3000)),
        (TAKEN, None),
        (TAKEN | {"keep": 3000}, None),
        (TAKEN | {"keep": 0}, Step("refund", 3000)),
        (TAKEN | {"keep": 1000, "sent_back": 500}, Step("refund", 1500)),
        (TAKEN | {"keep": 1000, "sent_back": 2000}, None),
        (TAKEN | {"keep": 1000, "sent_back": 2500}, None),
        (TAKEN | {"keep": 0, "disputed": 3000}, None),
        (TAKEN | {"keep": 500, "sent_back": 1000, "disputed": 1200}, Step("refund", 300)),
        ({"intent": "canceled", "keep": 0}, None),
        ({"session": "open"}, None),
        ({"session": "open", "keep": 0}, Step("expire_session", 0)),
        ({"session": "open", "end_checkout": True}, Step("expire_session", 0)),
        ({"session": "expired", "end_checkout": True}, None),
        (HELD | {"end_checkout": True}, None),
    ],
)
def test_steps(stands: dict[str, object], wanted: Step | None) -> None:
    assert step(**stands) == wanted

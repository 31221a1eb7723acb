from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from booking.rules.texting import Written, is_french, keyword_of, visits_asked_about

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
ONE, OTHER = UUID(int=1), UUID(int=2)


@pytest.mark.parametrize(
    ("text", "keyword"),
    [
        ("STOP", "stop"),
        (" stop. ", "stop"),
        ("Arrêt", "stop"),
        ("ARRET!", "stop"),
        ("Start", "start"),
        ("help?", "help"),
        ("AIDE", "help"),
        ("C", "confirm"),
        (" c. ", "confirm"),
        ("“C”", "confirm"),
        ("1", "confirm"),
        ("1️⃣", "confirm"),  # the key as an emoji
        ("C 👍", "confirm"),
        ("Confirmed!", "confirm"),
        ("Je confirme", "confirm"),
        ("Yes", "yes"),
        ("OK.", "yes"),
        ("d’accord", "yes"),
        ("Can't come", "cannot"),
        ("I can’t make it tomorrow, sorry", "cannot"),
        ("Cancel", "cannot"),
        ("Please cancel my appointment", "cannot"),
        ("Annuler", "cannot"),
        ("Je ne peux pas venir", "cannot"),
        ("Désolée, on ne pourra pas venir", "cannot"),
        ("Bonjour, je ne pourrai pas venir demain", "cannot"),
    ],
)
def test_plain_words_say_it(text: str, keyword: str) -> None:
    assert keyword_of(text) == keyword


@pytest.mark.parametrize(
    "text",
    [
        "Please stop by at 9",
        "I don't want to cancel",
        "C u at 9?",
        "can I come at 11",
        "1 question",
        "2",
        "no",
        "yes but later",
        "👍",
        "",
        " \n\t ",
        "٣",
        "С",  # Cyrillic
        "是",
        "نعم",
        "\0",
        "\u202e1\u202d1",
        "c" * 1600,
        "can't come " * 145,
        "🤔" * 800,
    ],
)
def test_all_else_is_for_a_person_to_read(text: str) -> None:
    assert keyword_of(text) == ""


def test_a_french_word_is_answered_in_french() -> None:
    words = ("Arrêt", "Je confirme", "Annuler", "STOP", "C", "Annuler my visit now")
    assert [is_french(one) for one in words] == [True, True, True, False, False, False]


def reminder(visit: UUID = ONE, *, hours_ago: float = 1, **over: Any) -> Written:
    fields = {"kind": "reminder-1", "visit": visit, "at": NOON - timedelta(hours=hours_ago), "is_open": True}
    return Written(**(fields | {"is_accepted": False} | over))


def asked(*written: Written, bare_yes: bool = False, said_hours_ago: float | None = None) -> frozenset[UUID]:
    before = None if said_hours_ago is None else NOON - timedelta(hours=said_hours_ago)
    return visits_asked_about(written, bare_yes=bare_yes, said_before=before)


def test_the_visit_of_the_last_reminder_is_meant() -> None:
    assert asked(reminder()) == {ONE}
    assert asked(reminder(OTHER, hours_ago=30), reminder(ONE)) == {ONE}


@pytest.mark.parametrize(
    "written",
    [
        [],
        [reminder(is_open=False)],  # moved, over, cancelled, or no more theirs
        [reminder(hours_ago=2), reminder(OTHER, is_open=False)],
        [reminder(hours_ago=2), reminder(kind="another-time")],  # "1" may be a time that was offered
        [reminder(hours_ago=2), reminder(kind="reply", visit=None)],  # somebody has asked something of their own
    ],
    ids=["nothing", "not as it was told", "the last one is not", "other times offered", "staff wrote since"],
)
def test_what_was_not_asked_about_is_not_guessed(written: list[Written]) -> None:
    assert asked(*written) == frozenset()


def test_two_that_were_asked_about_together_are_told_apart_only_by_what_is_confirmed() -> None:
    assert asked(reminder(OTHER, hours_ago=20), reminder(ONE)) == {ONE, OTHER}
    assert asked(reminder(OTHER, hours_ago=20, is_accepted=True), reminder(ONE)) == {ONE}
    assert asked(reminder(OTHER, hours_ago=20), reminder(ONE, is_accepted=True)) == {OTHER}
    assert asked(reminder(ONE, hours_ago=46), reminder(ONE, kind="reminder-2")) == {ONE}


def test_said_again_it_is_the_same_visit() -> None:
    assert asked(reminder(is_accepted=True)) == {ONE}


def test_a_bare_yes_counts_only_as_the_first_word_after_the_reminder() -> None:
    assert asked(reminder(), bare_yes=True) == {ONE}
    assert asked(reminder(), bare_yes=True, said_hours_ago=2) == {ONE}
    assert asked(reminder(), bare_yes=True, said_hours_ago=0.5) == frozenset()
    assert asked(reminder(), said_hours_ago=0.5) == {ONE}


def test_a_hundred_visits_of_a_large_family_are_no_answer() -> None:
    assert len(asked(*(reminder(uuid4()) for _ in range(100)))) == 100

"""A stolen dump of the whole database, as pg_dump writes it: not one answer of any kind stands in it."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from config.backups import _server
from intake.models import Screening
from intake.services.responses import save_answers
from intake.services.screenings import attach_screening
from tests.factories import intake as people
from tests.factories.booking import Clinic
from tests.intake.rules.lines import ITEMS, possible_answers
from tests.security.house import NOW
from tests.security.test_nothing_leaks import disguises

INR, DAY = 13.37, "1987-06-05"
# They hold the questions, which name what they ask for and are published anyway.
QUESTIONS = ("intake_questionnaire", "intake_questionnairedraft")


def told_about(follow_up: dict[str, Any], canary: str) -> Any:
    """An answer of the follow-up's kind that would be known again."""
    known = {"text": f"{canary}: Grünfink", "number": INR, "date": DAY}
    answers = possible_answers(follow_up)
    return known.get(follow_up["type"]) or next((one for one in reversed(answers) if one != "unknown"), None)


def everything_said(canary: str) -> dict[str, Any]:
    """A form on which every question fires and every follow-up of every kind is answered."""
    answers = {item["id"]: item["triage_on"] for item in ITEMS if item["answer_type"].startswith("yes_no")}
    follow_ups = {
        item["id"]: {one["id"]: told_about(one, canary) for one in item["follow_ups"]}
        for item in ITEMS
        if item["follow_ups"]
    }
    context = {"regions": ["wrist_hand", "upper_back_thorax", "abdomen"], "age": 17, "modality": "electrical"}
    return people.line_with(answers, follow_ups, **context, stage="check_in", visit="return")


def words_that_tell() -> set[str]:
    """Free texts, a number, a date, and every id and choice that is no everyday word."""
    words = {"Grünfink", "canary-form", "canary-draft", "canary-http", "canary-reason", str(INR), DAY}
    words |= {"wrist_hand", "upper_back_thorax"}
    for item in ITEMS:
        choices = [option["value"] for one in item["follow_ups"] for option in one.get("options", [])]
        words |= {word for word in (item["id"], *choices) if "_" in word and len(word) > 5}
    return words


@pytest.fixture
def dump(clinic: Clinic, tmp_path: Path) -> str:
    """The database after somebody said everything: on pages, over HTTP under a key, and to a therapist."""
    assert clinic
    made = people.make_screening(everything_said("canary-form"), now=NOW).screening
    attached = attach_screening(screening=made, patient=people.make_patient(now=NOW), now=NOW)
    attached.decisions.create(
        decision="declined", decided_by=people.make_user(), decided_at=NOW,
        content={"reason": "canary-reason", "regions": ["wrist_hand"], "conditions": "canary-reason"},
    )  # fmt: skip
    draft = people.make_response(now=NOW)
    said = everything_said("canary-draft")
    save_answers(
        response=draft, answers=said["answers"], follow_ups=said["follow_ups"], context=said["context"], now=NOW
    )
    line = everything_said("canary-http")
    for _ in range(2):
        sent = Client().post(
            "/api/v1/screenings/", line, content_type="application/json", headers={"Idempotency-Key": "once"}
        )
        assert sent.status_code == 201
    file = tmp_path / "dump.sql"
    _server().run("pg_dump", f"--file={file}", *(f"--exclude-table-data={table}" for table in QUESTIONS))
    return file.read_text()


def test_no_answer_of_any_kind_stands_in_a_dump(dump: str) -> None:
    found = {word for word in words_that_tell() for disguise in disguises(word) if disguise in dump}
    assert found == set()
    assert "ada@example.com" in dump  # the search does find what stands there in clear


def test_those_words_would_be_known_again() -> None:
    assert len(words_that_tell()) > 60
    texts = [one for item in ITEMS for one in item["follow_ups"] if one["type"] == "text"]
    kinds = {one["type"] for item in ITEMS for one in item["follow_ups"]}
    assert (len(texts) > 10, kinds) == (True, {"choice", "multi", "yes_no", "text", "number", "date"})


@pytest.mark.django_db
def test_and_their_owner_reads_all_of_it() -> None:
    line = everything_said("canary-form")
    screening = Screening.objects.get(pk=people.make_screening(line, now=NOW).screening.pk)
    assert screening.result["line"]["follow_ups"] == line["follow_ups"]

"""What is no form is refused over HTTP as by the command and by the pages' service, and leaves no trace."""

import json

import pytest
from django.db import connection

from intake.errors import InvalidAnswers
from intake.models import QuestionnaireResponse
from intake.services.responses import save_answers, screen_line
from tests.factories.intake import NOW, make_questionnaire, make_response
from tests.intake.rules.lines import healthy
from tests.intake.rules.test_answers import MALFORMED
from tests.intake.test_screen_command import NO_JSON

URL = "/api/v1/screenings/"
UNCOUNTED = {"intake_attemptcount", "django_session", "cache_entry"}
# On a page they mean: nothing said yet, or taken back.
FINE_ON_A_PAGE = {
    "no regions", "no age", "no modality", "no stage", "no visit", "likely regions null", "a day that is null",
    "a gate answer that is null", "a choice that is null", "an INR that is null",
    "a context that is a list", "answers that are a list", "answers that are null", "follow-ups of an unknown item",
}  # fmt: skip
MEGABYTE = "x" * 1_000_000
WORSE = {
    "a megabyte of text": healthy(follow_ups={"surgery": {"what": MEGABYTE}}),
    "a megabyte as a choice": healthy(answers={"lung": MEGABYTE}),
    "a megabyte as a region": healthy(regions=[MEGABYTE]),
    "an INR below zero": healthy(follow_ups={"anticoagulant": {"inr": -2.4}}),
    "an INR of a thousand": healthy(follow_ups={"anticoagulant": {"inr": 1000}}),
    "a choice that is an object": healthy(follow_ups={"needle_choice": {"level": {"level": "fine"}}}),
    "a date with half a character": healthy(follow_ups={"rf_trauma_fracture": {"when": "\ud800"}}),
    "a year 9999": healthy(on="9999-12-31", follow_ups={"rf_trauma_fracture": {"when": "10000-01-01"}}),
}
PARTS = ("context", "answers", "follow_ups")
ON_A_PAGE = {
    called: line
    for called, line in (MALFORMED | WORSE).items()
    if isinstance(line, dict) and set(line) == set(PARTS) and called not in FINE_ON_A_PAGE
}
pytestmark = pytest.mark.django_db


def rows():
    """Every table's rows, counted."""
    with connection.cursor() as cursor:
        tables = [one for one in connection.introspection.table_names(cursor) if one not in UNCOUNTED]
        cursor.execute(" UNION ALL ".join(f"SELECT '{one}', count(*) FROM \"{one}\"" for one in tables))
        return dict(cursor.fetchall())


@pytest.mark.parametrize("line", (MALFORMED | WORSE).values(), ids=(MALFORMED | WORSE).keys())
def test_a_malformed_line_is_refused_over_http_and_leaves_nothing(client, line):
    make_questionnaire()
    before = rows()
    answer = client.post(URL, json.dumps(line), content_type="application/json")
    assert (answer.status_code, answer.headers["Content-Type"]) in [
        (status, "application/problem+json") for status in (400, 413, 422)
    ]
    assert rows() == before
    assert len(answer.content) < 2000


@pytest.mark.parametrize("body", NO_JSON.values(), ids=NO_JSON.keys())
def test_what_is_no_json_is_refused_over_http_and_leaves_nothing(client, body):
    make_questionnaire()
    before = rows()
    answer = client.post(URL, body, content_type="application/json")
    assert answer.status_code in (400, 413)
    assert rows() == before


@pytest.mark.parametrize("line", (MALFORMED | WORSE).values(), ids=(MALFORMED | WORSE).keys())
def test_a_malformed_line_is_refused_by_the_service(line):
    make_questionnaire()
    before = rows()
    with pytest.raises(InvalidAnswers):
        screen_line(line=line, session_hash="", language="en", now=NOW)
    assert rows() == before


@pytest.mark.parametrize("line", ON_A_PAGE.values(), ids=ON_A_PAGE.keys())
def test_a_malformed_page_changes_nothing_of_the_draft(line):
    draft = save_answers(response=make_response(), answers={"lung": "no"}, now=NOW)
    before = rows()
    with pytest.raises(InvalidAnswers):
        save_answers(response=draft, now=NOW, **{part: line[part] for part in PARTS})
    assert QuestionnaireResponse.objects.get().content == draft.content
    assert rows() == before

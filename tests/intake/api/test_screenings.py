"""POST /api/v1/screenings/ as interfaces promise it."""

import json
from datetime import timedelta

import pytest

from intake.models import QuestionnaireResponse, Screening
from intake.selectors.screenings import screening_by_token
from tests.factories.intake import (
    NOW,
    caution_line,
    clear_line,
    emergency_line,
    make_questionnaire,
    review_line,
    stop_line,
)

URL = "/api/v1/screenings/"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def questionnaire():
    return make_questionnaire()


def post(client, body, **headers):
    body = body if isinstance(body, str | bytes) else json.dumps(body)
    return client.post(URL, body, content_type="application/json", headers=headers)


def problem(response):
    assert response.headers["Content-Type"] == "application/problem+json"
    body = response.json()
    assert body["status"] == response.status_code
    return response.status_code, body["code"]


@pytest.mark.parametrize(
    ("make_line", "outcome", "urgent", "bookable"),
    [
        (clear_line, "CLEAR", None, "yes"),
        (caution_line, "CAUTION", None, "yes"),
        (review_line, "REVIEW", None, "request"),
        (stop_line, "STOP", None, "no"),
        (emergency_line, "STOP", "EMERGENCY", "no"),
    ],
)
def test_a_complete_form_gets_its_result_and_a_token_to_book_with(client, make_line, outcome, urgent, bookable):
    response = post(client, make_line())
    body = response.json()
    screening = Screening.objects.get()
    assert response.status_code == 201
    assert screening_by_token(body.pop("token")) == screening
    assert body.pop("messages") == screening.result["messages"]
    expires, valid = body.pop("expires_at"), body.pop("valid_until")
    assert expires < valid
    assert body == {"id": str(screening.pk), "outcome": outcome, "urgent": urgent, "bookable": bookable}


def test_an_incomplete_form_says_what_is_missing_and_stores_nothing(client):
    line = clear_line()
    del line["answers"]["anticoagulant"]
    line["answers"]["rf_dvt"] = "yes"
    response = post(client, line)
    assert problem(response) == (422, "incomplete")
    body = response.json()
    assert "anticoagulant" in body["unanswered"]
    assert (body["outcome"], body["urgent"]) == ("STOP", "SAME_DAY")
    assert QuestionnaireResponse.objects.count() == 0


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"nickname": "Al"}, "unknown-key"),
        ({"context": {"regions": ["knee"], "age": 40, "colour": "red"}}, "unknown-key"),
        ({"answers": {"no_such_item": "yes"}}, "invalid-answers"),
        ({"answers": {"anticoagulant": "perhaps"}}, "invalid-answers"),
        ({"answers": []}, "invalid-answers"),
        ({"follow_ups": {"anticoagulant": {"drug": "warfarin"}}}, "invalid-answers"),
        ({"context": None}, "invalid-answers"),
    ],
)
def test_bad_answers_are_a_400_that_says_so(client, change, code):
    assert problem(post(client, clear_line() | change)) == (400, code)
    assert Screening.objects.count() == 0


def test_unknown_keys_are_named(client):
    line = clear_line()
    line["context"]["colour"] = "red"
    assert post(client, line | {"nickname": 1}).json()["keys"] == ["context.colour", "nickname"]


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[",
        "[]",
        '"text"',
        "null",
        '{"context": NaN}',
        '{"context": Infinity}',
        '{"context": 1e999}',
        '{"a": 1, "a": 2}',
        '{"context": ' + "9" * 5000 + "}",
        "[" * 25 + "]" * 25,
        "[" * 100_000 + "]" * 100_000,
        '{"context": "\\u0000"}',
        '{"context": "\\ud800"}',
        b'{"context": "\xff"}',
        '{"\\u0000": 1}',
    ],
    ids=range(16),
)
def test_what_is_not_plain_json_is_a_400_problem(client, body):
    assert problem(post(client, body))[0] == 400


def test_a_huge_body_is_a_413_problem(client):
    assert problem(post(client, json.dumps({"context": "x" * 300_000}))) == (413, "too-large")


def test_a_huge_body_with_an_idempotency_key_is_a_413_problem(client):
    huge = json.dumps({"context": "x" * 300_000})
    assert problem(post(client, huge, idempotency_key="k")) == (413, "too-large")


def test_another_content_type_is_a_415_problem(client):
    assert problem(client.post(URL, {"a": 1})) == (415, "unsupported-media-type")


def test_another_method_is_a_405_problem(client):
    response = client.get(URL)
    assert problem(response) == (405, "method-not-allowed")
    assert response.headers["Allow"] == "POST, OPTIONS"


@pytest.mark.parametrize("path", ["/api/", "/api/v1/", "/api/v1/nothing/", "/api/v2/slots/", "/api/v1/screenings"])
def test_what_is_not_there_is_a_404_problem(client, path):
    assert problem(client.get(path)) == (404, "not-found")
    assert problem(client.post(path, "{}", content_type="application/json")) == (404, "not-found")


def test_an_unreadable_address_is_a_400_problem(client):
    assert problem(client.get("/api/v1/slots/?from=%00")) == (400, "invalid")


def test_a_request_like_an_attack_is_slowed_down(client, monkeypatch):
    monkeypatch.setattr("intake.api.views.ScreeningsPerAddress.limit", 2)
    codes = [post(client, clear_line()).status_code for _ in range(3)]
    last = post(client, clear_line())
    assert codes == [201, 201, 429]
    assert problem(last) == (429, "too-many-attempts")
    assert 0 < int(last.headers["Retry-After"]) <= 600


def test_starting_over_in_the_same_browser_counts_as_review(client):
    session = client.session
    session["browser"] = "a mark"
    session.save()
    first = post(client, stop_line()).json()
    second = post(client, clear_line()).json()
    assert (first["bookable"], second["outcome"], second["bookable"]) == ("no", "REVIEW", "request")
    assert second["messages"][0]["kind"] == "outcome"


def test_a_day_in_the_past_can_not_make_an_old_test_look_fresh(client):
    line = clear_line(on="2026-01-02")
    line["answers"]["anticoagulant"] = "yes"
    line["follow_ups"]["anticoagulant"] = {"drug": ["warfarin"], "inr": 2.4, "inr_date": "2026-01-01"}
    post(client, line)
    on = Screening.objects.get().result["line"]["context"]["on"]
    assert on >= (NOW - timedelta(days=1)).date().isoformat()

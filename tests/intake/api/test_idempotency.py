"""A client that lost our answer asks again with the same key and gets the first answer."""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import OperationalError, connections
from django.test import Client, RequestFactory
from rest_framework.request import Request
from rest_framework.test import force_authenticate

from intake.api.idempotency import request_key
from intake.clock import now
from intake.models import Screening, StoredAnswer
from tests.factories.intake import caution_line, clear_line, make_questionnaire, make_user

URL = "/api/v1/screenings/"


@pytest.fixture(autouse=True)
def questionnaire(db):
    return make_questionnaire()


def post(line=None, key="k1", client=None, **more):
    headers = {"Idempotency-Key": key} if key is not None else {}
    return (client or Client()).post(
        URL, json.dumps(line or clear_line()), content_type="application/json", headers=headers | more
    )


def test_the_same_request_again_gets_the_first_answer_word_for_word():
    first, second = post(), post()
    assert (second.status_code, json.loads(second.content)) == (201, json.loads(first.content))
    assert second.headers["Content-Type"] == first.headers["Content-Type"]
    assert second.headers["Idempotency-Replayed"] == "true"
    assert Screening.objects.count() == 1


def test_a_refusal_is_given_again_too():
    line = clear_line() | {"nickname": "Al"}
    first, second = post(line), post(line)
    assert (second.status_code, second.content) == (400, first.content)
    assert second.headers["Content-Type"] == "application/problem+json"


def test_another_body_under_the_same_key_is_refused():
    post()
    answer = post(caution_line())
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency-key-reused")


def test_another_key_or_none_is_another_request():
    tokens = {post(key=key).json()["token"] for key in ("k1", "k2", None, None)}
    assert len(tokens) == 4


def test_nobody_else_gets_the_answer():
    mine = post(REMOTE_ADDR="10.0.0.1").json()["token"]
    client = Client(REMOTE_ADDR="10.0.0.2")
    assert post(client=client).json()["token"] != mine
    assert post(Authorization="Bearer something").json()["token"] != mine


@pytest.mark.parametrize("key", ["", "x" * 256, "ключ", "a\tb"])
def test_a_key_that_is_none_is_a_400(key):
    answer = post(key=key)
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency-key-invalid")


def test_the_kept_answer_is_encrypted():
    token = post().json()["token"]
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT content FROM intake_storedanswer")
        assert token.encode() not in bytes(cursor.fetchone()[0])


def test_an_error_of_ours_is_not_kept(monkeypatch):
    def broken(**_):
        raise OperationalError("canceling statement due to lock timeout")

    with monkeypatch.context() as patch:
        patch.setattr("intake.api.views.screen_line", broken)
        answer = post()
    assert (answer.status_code, answer.json()["code"]) == (503, "try-again")
    assert answer.headers["Retry-After"] == "1"
    assert post().status_code == 201


def test_a_crash_of_ours_is_not_kept(monkeypatch):
    def broken(**_):
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr("intake.api.views.screen_line", broken)
        answer = post(client=Client(raise_request_exception=False))
    assert (answer.status_code, answer.json()["code"]) == (500, "broken")
    assert post().status_code == 201


def test_a_request_whose_process_was_killed_is_carried_out_again_after_a_minute(monkeypatch):
    monkeypatch.setattr("intake.api.idempotency.WAIT_SECONDS", 0.0)
    post()
    StoredAnswer.objects.update(status=None, content=None, created_at=now() - timedelta(seconds=30))
    early = post()
    StoredAnswer.objects.update(created_at=now() - timedelta(seconds=61))
    late = post()
    assert (early.status_code, early.json()["code"], early.headers["Retry-After"]) == (409, "still-running", "1")
    assert late.status_code == 201


def test_after_a_day_the_key_is_free():
    first = post().json()["token"]
    StoredAnswer.objects.update(created_at=now() - timedelta(hours=24, seconds=1))
    assert post(caution_line()).json()["token"] != first


def test_the_request_key_is_the_same_for_the_same_caller_and_key():
    def key_of(user, key=None):
        raw = RequestFactory().post("/x/", headers={"Idempotency-Key": key} if key else {})
        force_authenticate(raw, user)
        request = Request(raw)
        request.user = user
        return request_key(request)

    ada, ben = make_user(), make_user()
    assert key_of(ada, "k") == key_of(ada, "k")
    assert len({key_of(ada, "k"), key_of(ada, "j"), key_of(ben, "k"), key_of(ada), key_of(ada)}) == 5


@pytest.mark.django_db(transaction=True)
def test_ten_at_once_are_carried_out_once():
    body = clear_line()

    def one(_):
        try:
            return post(body, key="race").content
        finally:
            connections.close_all()

    with ThreadPoolExecutor(10) as pool:
        answers = set(pool.map(one, range(10)))
    assert len({hashlib.sha256(json.dumps(json.loads(one)).encode()).digest() for one in answers}) == 1
    assert Screening.objects.count() == 1

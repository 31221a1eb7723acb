"""Idempotency-Key on every POST: the same caller, key and body get the first answer again."""

import hashlib
import time
from collections.abc import Callable
from functools import wraps
from typing import Any, Final
from uuid import UUID, uuid4, uuid5

from django.http import HttpResponse
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from intake.clock import now
from intake.errors import KeyInvalid, StillRunning
from intake.models import StoredAnswer
from intake.origin import address_of
from intake.services.replay import KeptAnswer, claim_request, keep_answer, release_request

WAIT_SECONDS: Final = 3.0
_LOOK_AGAIN_SECONDS: Final = 0.1
_NAMESPACE: Final = UUID("6d3c1c1e-5a0f-4f0e-9a53-0f0b7c3d9b11")
_NOT_FINAL: Final = (429,)  # and every 5xx: the client should try again and get another answer

Handler = Callable[..., Response | HttpResponse]


class Idempotent(APIView):
    """An API view whose `post` honours Idempotency-Key."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "post" in cls.__dict__:
            cls.post = idempotent(cls.__dict__["post"])  # type: ignore[attr-defined]


def idempotent(handler: Handler) -> Handler:
    """Answer a repeated request from memory; without the header nothing changes.

    :raises KeyInvalid: the header is empty, longer than 255 characters or not printable ASCII
    :raises KeyReused: the key came with another body before
    :raises StillRunning: the first request is still being carried out, after waiting for it
    """

    @wraps(handler)
    def answered_once(view: APIView, request: Request, *args: Any, **kwargs: Any) -> Response | HttpResponse:
        if "Idempotency-Key" not in request.headers:
            return handler(view, request, *args, **kwargs)
        claim = _claim(request)
        if isinstance(claim, KeptAnswer):
            return HttpResponse(
                claim.body,
                status=claim.status,
                content_type=claim.content_type,
                headers={"Idempotency-Replayed": "true"},
            )
        return _carry_out(claim, lambda: handler(view, request, *args, **kwargs), view)

    answered_once.is_idempotent = True  # type: ignore[attr-defined]
    return answered_once


def request_key(request: Request) -> UUID:
    """The key under which a service does this once: the same for a repeated request, else a new one each time.

    So a request that was carried out by a process that died before it could keep the answer is not done twice.
    """
    return uuid5(_NAMESPACE, _request_hash(request)) if "Idempotency-Key" in request.headers else uuid4()


def _claim(request: Request) -> StoredAnswer | KeptAnswer:
    hashes = {"request_hash": _request_hash(request), "body_hash": hashlib.sha256(request.body).hexdigest()}
    give_up_at = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            return claim_request(**hashes, now=now())
        except StillRunning:
            if time.monotonic() > give_up_at:
                raise
            time.sleep(_LOOK_AGAIN_SECONDS)


def _carry_out(claim: StoredAnswer, handle: Callable[[], Response | HttpResponse], view: APIView) -> Any:
    is_final = False
    try:
        try:
            response = handle()
        except Exception as error:  # noqa: BLE001  (DRF answers those it knows and raises the others again)
            response = view.handle_exception(error)
        is_final = response.status_code < 500 and response.status_code not in _NOT_FINAL
        if is_final:
            keep_answer(claim=claim, answer=_kept(response))
    finally:
        if not is_final:
            release_request(claim=claim)
    return response


def _kept(response: Response | HttpResponse) -> KeptAnswer:
    if isinstance(response, Response):
        body = "" if response.data is None else JSONRenderer().render(response.data).decode()
        return KeptAnswer(response.status_code, body, response.content_type or "application/json")
    return KeptAnswer(response.status_code, response.content.decode(), response.headers["Content-Type"])


def _request_hash(request: Request) -> str:
    key = request.headers["Idempotency-Key"]
    if not 1 <= len(key) <= 255 or not (key.isascii() and key.isprintable()):
        raise KeyInvalid
    parts = (_caller(request), request.method or "", request.get_full_path(), key)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _caller(request: Request) -> str:
    """Who asks: the signed-in user, else the holder of the token, else the network address."""
    if request.user.is_authenticated:
        return f"user:{request.user.pk}"
    authorization = request.headers.get("Authorization", "")
    if authorization:
        return "token:" + hashlib.sha256(authorization.encode()).hexdigest()
    return f"address:{address_of(request)}"

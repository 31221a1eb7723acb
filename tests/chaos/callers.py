"""Programs that book phone calls over the interface, and try again with the same key as they should."""

import itertools
import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen
from uuid import uuid4

_numbers = itertools.count(1)
UNCLEAR = 0  # no answer: the connection was refused, cut or too slow


@dataclass(frozen=True, slots=True)
class Wish:
    """A time with a therapist, and who wants it."""

    start: str
    practitioner: str
    email: str


def free_calls(site: str, *, after: datetime, days: int = 28) -> list[tuple[str, str]]:
    """Free times for a phone call as (start, practitioner), one at a time each and an hour apart."""
    asked = {"service": "phone-call", "from": after.date(), "to": (after + timedelta(days=days)).date()}
    status, body = ask(f"{site}/api/v1/slots/?{urlencode(asked)}")
    assert status == 200, body
    chosen: dict[str, datetime] = {}
    found = []
    for slot in body["slots"]:
        start, who = datetime.fromisoformat(slot["start"]).astimezone(UTC), slot["practitioner"]
        if start > after and (who not in chosen or start >= chosen[who] + timedelta(hours=1)):
            chosen[who] = start
            found.append((slot["start"], who))
    return found


def wishes(times: list[tuple[str, str]], *, who: str = "caller") -> list[Wish]:
    """Somebody new for each time."""
    return [Wish(start, practitioner, f"{who}{next(_numbers)}@example.test") for start, practitioner in times]


def book(site: str, wish: Wish, *, patience: float = 0) -> tuple[int, Any]:
    """Hold the time and say who comes; unclear answers are asked for again for so many seconds, with the same keys."""
    wanted = {"service": "phone-call", "practitioner": wish.practitioner, "start": wish.start}
    status, held = _surely(f"{site}/api/v1/holds/", wanted, patience)
    if status != 201:
        return status, held
    patient = {"given_name": "Cleo", "family_name": "Ring", "birth_date": "1980-05-06", "email": wish.email}
    patient["phone"] = "+1 780 555 0123"
    said = {
        "hold": held["id"],
        "token": held["token"],
        "patient": patient,
        "policies_accepted": True,
        "payment": "none",
    }
    return _surely(f"{site}/api/v1/appointments/", said, patience)


def _surely(url: str, body: Any, patience: float) -> tuple[int, Any]:
    key, deadline = str(uuid4()), time.monotonic() + patience
    while True:
        status, answer = ask(url, body, key=key)
        if (status < 500 and status != UNCLEAR) or time.monotonic() > deadline:
            return status, answer
        time.sleep(0.3)


def ask(url: str, body: Any = None, *, key: str = "") -> tuple[int, Any]:
    """One request; (UNCLEAR, why) if no answer came."""
    headers = {"Content-Type": "application/json"} | ({"Idempotency-Key": key} if key else {})
    request = Request(url, data=json.dumps(body).encode() if body is not None else None, headers=headers)
    try:
        with urlopen(request, timeout=30) as answer:
            return answer.status, json.loads(answer.read())
    except HTTPError as refusal:
        return refusal.code, _read(refusal.read())
    except (OSError, HTTPException) as error:
        return UNCLEAR, str(error)


def _read(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text.decode(errors="replace")

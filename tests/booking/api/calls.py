"""A program that books: what it sends, and the proof that every answer is as the schema describes it."""

import json
from functools import cache
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.test import Client
from drf_spectacular.generators import SchemaGenerator
from openapi_schema_validator import OAS31Validator

from tests.factories.booking import Clinic, at
from tests.factories.intake import clear_line

ADA = {
    "given_name": "Ada",
    "family_name": "Berg",
    "birth_date": "1986-04-03",
    "email": "ada@example.com",
    "phone": "+1 403 555 0123",
    "language": "en",
}


class Api:
    """Calls by their names; each answers (status, body)."""

    def __init__(self, client: Client | None = None) -> None:
        self.client = client or Client()

    def call(self, method: str, path: str, body: Any = None, *, token: str = "", key: str = "") -> tuple[int, Any]:
        """One request to /api/v1/`path`; `body` may be text, for what is no JSON."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        headers |= {"Idempotency-Key": key} if key else {}
        data = body if isinstance(body, str) else "" if body is None else json.dumps(body)
        answer = self.client.generic(method, f"/api/v1/{path}", data, content_type="application/json", headers=headers)
        said = json.loads(answer.content) if answer.content else None
        require_described(method, path, answer, said)
        return answer.status_code, said

    def get(self, path: str, token: str = "") -> tuple[int, Any]:
        return self.call("GET", path, token=token)

    def ask(self, path: str, query: dict[str, str]) -> tuple[int, Any]:
        """A question with any text in it."""
        return self.get(f"{path}?{urlencode(query, errors='surrogatepass')}")

    def post(self, path: str, body: Any = None, **more: str) -> tuple[int, Any]:
        return self.call("POST", path, {} if body is None else body, **more)

    def screen(self, line: Any = None) -> Any:
        """A new screening; a healthy person's without a line."""
        status, screening = self.post("screenings/", line or clear_line())
        assert status == 201, screening
        return screening

    def hold(self, clinic: Clinic, line: Any = None, *, key: str = "", **over: Any) -> tuple[int, Any]:
        """Somebody asks for Anna's Tuesday at ten, for needling unless they say otherwise."""
        wish = {"service": clinic.needling.slug, "practitioner": str(clinic.anna.pk), "start": at(10).isoformat()}
        if "screening" not in over:
            over["screening"] = self.screen(line)["token"]
        return self.post("holds/", wish | over, key=key)

    def confirm(self, held: Any, *, key: str = "", **over: Any) -> tuple[int, Any]:
        """They say who they are and pay at the desk."""
        said = {"hold": held["id"], "token": held["token"], "patient": ADA}
        return self.post("appointments/", said | {"policies_accepted": True, "payment": "desk"} | over, key=key)

    def book(self, clinic: Clinic, line: Any = None, **over: Any) -> Any:
        """Both; the booking."""
        later = {name: over.pop(name) for name in ("patient", "payment", "accepts_assessment") if name in over}
        status, hold = self.hold(clinic, line, **over)
        assert status == 201, hold
        status, booking = self.confirm(hold, **later)
        assert status == 201, booking
        return booking


def refused(answer: tuple[int, Any]) -> tuple[int, str]:
    """Status and code of a problem."""
    status, body = answer
    return status, body["code"]


def dollars(cents: int) -> dict[str, Any]:
    return {"amount": cents, "currency": "CAD"}


@cache
def schema() -> dict[str, Any]:
    return SchemaGenerator().get_schema(public=True)


def require_described(method: str, path: str, answer: HttpResponse, body: Any) -> None:
    """The answer must be what /api/v1/schema/ says, and every refusal a problem."""
    status, kind = answer.status_code, answer.headers.get("Content-Type", "").partition(";")[0]
    assert status < 500, body
    if status >= 400:
        assert (kind, body["status"], body["type"]) == ("application/problem+json", status, "about:blank"), body
        assert set(body) >= {"title", "code"}
    described = _operation(method, path).get("responses", {}).get(str(status), {})
    for shape in [described["content"][kind]["schema"]] if kind in described.get("content", {}) else []:
        OAS31Validator({**shape, "components": schema()["components"]}).validate(body)
    assert status >= 300 or described, f"{method} {path} answers {status}, which the schema does not know"


def _operation(method: str, path: str) -> dict[str, Any]:
    parts = path.partition("?")[0].split("/")
    for template, operations in schema()["paths"].items():
        pattern = template.removeprefix("/api/v1/").split("/")
        alike = len(parts) == len(pattern) and all(
            here == there or there.startswith("{") for here, there in zip(parts, pattern, strict=True)
        )
        if alike:
            return dict(operations.get(method.lower(), {}))
    return {}

"""Somebody who walks through the pages as a browser without scripts does."""

import re
from dataclasses import dataclass
from datetime import datetime
from html import unescape
from typing import Any

from django.http import HttpResponse
from django.test import Client

from booking.models import Appointment
from frontend.patient import questions
from frontend.patient.draft import draft_of
from intake.models import QuestionnaireResponse
from tests.factories.booking import Clinic, at

WHO = {"for_whom": "me", "visit": "first", "birth_date_day": "3", "birth_date_month": "4", "birth_date_year": "1986"}
DETAILS = {
    "given_name": "Ada",
    "family_name": "Berg",
    "birth_date_day": "3",
    "birth_date_month": "4",
    "birth_date_year": "1986",
    "email": "ada@example.com",
    "phone": "",
    "language": "en",
}


@dataclass
class Person:
    """A client, and shortcuts for long stretches of the way."""

    client: Client
    clinic: Clinic

    def get(self, path: str) -> HttpResponse:
        return self.client.get(path)

    def post(self, path: str, **said: Any) -> HttpResponse:
        if path.startswith("/check/questions/") and "shown" not in said:
            said["shown"] = self.shown_rows(path)
        return self.client.post(path, said)

    def shown_rows(self, path: str) -> str:
        """The questions that the page says it shows."""
        found = re.search(r'name="shown" value="([^"]*)"', text_of(self.get(path)))
        return found[1] if found else ""

    def begin(self, kind: str = "manual", regions: tuple[str, ...] = ("knee",), **who: str) -> HttpResponse:
        """Up to the first question."""
        self.post("/check/", kind=kind)
        name = {"given_name": "Mia"} if who.get("for_whom") == "other" else {}
        self.post("/check/who/", **{**WHO, **name, **who})
        return self.post("/check/where/", regions=list(regions))

    def answer(self, marked: dict[str, str] | None = None, *, reading: bool = False) -> str:
        """Every page of questions with "none of these" but for what is marked; the address where that ends.

        Unless they are read, the pages are not drawn, only sent: drawing them takes as long as all the rest.
        """
        marked = {"needle_choice--level": "fine", **(marked or {})}
        self.get("/check/questions/")
        number = 1
        for _ in range(15):
            path = f"/check/questions/{number}/"
            shown = self.shown_rows(path) if reading else self._rows_of(number)
            answer = self.post(path, rest="1", shown=shown, **marked)
            assert answer.status_code == 302, text_of(answer)
            found = re.fullmatch(r"/check/questions/(\d+)/", answer["Location"])
            if not found:
                return str(answer["Location"])
            number = int(found[1])
        raise AssertionError("the questions never end")

    def _rows_of(self, number: int) -> str:
        response = QuestionnaireResponse.objects.get(pk=self.client.session["check.response"])
        page = draft_of(response, now=questions.now()).page(number)
        return " ".join(row.item.id for row in page.rows) if page else ""

    def check(self, marked: dict[str, str] | None = None, *, reading: bool = False, **begin: Any) -> HttpResponse:
        """The whole check; its result."""
        self.begin(**begin)
        if self.answer(marked, reading=reading) == "/check/answers/":
            assert self.post("/check/answers/")["Location"] == "/check/result/"
        return self.get("/check/result/")

    def pick(self, start: datetime | None = None, **over: Any) -> HttpResponse:
        """Hold a time for dry needling: Tuesday at 9 unless told."""
        slug = self.clinic.needling.slug
        page = text_of(self.get(f"/book/times/?service={slug}"))
        keys = re.findall(r'name="request_key" value="([^"]+)"', page)
        said = {"service": slug, "time": (start or at(9)).isoformat(), "request_key": keys[0] if keys else ""}
        return self.post("/book/times/", **{**said, **over})

    def book(self, payment: str = "desk", start: datetime | None = None, **details: str) -> HttpResponse:
        """From a result to a booking."""
        assert self.pick(start)["Location"] == "/book/details/"
        assert self.post("/book/details/", **{**DETAILS, **details})["Location"] == "/book/agree/"
        return self.post("/book/agree/", payment=payment, agree="on")

    @property
    def visit(self) -> Appointment:
        return Appointment.objects.get(pk=self.client.session["visit"]["id"])


def text_of(answer: HttpResponse) -> str:
    return unescape(answer.content.decode())

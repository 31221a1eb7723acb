"""Every result that a check can have, as its page says it: outcome x urgency x kind of visit, each with a next step."""

import re
from dataclasses import dataclass
from typing import Any

import pytest

from booking.models import Appointment, Location
from intake.models import Screening
from tests.factories import intake as made
from tests.factories.booking import NOW
from tests.frontend.patient.person import DETAILS, WHO, Person, text_of

CANCER_SIGN = {"which": ["weight_loss"], "cancer_ever": "no", "seen_doctor": "no"}
DAY_OF_HELP = {"rf_dvt": "yes"}, {"rf_dvt": {"risk": "no"}}
SOON = {"rf_cancer_signs": "yes"}, {"rf_cancer_signs": CANCER_SIGN}
NERVES = {"mental_health": "yes"}, {"mental_health": {"what": ["anxiety"]}}


@dataclass(frozen=True)
class Said:
    """What stands on a page: its heading, the numbers that dial, what can be booked, and whether we offer to call."""

    heading: str
    dials: tuple[str, ...]
    books: tuple[str, ...]
    calls_back: bool


def said_by(page: str) -> Said:
    main = page[page.index("<main") : page.index("</main>")]
    books = re.findall(r'service=[^"]+"[^<]*<span class="way-head"><strong>([^<]+)', main)
    books += re.findall(r'service=[^"]+"><strong>([^<]+)', main)
    return Said(
        heading=re.sub(r"<[^>]+>", "", re.findall(r"<h1[^>]*>(.*?)</h1>", main, re.S)[0]).strip(),
        dials=tuple(dict.fromkeys(re.findall(r'href="tel:([^"]*)"', main))),
        books=tuple(re.sub(r"\s+", " ", name).strip() for name in books),
        calls_back="/check/call-back/" in main,
    )


def result_of(person: Person, line: dict[str, Any]) -> tuple[Screening, str]:
    issued = made.make_screening(line, now=NOW)
    session = person.client.session
    session["check.screening"], session["check.person"] = issued.token, {"birth_date": "1986-04-03"}
    session.save()
    return issued.screening, text_of(person.get("/check/result/"))


OURS = "+17805550100"
EVERY_LINE = (OURS, "911", "811", "988")
CRISIS_FIRST = ("988", OURS, "911", "811")
ALL = ("First visit with dry needling", "Follow-up", "Assessment without needles", "Phone call")
NO_NEEDLES = ALL[2:]
BOOK, ASK, WITHOUT = "You can book", "You can ask for a time", "You can book a visit without needles"
REFUSED = "Not needling for now, but here is what we can do"
HELP_LINES = ("911", "811", "988", OURS)
LINES: dict[str, Any] = {
    "clear": made.clear_line,
    "caution": made.caution_line,
    "nerves": lambda **context: made.line_with(*NERVES, **context),
    "review": made.review_line,
    "stop": made.stop_line,
    "soon": lambda **context: made.line_with(*SOON, **context),
    "same day": lambda **context: made.line_with(*DAY_OF_HELP, **context),
    "emergency": made.emergency_line,
}
NEEDLES = {
    "clear": (("CLEAR", ""), Said(BOOK, EVERY_LINE, ALL, False)),
    "caution": (("CAUTION", ""), Said(BOOK, EVERY_LINE, ALL, False)),
    "nerves": (("CAUTION", ""), Said(BOOK, CRISIS_FIRST, ALL, False)),
    "review": (("REVIEW", ""), Said(ASK, EVERY_LINE, ALL, False)),
    "stop": (("STOP", ""), Said(REFUSED, EVERY_LINE, NO_NEEDLES, True)),
    "soon": (("STOP", "MEDICAL_SOON"), Said("Please see your doctor soon", EVERY_LINE, NO_NEEDLES, True)),
    "same day": (("STOP", "SAME_DAY"), Said("Please get help today", ("811", "911", "988", OURS), (), False)),
    "emergency": (("STOP", "EMERGENCY"), Said("Please get help now", HELP_LINES, (), False)),
}
NONE = {
    **NEEDLES,
    "clear": (("CLEAR", ""), Said(WITHOUT, EVERY_LINE, ALL, False)),
    "caution": (("CAUTION", ""), Said(WITHOUT, EVERY_LINE, ALL, False)),
    "nerves": (("CAUTION", ""), Said(WITHOUT, CRISIS_FIRST, ALL, False)),
    "review": (("REVIEW", ""), Said(WITHOUT, EVERY_LINE, ALL, False)),
    "stop": (("STOP", ""), Said(WITHOUT, EVERY_LINE, NO_NEEDLES, False)),
    "soon": (("STOP", "MEDICAL_SOON"), Said(WITHOUT, EVERY_LINE, NO_NEEDLES, False)),
}
TABLE = [
    pytest.param(name, modality, *expected, id=f"{name}, {modality}")
    for modality, rows in {"manual": NEEDLES, "electrical": NEEDLES, "none": NONE}.items()
    for name, expected in rows.items()
]


@pytest.mark.parametrize(("name", "modality", "result", "expected"), TABLE)
def test_each_result_says_what_is_possible_and_whom_to_call(
    person: Person, name: str, modality: str, result: tuple[str, str], expected: Said
) -> None:
    screening, page = result_of(person, LINES[name](modality=modality))
    assert (screening.outcome, screening.urgent) == result
    assert said_by(page) == expected
    assert "Monday to Friday, 9 to 17" in page
    assert ("Please don't wait for a visit with us." in page) == (result[1] in ("EMERGENCY", "SAME_DAY"))
    assert ("doctor soon" in page) == (result[1] == "MEDICAL_SOON")


def test_a_clinic_whose_lines_are_words_shows_them_without_a_link(person: Person) -> None:
    Location.objects.update(crisis_line="988 in Canada, 116 123 in Britain", nurse_line="Your doctor's line")
    for line in (LINES["nerves"](), LINES["same day"]()):
        _screening, page = result_of(person, line)
        assert "988 in Canada, 116 123 in Britain" in page
        assert "Your doctor's line" in page
        assert set(said_by(page).dials) == {OURS, "911"}


def test_too_young_is_told_with_what_is_possible_and_whom_to_call(person: Person) -> None:
    person.post("/check/", kind="manual")
    answer = person.post("/check/who/", **{**WHO, "birth_date_year": "2014"})
    page = text_of(person.get(answer["Location"]))
    assert said_by(page) == Said("Under 16 we don't book needles online", (OURS,), ("Phone call",), True)
    assert "Book a visit without needles" in page
    assert "Monday to Friday, 9 to 17" in page


def test_answers_that_forbid_the_booking_at_its_last_step_say_what_is_possible(person: Person) -> None:
    """Too young on the day, as only the details say: everything else was cleared before."""
    person.check()
    person.pick()
    person.post("/book/details/", **{**DETAILS, "birth_date_year": "2014"})
    answer = person.post("/book/agree/", payment="desk", agree="on")
    page = text_of(answer)
    assert answer.status_code == 409
    assert said_by(page) == Said("We can't book this online", (OURS, "911", "811", "988"), NO_NEEDLES, True)
    assert "Monday to Friday, 9 to 17" in page
    assert "Nothing was booked, and nothing was charged." in page
    assert not Appointment.objects.exclude(status="cancelled").exists()

"""The call list as reception works it off."""

import pytest
from django.urls import reverse

from booking.models import Call
from tests.factories import booking as made
from tests.factories import intake as people
from tests.frontend.staff.conftest import NOW, Desk

pytestmark = pytest.mark.django_db
LIST = "/calls/"


@pytest.fixture
def mute(desk: Desk) -> str:
    """The path of tomorrow's visit of somebody without an e-mail address, who speaks French."""
    patient = people.make_patient(email="", given_name="Mia", family_name="Roy", language="fr")
    visit = desk.make_visit(made.at(9), patient=patient, screening=None, source="patient")
    return reverse("staff:call", args=[visit.pk])


def _text(desk: Desk, address: str = LIST, role: str = "reception") -> str:
    answer = desk.browsers[role].get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def _press(desk: Desk, path: str, outcome: str, *, seen: int = 0, role: str = "reception") -> str:
    answer = desk.browsers[role].post(f"{path}?seen={seen}", {"outcome": outcome})
    assert answer.status_code == 303
    return str(answer.headers["Location"]).partition("#")[0]


def test_the_list_says_whom_to_call_where_and_why(desk: Desk, mute: str) -> None:
    shown = _text(desk)
    for words in ("Mia Roy", 'href="tel:+14035550123"', "There is no e-mail address.", "Français", "9:00", "Anna"):
        assert words in shown
    assert "needling" not in shown
    assert f'{reverse("staff:calls")}">Calls <span class="tag tag-review tag-count">1</span>' in _text(desk, "/desk/")


def test_a_press_notes_the_call_and_leads_on(desk: Desk, mute: str) -> None:
    visit = mute.split("/")[2]
    assert _press(desk, mute, "no-answer") == LIST
    assert "no answer, Robin" in _text(desk)
    assert _press(desk, mute, "other-time", seen=1) == f"/visits/{visit}/move/"
    assert "still booked" in _text(desk)
    assert _press(desk, mute, "cant-come", seen=2) == f"/visits/{visit}/cancel/"
    assert _press(desk, mute, "coming", seen=3) == LIST
    assert "Everybody is called." in _text(desk)


def test_the_second_caller_sees_what_came_of_the_first_one_s_call(desk: Desk, mute: str) -> None:
    _press(desk, mute, "calling")
    shown = _text(desk, role="manager")
    assert "Robin is calling" in shown
    assert 'value="coming"' not in shown
    _press(desk, mute, "coming", seen=1)
    assert _press(desk, mute, "no-answer", seen=1, role="manager") == LIST
    assert "Mia Roy: Robin has just called them: said they are coming." in _text(desk, role="manager")
    assert list(Call.objects.values_list("outcome", flat=True)) == ["calling", "coming"]


def test_the_list_asks_again_and_is_left_alone_while_nothing_changes(desk: Desk, mute: str) -> None:
    mark = _text(desk).partition("seen=")[2].partition('"')[0]
    ask = {"headers": {"HX-Request": "true"}}
    browser = desk.browsers["reception"]
    assert browser.get(f"{LIST}?seen={mark}", **ask).status_code == 204
    _press(desk, mute, "no-answer")
    fresh = browser.get(f"{LIST}?seen={mark}", **ask)
    assert (fresh.status_code, "<html" in fresh.content.decode()) == (200, False)


@pytest.mark.parametrize("sent", [{}, {"outcome": "perhaps"}, {"outcome": "coming", "seen": "x"}])
def test_what_cannot_be_read_changes_nothing(desk: Desk, mute: str, sent: dict[str, str]) -> None:
    seen = sent.pop("seen", "0")
    assert desk.browsers["reception"].post(f"{mute}?seen={seen}", sent).status_code == 400
    assert not Call.objects.exists()


def test_another_day_is_shown_when_it_is_asked_for(desk: Desk, mute: str) -> None:
    assert "Mia Roy" in _text(desk, f"{LIST}?day={made.at(9):%Y-%m-%d}")
    assert "Mia Roy" not in _text(desk, f"{LIST}?day={NOW:%Y-%m-%d}")
    assert "Mia Roy" in _text(desk, f"{LIST}?day=perhaps")

"""Stories by mail as readers see them: a link changes nothing until its button is pressed, the way out always works."""

import pytest
from django.test import Client
from django.urls import reverse

from booking.reminders.models import Communication, StoryConsent, Subscriber
from intake.models import Role
from tests.factories.accounts import sign_in
from tests.factories.booking import make_clinic
from tests.factories.intake import make_user
from tests.factories.stories import make_reader

pytestmark = pytest.mark.django_db(transaction=True)
SIGN_UP, TOKEN = "/stories/", "t" * 43
ASKED = {"email": "ana@example.test", "topics": ["news"], "language": "en"}


@pytest.fixture(autouse=True)
def _clinic() -> None:
    make_clinic()


def path_of_the_link() -> str:
    row = Communication.objects.get(kind="story-confirm")
    return row.content["path"]


def test_asking_looks_the_same_for_every_mailbox_and_nothing_is_ticked_before() -> None:
    make_reader("known@example.test")
    page = Client().get(SIGN_UP).content.decode()
    assert 'type="checkbox"' in page
    assert page.count("checked") == 1  # the language of the page
    answers = [Client().post(SIGN_UP, ASKED | {"email": f"{name}@example.test"}) for name in ("known", "new")]
    assert [(answer.status_code, answer["Location"]) for answer in answers] == [(302, "/stories/asked/")] * 2
    assert "Look in your mailbox" in Client().get("/stories/asked/").content.decode()


@pytest.mark.parametrize(
    "wrong",
    [
        {"email": "ana@example.test\nBcc: all@example.test"},
        {"email": "ana"},
        {"email": "a" * 300 + "@example.test"},
        {"topics": ["health"]},
        {"topics": []},
        {"language": "de"},
    ],
)
def test_what_makes_no_sense_is_said_and_nothing_is_mailed(wrong: dict[str, object]) -> None:
    assert Client().post(SIGN_UP, ASKED | wrong).status_code == 422
    assert not Communication.objects.exists()


def test_a_domain_may_have_letters_of_any_language() -> None:
    assert Client().post(SIGN_UP, ASKED | {"email": "ana@bücher.example"}).status_code == 302
    assert Subscriber.objects.get().address == "ana@xn--bcher-kva.example"


def test_opening_the_link_changes_nothing_and_its_button_does() -> None:
    Client().post(SIGN_UP, ASKED)
    browser, path = Client(), path_of_the_link()
    page = browser.get(path).content.decode()
    assert ("Yes, send me these stories" in page, Subscriber.objects.get().state) == (True, "asked")
    answer = browser.post(path, follow=True)
    assert Subscriber.objects.get().state == "active"
    assert "They go to ana@example.test" in answer.content.decode()
    assert Client().get("/stories/yes/nobody/").status_code == 404


def test_a_reader_chooses_anew_by_their_link() -> None:
    reader = make_reader("ana@example.test", token=TOKEN)
    address = f"/stories/mine/{TOKEN}/"
    assert Client().post(address, {"topics": ["moving"], "language": "fr-ca", "monthly": "on"}).status_code == 302
    reader.refresh_from_db()
    assert (reader.topics, reader.language, reader.monthly) == (["moving"], "fr-ca", True)
    assert Client().post(address, {"language": "en"}).status_code == 422
    assert Client().get("/stories/mine/nobody/").status_code == 404


def test_one_click_of_a_mail_program_is_enough_without_cookies_and_as_often_as_it_likes() -> None:
    """RFC 8058."""
    make_reader("ana@example.test", token=TOKEN)
    address, body = f"/stories/leave/{TOKEN}/", "List-Unsubscribe=One-Click"
    assert Client().get(address).status_code == 200
    assert Subscriber.objects.get().state == "active"
    kind = "application/x-www-form-urlencoded"
    for browser in (Client(enforce_csrf_checks=True), Client(enforce_csrf_checks=True)):
        answer = browser.post(address, body, content_type=kind)
        assert (answer.status_code, "Location" in answer, dict(answer.cookies)) == (200, False, {})
    assert Subscriber.objects.get().state == "ended"
    assert StoryConsent.objects.get().how == "program"
    assert Client().post("/stories/leave/nobody/", body, content_type=kind).status_code == 200  # it is true for all
    assert "No stories go to" in Client().get(f"/stories/mine/{TOKEN}/").content.decode()


def test_the_way_out_takes_any_body() -> None:
    make_reader("ana@example.test", token=TOKEN)
    part = Client(enforce_csrf_checks=True).post(f"/stories/leave/{TOKEN}/", {"List-Unsubscribe": "One-Click"})
    empty = Client(enforce_csrf_checks=True).post(f"/stories/leave/{TOKEN}/", b"", content_type="text/plain")
    assert (part.status_code, empty.status_code, Subscriber.objects.get().state) == (200, 200, "ended")


def test_an_account_asks_with_a_box_that_is_not_ticked() -> None:
    user, browser = make_user(Role.PATIENT), Client()
    sign_in(browser, user)
    page = browser.get(reverse("patient:messages")).content.decode()
    assert 'name="stories"' in page
    assert browser.post("/account/messages/stories/", {})["Location"] == reverse("patient:messages")
    assert not Communication.objects.exists()
    assert browser.post("/account/messages/stories/", {"stories": "on"})["Location"] == "/stories/asked/"
    browser.post(path_of_the_link())
    assert Subscriber.objects.get().address == user.email
    page = browser.get(reverse("patient:messages")).content.decode()
    assert f"They go to {user.email}" in page
    assert 'name="stories"' not in page

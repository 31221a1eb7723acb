"""Settings of messages: what is sent, by what, when and in whose words."""

import pytest
from django.test import Client
from django.urls import reverse

from booking.reminders.models import Communication, MessageSetting, MessageTemplate
from intake.models import Role
from tests.factories.accounts import sign_in
from tests.factories.booking import make_clinic
from tests.factories.intake import make_user

pytestmark = pytest.mark.django_db(transaction=True)
WORDS = "/settings/messages/reminder/email/fr-ca/"


@pytest.fixture
def manager() -> Client:
    make_clinic()
    browser = Client()
    sign_in(browser, make_user(Role.MANAGER))
    return browser


def test_the_list_names_every_kind_that_can_be_set(manager: Client) -> None:
    page = manager.get(reverse("staff:message-kinds")).content.decode()
    for name in ("Reminder", "48 hours, 2 hours before", "Notes for the evening", "To therapists: their day"):
        assert name in page
    assert "A sample of a message" not in page
    assert manager.get("/settings/messages/sign-in-code/").status_code == 404
    assert manager.get("/settings/messages/reminder/email/de/").status_code == 404


def test_a_manager_sets_three_reminders_and_no_fourth_and_none_too_far(manager: Client) -> None:
    sent = {"on": "on", "channels": ["email"], "hours-0": "2", "hours-1": "72", "hours-2": "24"}
    assert manager.post("/settings/messages/reminder/", sent).status_code == 303
    setting = MessageSetting.objects.get()
    assert (setting.on, setting.channels, setting.hours) == (True, ["email"], [72, 24, 2])
    assert "3 days, 24 hours, 2 hours before" in manager.get(reverse("staff:message-kinds")).content.decode()
    assert manager.post("/settings/messages/reminder/", sent | {"hours-0": "900"}).status_code == 422
    assert manager.post("/settings/messages/reminder/", sent | {"channels": []}).status_code == 422
    same = manager.post("/settings/messages/reminder/", sent | {"hours-0": "24"})
    assert same.status_code == 422
    assert MessageSetting.objects.get() == setting


def test_own_words_are_looked_at_tried_kept_and_taken_back(manager: Client) -> None:
    good = {"subject": "À bientôt", "text": "Bonjour {given_name},\n\n{visit}\n\n{manage}"}
    page = manager.post(WORDS, good).content.decode()
    assert "Bonjour Camille" in page
    assert MessageTemplate.objects.count() == 0
    page = manager.post(f"{WORDS}sample/", good).content.decode()
    assert "A sample is on its way" in page
    assert Communication.objects.get().kind == "message-sample"
    assert manager.post(WORDS, good | {"keep": "1"}).status_code == 303
    assert "your words" in manager.get("/settings/messages/reminder/").content.decode()
    assert manager.post(f"{WORDS}ours/").status_code == 303
    assert [one.text for one in MessageTemplate.objects.order_by("id")] == [good["text"], ""]


def test_a_text_that_cannot_be_sent_says_what_is_wrong_with_it(manager: Client) -> None:
    answer = manager.post(WORDS, {"subject": "", "text": "{visit} {nobody} needling", "keep": "1"})
    assert answer.status_code == 422
    page = answer.content.decode()
    for words in ("A mail needs a subject.", "{nobody}", "{link} / {manage}", "This could tell others"):
        assert words in page
    assert MessageTemplate.objects.count() == 0
    assert manager.post(f"{WORDS}sample/", {"subject": "", "text": ""}).status_code == 422

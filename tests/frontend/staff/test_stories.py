"""Stories as those see them who write them: kept, looked at, sent, stopped, counted."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from booking.reminders.models import Communication, Story, Subscriber
from booking.services.stories import write_due_stories
from intake.models import Role
from tests.factories.booking import make_clinic
from tests.factories.intake import make_user
from tests.factories.stories import make_reader, make_story
from tests.frontend.staff.conftest import NOW, signed_in

pytestmark = pytest.mark.django_db(transaction=True)
NEW = "/messages/stories/new/"
WORDS = {"topic": "news", "title-en": "Spring hours", "text-en": "We open at eight.\r\n\r\nhttps://example.org/"}


@pytest.fixture
def manager() -> Client:
    make_clinic()
    return signed_in(make_user(Role.MANAGER))


def test_a_story_is_written_looked_at_tried_sent_and_stopped(manager: Client) -> None:
    make_reader("en@x.test")
    make_reader("fr@x.test", language="fr-ca")
    answer = manager.post(NEW, WORDS)
    story = Story.objects.get()
    here = reverse("staff:story", args=[story.pk])
    assert (answer.status_code, answer["Location"]) == (303, here)
    page = manager.get(here).content.decode()
    for words in (
        "1 reader gets it",
        "1 more wants such stories and reads another language",
        "https://example.org/</a>",
    ):
        assert words in page
    manager.post(f"{here}sample/", {"language": "en"})
    assert Communication.objects.get().kind == "message-sample"
    assert manager.post(f"{here}send/", {"at": ""}).status_code == 303
    write_due_stories(now=NOW)
    page = manager.get(here).content.decode()
    assert "Wait their turn" in page
    assert manager.post(here, WORDS).status_code == 409
    assert manager.post(f"{here}stop/").status_code == 303
    page = manager.get(here).content.decode()
    assert "The story was stopped." in page
    assert "Spring hours" in manager.get("/messages/stories/").content.decode()
    assert "en@x.test" not in manager.get("/messages/stories/").content.decode()


def test_a_story_goes_out_at_a_time_of_the_clinic_s_clock(manager: Client) -> None:
    story = make_story(now=NOW)
    here = reverse("staff:story", args=[story.pk])
    for wrong in ("2020-01-01T10:00", "9999-12-31T23:59", "soon", "2027-12-31T10:00"):
        assert manager.post(f"{here}send/", {"at": wrong}).status_code == 422
    day = (NOW + timedelta(days=2)).date()
    manager.post(f"{here}send/", {"at": f"{day}T10:00"})
    story.refresh_from_db()
    assert story.send_at.isoformat() == f"{day}T16:00:00+00:00"
    assert "Planned for" in manager.get(here).content.decode()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"title-en": "", "text-en": ""}, "in at least one language"),
        ({"text-en": ""}, "Please write a text"),
        ({"title-fr-ca": "Titre"}, "Please write a text"),
        ({"title-en": "After your treatment"}, "locked screens"),
        ({"text-en": "{patient}"}, "know these placeholders"),
        ({"text-en": "http://example.org"}, "https"),
        ({"text-en": "x" * 10_500}, "too long"),
        ({"text-en": "x" * 20_000}, "11000"),
        ({"topic": "health"}, "valid choice"),
    ],
)
def test_what_can_not_be_sent_is_said_beside_it(manager: Client, wrong: dict[str, str], words: str) -> None:
    answer = manager.post(NEW, WORDS | wrong)
    assert (answer.status_code, words in answer.content.decode()) == (422, True)
    assert not Story.objects.exists()


def test_ten_megabytes_are_too_much(manager: Client) -> None:
    assert manager.post(NEW, WORDS | {"text-en": "x" * 10_000_000}).status_code == 400
    assert not Story.objects.exists()


def test_somebody_who_calls_is_taken_off_the_list(manager: Client) -> None:
    make_reader("ana@x.test")
    take_off = reverse("staff:stories-take-off")
    assert [
        manager.post(take_off, {"email": mailbox}).status_code for mailbox in ("ana", "no@x.test", "Ana@x.test")
    ] == [
        422,
        303,
        303,
    ]
    assert Subscriber.objects.get().state == "ended"


def test_stories_don_t_hide_other_messages_in_the_log(manager: Client) -> None:
    make_reader("ana@x.test")
    story = make_story(now=NOW)
    manager.post(reverse("staff:story-send", args=[story.pk]), {"at": ""})
    write_due_stories(now=NOW)
    Communication.objects.update(due_at=NOW)
    assert "ana@x.test" not in manager.get("/messages/").content.decode()
    assert "ana@x.test" in manager.get("/messages/?kind=story").content.decode()

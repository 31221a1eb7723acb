"""Stories go out through the same outbox, after everything else, with a way out in each."""

import time
from datetime import timedelta

import pytest
from pytest_django import Settings

from booking.errors import NotPossibleNow
from booking.errors_of_messages import StoryRefused
from booking.models import Location
from booking.reminders.delivery import deliver_due
from booking.reminders.models import AddressMark, Communication, Story
from booking.reminders.of_stories import FEW_WANTED, STORY_STOPPED, TOPIC_LEFT
from booking.reminders.services import plan_booking_messages
from booking.reminders.subscribers import UNSUBSCRIBED
from booking.reminders.ways import MAILBOX_FAILS
from booking.selectors.health import problems_now, signs_of_work
from booking.selectors.stories import reader_by_token, reasons_not_sent, stories, told
from booking.services.delivery_reports import Report, note_report
from booking.services.stories import (
    StoryWords,
    drop_story,
    send_story,
    send_story_sample,
    stop_story,
    write_due_stories,
    write_story,
)
from booking.services.subscriptions import leave_stories
from config.invariants import INVARIANTS
from intake.errors import NotAllowed
from intake.models import Role
from tests.booking.reminders.visits import NOW, START, make_visit
from tests.factories.booking import make_clinic
from tests.factories.intake import make_user
from tests.factories.stories import BOTH, ENGLISH, make_reader, make_sent_story, make_story
from tests.simulators.mail.smtp import Faults, Mailbox

pytestmark = pytest.mark.django_db(transaction=True)
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def clinic(settings: Settings) -> Location:
    settings.SITE_URL = "https://clinic.example"
    clinic = make_clinic(name="Riverside Clinic", address="12 River Road\nEdmonton AB", phone="+17805550100").location
    clinic.stories_per_minute = 60
    clinic.save()
    return clinic


def reasons() -> dict[str, str]:
    return dict(Communication.objects.filter(kind="story").values_list("recipient", "status_reason"))


def sent_now(**over: object) -> Story:
    story = make_sent_story(now=NOW, **over)
    write_due_stories(now=NOW)
    return story


def test_each_reader_gets_what_they_want_in_their_language_once_and_at_a_pace(mailbox: Mailbox) -> None:
    for address, over in {
        "en@x.test": {},
        "fr@x.test": {"language": "fr-ca"},
        "asked@x.test": {"state": "asked"},
        "ended@x.test": {"state": "ended"},
        "other@x.test": {"topics": ["moving"]},
    }.items():
        make_reader(address, **over)
    story = sent_now(words=BOTH)
    assert write_due_stories(now=NOW) == 0
    due = sorted(Communication.objects.filter(story=story).values_list("due_at", flat=True))
    assert due == [NOW, NOW + timedelta(seconds=1)]
    assert deliver_due(now=NOW) + deliver_due(now=NOW + MINUTE) == 2
    assert {mail.recipients[0]: mail.content["Subject"] for mail in mailbox.store.messages()} == {
        "en@x.test": "New hours in spring",
        "fr@x.test": "Nouvel horaire",
    }
    story.refresh_from_db()
    assert told(story).is_over


def test_a_mail_program_lets_its_reader_out_and_the_letter_says_who_writes(mailbox: Mailbox) -> None:
    make_reader("en@x.test", token="t" * 43)
    sent_now()
    deliver_due(now=NOW)
    (mail,) = mailbox.store.messages()
    head = {name: mail.content[name].strip() for name in ("List-Unsubscribe", "List-Unsubscribe-Post", "Subject")}
    assert head == {
        "List-Unsubscribe": f"<https://clinic.example/stories/leave/{'t' * 43}/>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Subject": "New hours in spring",
    }
    text = mail.content.get_body(["plain"]).get_content()
    for words in ("Call (780) 555-0100", "Riverside Clinic\n12 River Road\nEdmonton AB", f"/stories/mine/{'t' * 43}/"):
        assert words in text.replace("\r\n", "\n")
    html = mail.content.get_body(["html"]).get_content()
    assert f'href="https://clinic.example/stories/mine/{"t" * 43}/"' in html


def test_what_an_author_types_is_text_and_links_and_nothing_else(mailbox: Mailbox) -> None:
    make_reader("en@x.test")
    sent_now(words={"en": StoryWords("Spring & more", "<script>x</script> {phone}\nhttps://example.org/a?b=1&c=2")})
    deliver_due(now=NOW)
    html = mailbox.store.messages()[0].content.get_body(["html"]).get_content()
    assert "&lt;script&gt;x&lt;/script&gt; (780) 555-0100" in html
    assert '<a href="https://example.org/a?b=1&amp;c=2" rel="nofollow">' in html


def test_no_other_letter_has_the_way_out_of_stories(mailbox: Mailbox) -> None:
    plan_booking_messages(appointment=make_visit(), manage_token="secret", now=NOW)
    deliver_due(now=NOW)
    assert [mail.content["List-Unsubscribe"] for mail in mailbox.store.messages()] == [None]


def test_a_message_about_a_visit_goes_before_five_thousand_stories_that_wait(mailbox: Mailbox) -> None:
    visit = make_visit()
    plan_booking_messages(appointment=visit, manage_token="secret", now=START - timedelta(hours=49))
    deliver_due(now=START - timedelta(hours=49))
    due = START - timedelta(hours=48)
    _wait(5000, due_at=due - timedelta(hours=1))
    began = time.monotonic()
    assert deliver_due(now=due, limit=2) == 2
    assert time.monotonic() - began < 5
    assert [mail.recipients[0].partition("@")[2] for mail in mailbox.store.messages()][:2] == ["x.test", "example.test"]
    assert signs_of_work().oldest_due_at > due
    assert problems_now(now=due + timedelta(hours=2)) == ()
    assert [*next(one for one in INVARIANTS if one.name == "sent-in-time").find(due + timedelta(hours=2))] == []


def test_after_a_standstill_stories_keep_their_pace_and_others_go_on(mailbox: Mailbox, clinic: Location) -> None:
    clinic.stories_per_minute = 2
    clinic.save()
    for number in range(5):
        make_reader(f"r{number}@x.test")
    sent_now()
    later = NOW + timedelta(minutes=30)
    assert [deliver_due(now=later), deliver_due(now=later), deliver_due(now=later + 2 * MINUTE)] == [2, 0, 2]
    plan_booking_messages(appointment=make_visit(), manage_token="secret", now=NOW)
    Location.objects.update(stories_per_minute=2)  # the visit is at a clinic of its own
    assert [deliver_due(now=later + 2 * MINUTE), deliver_due(now=later + 4 * MINUTE)] == [1, 1]


def test_that_a_story_went_to_nobody_who_had_not_said_yes_is_looked_after(mailbox: Mailbox) -> None:
    said_yes, never = make_reader("yes@x.test"), make_reader("never@x.test")
    said_yes.consents.create(what="confirmed", how="mail", recorded_at=NOW - MINUTE)
    sent_now()
    deliver_due(now=NOW)
    deliver_due(now=NOW + MINUTE)
    promise = next(one for one in INVARIANTS if one.name == "stories-agreed")
    assert [*promise.find(NOW)] == [str(never.communications.get().pk)]


def _wait(many: int, *, due_at: object) -> None:
    """So many stories to one reader's mailbox that are due."""
    story, reader = make_sent_story(now=NOW), make_reader("all@x.test")
    Communication.objects.bulk_create(
        Communication(
            dedupe_key=f"story/{number}", kind="story", recipient="all@x.test", story=story, created_at=due_at,
            subscriber=reader if number == 0 else None, due_at=due_at, not_after=due_at + timedelta(days=3),
        )
        for number in range(many)
    )  # fmt: skip
    Communication.objects.filter(subscriber=None, kind="story").update(due_at=due_at + MINUTE)


def test_what_has_happened_since_is_looked_at_before_a_story_goes_out(mailbox: Mailbox) -> None:
    readers = {name: make_reader(f"{name}@x.test") for name in ("left", "topic", "fails", "reads")}
    sent_now()
    leave_stories(reader=readers["left"], how="program", now=NOW)
    readers["topic"].topics = ["moving"]
    readers["topic"].save()
    AddressMark.objects.create(channel="email", address="fails@x.test", what="bounced", marked_at=NOW)
    assert deliver_due(now=NOW + MINUTE) == 1
    assert reasons() == {
        "left@x.test": UNSUBSCRIBED,
        "topic@x.test": TOPIC_LEFT,
        "fails@x.test": MAILBOX_FAILS,
        "reads@x.test": "",
    }


def test_who_wants_few_gets_one_in_a_month_and_the_log_says_so(mailbox: Mailbox) -> None:
    make_reader("few@x.test", monthly=True)
    sent_now()
    deliver_due(now=NOW)
    make_sent_story(now=NOW + timedelta(days=29))
    write_due_stories(now=NOW + timedelta(days=29))
    make_sent_story(now=NOW + timedelta(days=31))
    write_due_stories(now=NOW + timedelta(days=31))
    rows = Communication.objects.order_by("created_at").values_list("status", "status_reason")
    assert list(rows) == [("completed", ""), ("not-done", FEW_WANTED), ("preparation", "")]


def test_a_story_waits_for_its_time_and_for_the_morning(mailbox: Mailbox, clinic: Location) -> None:
    clinic.quiet_from, clinic.quiet_until = "21:00", "08:00"
    clinic.save()
    make_reader("en@x.test")
    evening, morning = NOW.replace(day=21, hour=4), NOW.replace(day=21, hour=14)  # 22:00 and 8:00 in Alberta
    story = make_story(now=NOW)
    send_story(story=story, at=evening, by=story.changed_by, now=NOW)
    assert write_due_stories(now=NOW) == 0
    assert write_due_stories(now=evening) == 1
    assert Communication.objects.get().due_at == morning
    Communication.objects.update(due_at=evening)  # as if the sweep had come too late the evening before
    assert deliver_due(now=evening) == 0
    assert deliver_due(now=morning) == 1


def test_a_stopped_story_goes_no_further_and_counts_what_it_did(mailbox: Mailbox) -> None:
    for number in range(3):
        make_reader(f"r{number}@x.test")
    story = sent_now()
    deliver_due(now=NOW)
    stop_story(story=story, by=story.changed_by, now=NOW)
    stop_story(story=story, by=story.changed_by, now=NOW)
    assert deliver_due(now=NOW + MINUTE) == 0
    gone = Communication.objects.get(status="completed")
    leave_stories(reader=gone.subscriber, how="mail", now=NOW)
    counts = told(story).sending
    assert (counts.waiting, counts.sent, counts.not_sent, counts.left) == (0, 1, 2, 1)
    assert reasons_not_sent(story) == [(STORY_STOPPED, 2)]
    make_reader("late@x.test")
    assert write_due_stories(now=NOW + MINUTE) == 0


def test_somebody_who_leaves_while_their_story_is_in_hand_does_not_get_it(mailbox: Mailbox) -> None:
    """Between looking at the world and handing it over."""
    reader = make_reader("en@x.test")
    sent_now()
    seen = Communication.objects.select_related("story", "subscriber").get()
    assert seen.subscriber.state == "active"
    leave_stories(reader=reader, how="program", now=NOW)
    Communication.objects.update(status="preparation", status_reason="")  # the row was claimed before the no
    assert deliver_due(now=NOW) == 0
    assert reasons() == {"en@x.test": UNSUBSCRIBED}


def test_a_refusal_ends_the_subscription_and_its_words_name_nobody_on_the_page(mailbox: Mailbox) -> None:
    reader = make_reader("en@x.test")
    story = sent_now()
    mailbox.faults = Faults(refuse=550, times=1)
    deliver_due(now=NOW)
    note_report(report=Report(str(reader.communications.get().pk), "1", "bounced", address_fails=True), now=NOW)
    reader.refresh_from_db()
    assert (reader.state, told(story).sending.came_back) == ("ended", 1)
    assert reasons_not_sent(story) == [("The mail server refused it", 1)]


def test_the_list_of_stories_takes_as_many_queries_for_three_as_for_one(django_assert_num_queries) -> None:
    make_story(now=NOW)
    for _ in range(2):
        with django_assert_num_queries(5):
            assert [one.title for one in stories()]
        make_story(now=NOW)
        make_sent_story(now=NOW)


def test_only_a_draft_is_changed_and_only_by_those_who_may() -> None:
    story = make_story(now=NOW)
    manager = story.changed_by
    for role in (Role.RECEPTION, Role.THERAPIST):
        other = make_user(role)
        for act in (
            lambda by=other: write_story(story=story, topic="news", words=ENGLISH, by=by, now=NOW),
            lambda by=other: send_story(story=story, at=None, by=by, now=NOW),
            lambda by=other: send_story_sample(story=story, language="en", by=by, now=NOW),
            lambda by=other: drop_story(story=story, by=by, now=NOW),
        ):
            with pytest.raises(NotAllowed):
                act()
    with pytest.raises(NotPossibleNow):
        stop_story(story=story, by=manager, now=NOW)
    for wrong in (NOW - MINUTE, NOW + timedelta(days=400)):
        with pytest.raises(NotPossibleNow):
            send_story(story=story, at=wrong, by=manager, now=NOW)
    send_story(story=story, at=NOW, by=manager, now=NOW)
    for act in (
        lambda: write_story(story=story, topic="news", words=ENGLISH, by=manager, now=NOW),
        lambda: send_story(story=story, at=None, by=manager, now=NOW),
        lambda: drop_story(story=story, by=manager, now=NOW),
    ):
        with pytest.raises(NotPossibleNow):
            act()
    kept = make_story(now=NOW)
    drop_story(story=kept, by=manager, now=NOW)
    assert list(Story.objects.all()) == [story]


@pytest.mark.parametrize(
    ("topic", "words"),
    [
        ("news", {}),
        ("health", ENGLISH),
        ("news", {"de": StoryWords("Neu", "Neu")}),
        ("news", {"en": StoryWords("News\nBcc: a@b.test", "x")}),
    ],
)
def test_what_can_not_be_sent_is_not_kept(topic: str, words: dict[str, StoryWords]) -> None:
    with pytest.raises(StoryRefused):
        write_story(story=None, topic=topic, words=words, by=make_user(Role.OWNER), now=NOW)
    assert not Story.objects.exists()


def test_a_sample_reads_like_the_story_and_lets_nobody_out(mailbox: Mailbox) -> None:
    story = make_story(words=BOTH, now=NOW)
    send_story_sample(story=story, language="fr-ca", by=story.changed_by, now=NOW)
    with pytest.raises(NotPossibleNow):
        send_story_sample(story=make_story(now=NOW), language="fr-ca", by=story.changed_by, now=NOW)
    deliver_due(now=NOW)
    (mail,) = mailbox.store.messages()
    assert (mail.recipients, mail.content["Subject"], mail.content["List-Unsubscribe"]) == (
        [story.changed_by.email],
        "Nouvel horaire",
        None,
    )


def test_a_link_lets_out_whatever_keys_the_installation_has(settings: Settings) -> None:
    reader = make_reader("en@x.test", token="t" * 43)
    settings.SECRET_KEY = "another"
    assert reader_by_token("t" * 43) == reader

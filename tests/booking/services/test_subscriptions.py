"""Who gets stories: nobody who has not said yes with the button behind the link, and nobody who has said no since."""

import re
from datetime import timedelta

import pytest
from pytest_django import Settings

from booking.errors_of_messages import StoriesNotPossible, UnknownStoryLink
from booking.reminders.addresses import forget_reach, mark_address
from booking.reminders.letters import letter_of
from booking.reminders.models import AddressMark, Communication, StoryConsent, Subscriber
from booking.services.delivery_reports import Report, note_report
from booking.services.subscriptions import (
    YES_TO_STORIES,
    StoryChoice,
    ask_for_stories,
    choose_stories,
    confirm_stories,
    forget_readers,
    leave_stories,
    take_off_list,
)
from intake.errors import NotAllowed, TooManyAttempts
from intake.models import Role
from tests.factories.booking import NOW, make_clinic
from tests.factories.intake import make_patient, make_user
from tests.factories.stories import make_reader

pytestmark = pytest.mark.django_db(transaction=True)
ANA, DAY = "ana@example.test", timedelta(days=1)
NEWS = StoryChoice("en", ["news"])
LATER = NOW + timedelta(hours=1)


@pytest.fixture(autouse=True)
def _clinic(settings: Settings) -> None:
    settings.SITE_URL = "https://clinic.example"
    make_clinic()


def ask(address: str = ANA, choice: StoryChoice = NEWS, *, origin: str = "203.0.113.7", days: int = 0) -> str:
    """Ask for stories; answers the token that was mailed, if a mail was written."""
    before = set(Communication.objects.values_list("pk", flat=True))
    now = NOW + days * DAY
    ask_for_stories(address=address, choice=choice, how="page", origin=origin, now=now)
    row = Communication.objects.exclude(pk__in=before).first()
    return re.findall(r"/stories/yes/([^/]+)/", letter_of(row, now=now).text)[0] if row else ""


def state_of(address: str = ANA) -> str:
    return Subscriber.objects.get(address=address).state


def said() -> list[tuple[str, str]]:
    return list(StoryConsent.objects.order_by("id").values_list("what", "how"))


def test_only_the_button_behind_the_link_is_a_yes_and_it_is_kept_with_its_words() -> None:
    token = ask("Ana@Example.TEST")
    assert state_of() == "asked"
    confirm_stories(token=token, now=LATER)
    confirm_stories(token=token, now=LATER)
    reader = Subscriber.objects.get()
    assert (reader.address, reader.state, reader.topics, reader.language) == (ANA, "active", ["news"], "en")
    assert said() == [("asked", "page"), ("confirmed", "mail")]
    kept = StoryConsent.objects.order_by("id").last()
    assert (kept.wording, kept.wording_version, kept.recorded_at) == (YES_TO_STORIES, "1", LATER)
    assert token not in "".join(StoryConsent.objects.values_list("token_hash", flat=True))


def test_a_link_is_good_for_a_week_and_not_after_a_no() -> None:
    token = ask()
    with pytest.raises(UnknownStoryLink):
        confirm_stories(token=token, now=NOW + 7 * DAY)
    with pytest.raises(UnknownStoryLink):
        confirm_stories(token="nobody's", now=NOW)
    reader = confirm_stories(token=token, now=LATER)
    leave_stories(reader=reader, how="program", now=LATER)
    with pytest.raises(UnknownStoryLink):
        confirm_stories(token=token, now=LATER)
    assert state_of() == "ended"
    confirm_stories(token=ask(), now=LATER)
    assert state_of() == "active"


def test_whoever_asks_for_a_mailbox_that_gets_stories_changes_nothing_there() -> None:
    reader = make_reader(ANA, topics=["moving"])
    token = ask(choice=StoryChoice("fr-ca", ["news"], monthly=True))
    reader.refresh_from_db()
    assert (reader.state, reader.topics, reader.language, reader.monthly) == ("active", ["moving"], "en", False)
    confirm_stories(token=token, now=LATER)
    reader.refresh_from_db()
    assert (reader.state, reader.topics, reader.language, reader.monthly) == ("active", ["news"], "fr-ca", True)


def test_nobody_is_bombed_with_mails_and_nobody_can_tell() -> None:
    asked = [bool(ask(origin=f"198.51.{n}.1")) for n in range(5)]
    assert asked == [True, True, True, False, False]
    assert [bool(ask(days=day)) for day in (1, 1, 1, 1, 2, 3)] == [True, True, True, False, False, False]


def test_one_network_asks_for_so_many_and_no_more() -> None:
    for number in range(40):
        ask(f"a{number}@example.test")
    with pytest.raises(TooManyAttempts):
        ask("one-more@example.test")


@pytest.mark.parametrize(
    ("address", "choice"),
    [
        ("ana@example.test\nBcc: all@example.test", NEWS),
        ("ana@" + "x" * 70 + ".test", NEWS),
        (ANA, StoryChoice("de", ["news"])),
        (ANA, StoryChoice("en", [])),
        (ANA, StoryChoice("en", ["health"])),
    ],
)
def test_what_makes_no_sense_is_refused_and_leaves_nothing(address: str, choice: StoryChoice) -> None:
    with pytest.raises(StoriesNotPossible):
        ask(address, choice)
    assert (Subscriber.objects.count(), Communication.objects.count()) == (0, 0)


def test_a_no_is_at_once_and_safe_twice_and_only_a_new_yes_ends_it() -> None:
    reader = make_reader(ANA)
    leave_stories(reader=reader, how="program", now=NOW)
    leave_stories(reader=reader, how="mail", now=LATER)
    assert said() == [("ended", "program")]
    with pytest.raises(StoriesNotPossible):
        choose_stories(reader=reader, choice=NEWS, now=LATER)


def test_somebody_who_tells_the_clinic_is_taken_off_by_a_manager() -> None:
    make_reader(ANA)
    with pytest.raises(NotAllowed):
        take_off_list(address=ANA, by=make_user(Role.RECEPTION), now=NOW)
    manager = make_user(Role.MANAGER)
    take_off_list(address=" ANA@example.test", by=manager, now=NOW)
    take_off_list(address="nobody@example.test", by=manager, now=NOW)
    assert (state_of(), StoryConsent.objects.get().by) == ("ended", manager)


def test_a_complaint_about_a_story_ends_stories_and_leaves_mail_about_visits_alone() -> None:
    ask()
    row = Communication.objects.get()
    note_report(report=Report(str(row.pk), "1", "complained"), now=LATER)
    assert (state_of(), said()[-1], AddressMark.objects.count()) == ("ended", ("ended", "complaint"), 0)


def test_a_mailbox_that_takes_no_mail_gets_no_story_and_a_yes_proves_that_it_does_again() -> None:
    make_reader(ANA)
    mark_address("email", ANA, what="bounced", now=NOW)
    assert (state_of(), said()) == ("ended", [("ended", "bounce")])
    confirm_stories(token=ask(), now=LATER)
    assert state_of() == "active"
    assert AddressMark.objects.order_by("-id").first().what == "cleared"


def test_what_was_never_said_yes_to_and_what_ended_long_ago_is_forgotten() -> None:
    ask("old@example.test")
    make_reader("gone@example.test", state="ended")
    make_reader(ANA)
    ask("young@example.test", days=29)
    assert forget_readers(now=NOW + 31 * DAY) == 1
    assert forget_readers(now=NOW + 1094 * DAY) == 1
    assert forget_readers(now=NOW + 1096 * DAY) == 1
    assert list(Subscriber.objects.values_list("address", flat=True)) == [ANA]
    assert list(Communication.objects.values_list("recipient", "subscriber")) == [("", None), ("", None)]


def test_an_erased_patient_s_mailbox_is_forgotten_unless_somebody_else_has_it() -> None:
    shared, own = make_patient(email="family@example.test"), make_patient(email=ANA)
    make_patient(email="family@example.test", given_name="Bo")
    make_reader(ANA)
    make_reader("family@example.test")
    for patient in (shared, own):
        forget_reach(patient=patient)
    assert list(Subscriber.objects.values_list("address", flat=True)) == ["family@example.test"]

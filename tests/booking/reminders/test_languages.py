"""Every kind in every language: whole, of one language, short enough, without a word of why somebody comes."""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Final

import pytest
from django.conf import settings as ours
from django.utils.translation import override
from pytest_django import Settings

from booking.models import Location
from booking.reminders.letters import letter_of
from booking.reminders.samples import sample_of
from booking.reminders.wording import MessageForm
from booking.rules.kinds import EMAIL, KINDS, SMS
from booking.rules.short_texts import MOST_SEGMENTS, segments
from booking.rules.wording import CLINICAL
from tests.booking.reminders.visits import NOW
from tests.factories.booking import make_clinic

FILES: Final = Path(ours.BASE_DIR) / "frontend" / "templates" / "messages"
# Words without which hardly an English sentence can do, and which are no French ones.
ENGLISH: Final = frozenset(
    "the you your yours we us our is are was were be been has have had will would can't don't not and or"
    " but if it its this that these there here of to for from with at by until before after when what who"
    " how please call see open choose take time times day visit appointment appointments booked link free"
    " nobody somebody something anything read sign January February March April May June July August"
    " September October November December Monday Tuesday Wednesday Thursday Friday Saturday Sunday".lower().split()
)


@pytest.fixture(autouse=True)
def _site(settings: Settings) -> None:
    settings.SITE_URL = "https://drypoint.example.org"


@pytest.fixture
def clinic() -> Location:
    """A clinic whose own data are words of neither language."""
    location = make_clinic(name="Clinique Rivière", address="12 rue Principale\nMontréal QC").location
    location.email = "clinique@example.org"
    location.save()
    return location


def texts_of(location: Location, language: str) -> Iterator[tuple[str, str]]:
    """Each kind by each channel, as its text with the subject before it and the calendar file after it."""
    for code, kind in KINDS.items():
        for channel in [EMAIL, SMS] if kind.sms else [EMAIL]:
            sample = sample_of(MessageForm(location, code, channel, language), now=NOW)
            letter = letter_of(sample, now=NOW)
            calendar = letter.calendar.decode().replace("\r\n ", "") if letter.calendar else ""
            title_and_note = "\n".join(re.findall(r"^(?:SUMMARY|DESCRIPTION):(.*)$", calendar, re.MULTILINE))
            page = unescape(re.sub(r"<style.*?</style>|<[^>]*>", "\n", letter.html, flags=re.DOTALL))
            yield f"{code} {channel}", f"{letter.subject}\n{letter.text}\n{title_and_note}\n{page}"


def sentences(text: str) -> set[str]:
    """The sentences of a text without its links, numbers and names."""
    bare = re.sub(r"https?://\S+|\S+@\S+|[\d()·-]+", " ", text)
    parts = re.split(r"[.:!?\n]+", bare)
    return {" ".join(part.split()).lower() for part in parts if len(part.split()) > 1}


def words(text: str) -> set[str]:
    """The words of a text, not those of its links."""
    bare = re.sub(r"https?://\S+|\S+@\S+", " ", text)
    return set(re.findall(r"[a-zà-ÿ']+", bare.lower().replace("’", "'")))


def english_in(text: str, english: str) -> set[str]:
    """What a French message shares with the English one, and every English word in it."""
    return (sentences(text) & sentences(english)) | (words(text) & ENGLISH)


@pytest.mark.django_db
def test_a_french_message_has_no_english_sentence_and_no_english_word(clinic: Location) -> None:
    english, french = dict(texts_of(clinic, "en")), dict(texts_of(clinic, "fr-ca"))
    assert list(english) == list(french)
    names = sentences("Clinique Rivière\n rue Principale\nMontréal QC\nAvec Anna\nAnna Roy\nA. B.")
    for what, text in french.items():
        assert english_in(text, english[what]) - names == set(), (what, text)


@pytest.mark.django_db
def test_one_english_sentence_in_any_french_message_would_be_seen(clinic: Location) -> None:
    """The negative control: one that stands in the English message too, and some that stand nowhere else."""
    slips = ("Riverside answers soon.", "Please call us.", "See your appointment:", "Open it here", "Tuesday")
    for what, text in texts_of(clinic, "fr-ca"):
        missed = [slip for slip in slips if english_in(f"{text}\n{slip}", "Riverside answers soon.") == set()]
        assert missed == [], what


def test_the_files_of_both_languages_say_the_same_things_and_share_no_sentence() -> None:
    """In all their branches, also those that no sample reaches."""
    codes = [code for code, _name in ours.MESSAGE_LANGUAGES]
    names = [sorted(str(file.relative_to(FILES / code)) for file in (FILES / code).rglob("*.txt")) for code in codes]
    assert names[0] == names[1]
    wanted = {f"{code}.txt" for code in KINDS} | {f"{code}.sms.txt" for code, kind in KINDS.items() if kind.sms}
    assert wanted | {"calendar.txt"} <= set(names[0])
    for name in names[0]:
        english, french = (
            re.sub(r"{% comment %}.*?{% endcomment %}", "", (FILES / c / name).read_text(), flags=re.S) for c in codes
        )
        variables = [set(re.findall(r"{{ ?[^}]+}}", text)) - {"{{ zone }}"} for text in (english, french)]
        assert variables[0] == variables[1], name
        said = [sentences(re.sub(r"{%.*?%}|{{.*?}}", "\n", text)) for text in (english, french)]
        assert said[0] & said[1] == set(), name
        assert words(re.sub(r"{%.*?%}|{{.*?}}", " ", french)) & ENGLISH == set(), name


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["en", "fr-ca"])
def test_no_message_says_why_somebody_comes(clinic: Location, language: str) -> None:
    for what, text in texts_of(clinic, language):
        assert CLINICAL.findall(text) == [], what
        assert not re.search(r"[{}]|None|\$", text), what
        written_here = what == "message-sample email" or what.startswith("reply ")
        assert written_here or "Camille" not in text, what  # only where a mailbox is shared


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["en", "fr-ca"])
def test_a_short_text_is_two_parts_at_most_with_its_link(clinic: Location, language: str) -> None:
    for what, text in texts_of(clinic, language):
        if what.endswith(SMS):
            whole = text.strip()
            assert segments(whole) <= MOST_SEGMENTS, (what, whole, len(whole))
            assert "https://" in whole or what == "reply sms", what


@pytest.mark.django_db
def test_days_and_hours_follow_the_language(clinic: Location) -> None:
    with override("en"):  # whoever's page is being shown while the worker writes
        text = dict(texts_of(clinic, "fr-ca"))["reminder email"]
    assert "Vendredi 27 novembre 2026, 10\xa0h\xa000 (heure des Rocheuses)" in text
    assert text.startswith("Votre rendez-vous\xa0: vendredi 27 novembre à 10\xa0h\xa000\n")

"""What a patient reads before the first question, and the proof of it."""

import pytest

from intake.notices import current_notice

CLINIC = {"clinic_name": "Foothills Dry Needling", "privacy_officer": "Sam Roy, 403-555-0100"}


@pytest.mark.parametrize("language", ["en", "fr"])
def test_it_says_who_why_under_which_law_how_long_who_sees_it_and_whom_to_ask(language):
    notice = current_notice(language, **CLINIC)
    assert len(notice.sections) == 6
    for part in ("Foothills Dry Needling", "Health Information Act", "24", "10", "18", "Sam Roy", "oipc.ab.ca"):
        assert part in notice.text
    assert "{" not in notice.text


def test_the_hash_is_of_exactly_what_was_shown():
    notice = current_notice("en", **CLINIC)
    assert (len(notice.hash), notice) == (64, current_notice("en-CA", **CLINIC))
    others = [
        current_notice("fr", **CLINIC),
        current_notice("en", **CLINIC | {"clinic_name": "Other"}),
        current_notice("en", **CLINIC, retention_years=16),
        current_notice("en", **CLINIC, law="the Personal Information Protection Act"),
    ]
    assert len({notice.hash, *(one.hash for one in others)}) == 5


def test_a_language_that_we_do_not_have_is_english():
    assert current_notice("de", **CLINIC).language == "en"


def test_the_usual_law_has_its_french_name():
    notice = current_notice("fr-CA", **CLINIC, law="Alberta's Health Information Act")
    assert "Alberta's" not in notice.text


def test_under_another_law_nobody_is_sent_to_alberta():
    other = current_notice("en", **CLINIC, law="BC's Personal Information Protection Act")
    named = current_notice("en", **CLINIC, law="BC's Personal Information Protection Act", regulator="the OIPC for BC")
    assert "Alberta" not in other.text + named.text
    assert "the OIPC for BC" in named.text

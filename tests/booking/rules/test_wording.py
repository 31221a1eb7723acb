import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.rules.kinds import EMAIL, KINDS, SMS
from booking.rules.short_texts import as_short_text, segments
from booking.rules.wording import Fault, faults_of, filled, may_be_reworded, needed_in, placeholders_of

GOOD = "Hello {given_name},\n\nsee you {date} at {time}.\n\nYour page:\n{link}"


def faults(text: str, *, kind: str = "reminder", channel: str = EMAIL, subject: str = "Soon: {date}") -> list[Fault]:
    return faults_of(kind, channel=channel, subject=subject, text=text)


def test_a_text_with_what_the_reader_needs_is_fine() -> None:
    assert faults(GOOD) == []
    assert faults("{visit}\n\n{manage}") == []
    assert faults("{clinic}: {date} {time} {link}", channel=SMS, subject="") == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (" \n", [Fault("no-text")]),
        ("See you soon. {link}", [Fault("missing", ("{visit} / {date} + {time}",))]),
        ("{visit}", [Fault("missing", ("{link} / {manage}",))]),
        ("{visit} {link} {reason} {Link}", [Fault("unknown", ("Link", "reason"))]),
        ("{visit} {link} {", [Fault("brace")]),
        ("{visit} {link} {visit.patient.email}", [Fault("unknown", ("visit.patient.email",))]),
        ("{visit} {link} {}", [Fault("unknown", ("",))]),
        ("{visit} {link} {until}", [Fault("unknown", ("until",))]),
        ("{visit} {link} Your dry needling!", [Fault("clinical", ("needl",))]),
        ("{visit} {link} Vos traitements, vos douleurs", [Fault("clinical", ("traite", "douleur"))]),
        ("{visit} {link} https://elsewhere.example/", [Fault("address")]),
        ("{visit} {link}" + "a" * 4000, [Fault("too-long")]),
    ],
)
def test_what_cannot_be_sent_says_why(text: str, found: list[Fault]) -> None:
    assert faults(text) == found


def test_a_mail_needs_a_subject_of_one_line() -> None:
    assert faults(GOOD, subject=" ") == [Fault("no-subject")]
    assert faults(GOOD, subject="One\nBcc: all@example.org") == [Fault("two-lines")]


def test_notes_after_a_visit_say_where_help_is() -> None:
    assert faults("Hello. {link}", kind="aftercare") == [
        Fault("missing", ("{emergency} + {nurse}",)),
    ]


def test_whatever_a_kind_needs_it_may_hold() -> None:
    for code in KINDS:
        if may_be_reworded(code):
            assert all(names <= placeholders_of(code) for group in needed_in(code) for names in group), code


@given(st.text(), st.dictionaries(st.sampled_from(["date", "link"]), st.text()))
def test_a_value_is_put_in_once_and_never_read_again(text: str, values: dict[str, str]) -> None:
    assert filled("{date}", {"date": "{link}", "link": "x"}) == "{link}"
    assert filled("".join(sign for sign in text if sign not in "{}"), values) == text.replace("{", "").replace("}", "")


def test_short_texts_use_letters_that_every_telephone_has() -> None:
    assert as_short_text("Août :\n  l’été à  Montréal, ça œuvre…") == "Aout : l'été à Montréal, ca oeuvre..."
    assert as_short_text("日本") == "日本"


@pytest.mark.parametrize(
    ("text", "parts"),
    [("a" * 160, 1), ("a" * 161, 2), ("a" * 306, 2), ("a" * 307, 3), ("€" * 80, 1), ("日" * 70, 1), ("日" * 71, 2)],
)
def test_parts_are_counted_as_networks_cut(text: str, parts: int) -> None:
    assert segments(text) == parts

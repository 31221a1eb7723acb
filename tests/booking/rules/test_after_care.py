"""What a sign calls for, which notes go home, and what is never said."""

import pytest

from booking.rules.after_care import (
    FEELINGS,
    NEAR_LUNGS,
    SIGNS,
    Urgency,
    guidance_for,
    is_near_lungs,
    notes_for,
)
from intake.questionnaires.shipped import shipped_data

EVERYTHING = [
    *(sign.words + sign.say for sign in SIGNS),
    *(
        note.words
        for warmth in ("good", "avoid")
        for note in notes_for(near_lungs=True, heat=warmth, ice=warmth, no_flying_hours=24)
    ),
    *(note.words for note in notes_for(near_lungs=True, heat="", ice="", no_flying_hours=None)),
]


def test_each_sign_calls_for_what_the_facts_say() -> None:
    assert {sign.code: sign.urgency.name for sign in SIGNS} == {
        "breath": "EMERGENCY",
        "nerves": "EMERGENCY",
        "bleeding": "EMERGENCY",
        "allergy": "EMERGENCY",
        "faint": "EMERGENCY",
        "infection": "SAME_DAY",
        "long-sore": "CLINIC",
    }


def test_every_sentence_of_the_table_has_a_source() -> None:
    notes = notes_for(near_lungs=True, heat="good", ice="avoid", no_flying_hours=24)
    assert all(one.sources for one in (*SIGNS, *notes))


@pytest.mark.parametrize("feeling", ["", *FEELINGS])
@pytest.mark.parametrize("sign", [sign for sign in SIGNS if sign.urgency >= Urgency.SAME_DAY], ids=lambda one: one.code)
def test_a_red_flag_counts_whatever_somebody_feels(feeling: str, sign: object) -> None:
    guidance = guidance_for(feeling=feeling, signs=[sign.code])  # type: ignore[attr-defined]
    assert (guidance.is_red_flag, guidance.urgency) == (True, sign.urgency)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("feeling", "urgency"), [("better", "NONE"), ("same", "NONE"), ("worse", "CLINIC"), ("worried", "CLINIC")]
)
def test_without_a_sign_only_worse_and_worried_want_a_call(feeling: str, urgency: str) -> None:
    assert guidance_for(feeling=feeling, signs=[]).urgency.name == urgency


def test_the_most_urgent_sign_comes_first_and_counts() -> None:
    guidance = guidance_for(feeling="better", signs=["long-sore", "breath", "infection"])
    assert guidance.urgency == Urgency.EMERGENCY
    assert [sign.code for sign in guidance.signs] == ["breath", "infection", "long-sore"]


@pytest.mark.parametrize(("feeling", "signs"), [("fine", []), ("same", ["headache"])])
def test_what_was_not_asked_is_refused(feeling: str, signs: list[str]) -> None:
    with pytest.raises(ValueError, match="unknown"):
        guidance_for(feeling=feeling, signs=signs)


def test_the_places_near_the_lungs_are_those_of_the_screening() -> None:
    _items, rules = shipped_data()
    assert frozenset(rules["lung_risk_regions"]) == NEAR_LUNGS


@pytest.mark.parametrize(
    ("regions", "near"),
    [
        (None, True),
        ((), True),
        (("knee",), False),
        (("knee", "neck"), True),
        (("chest",), True),
        (("low_back",), False),
    ],
)
def test_what_nobody_wrote_down_counts_as_near_the_lungs(regions: tuple[str, ...] | None, near: bool) -> None:
    assert is_near_lungs(regions) is near


def test_the_lung_sentences_stand_only_where_they_belong_and_first() -> None:
    near = notes_for(near_lungs=True, heat="", ice="", no_flying_hours=None)
    elsewhere = notes_for(near_lungs=False, heat="", ice="", no_flying_hours=72)
    assert near[: -len(elsewhere)][0].sources == ("PTX-CASES", "BN121")
    assert near[-len(elsewhere) :] == elsewhere
    assert not [note for note in elsewhere if "lung" in note.words or "fly" in note.words]


def test_heat_ice_and_the_hours_without_flying_are_the_clinics() -> None:
    unsaid = notes_for(near_lungs=True, heat="", ice="", no_flying_hours=None)
    assert not [note for note in unsaid if "heat" in note.words.lower() or " ice" in note.words.lower()]
    assert [note.words for note in unsaid if "fly" in note.words] == [
        "Ask us before you fly, dive or go up high mountains in the next days."
    ]
    said = notes_for(near_lungs=True, heat="good", ice="avoid", no_flying_hours=48)
    assert [note.words % {"hours": note.hours} for note in said if note.hours] == [
        "No flying, diving or high mountains for 48 hours after the visit."
    ]
    assert [note.words for note in said[-2:]] == [
        "Warmth on the sore place is fine if it feels good.",
        "Please put no ice on the place today.",
    ]


@pytest.mark.parametrize(
    "never", ["toxin", "flush", "anti-inflam", "ibuprofen", "stop taking", "diagnos", "you have a", "cure", "guarantee"]
)
def test_what_has_no_good_evidence_or_diagnoses_is_never_said(never: str) -> None:
    assert [words for words in EVERYTHING if never in words.lower()] == []

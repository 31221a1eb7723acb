"""After a visit with needles: which signs call for what, and the notes to take home. A table with its sources. Pure.

Sources are named as in docs of the screening data: PTX-CASES, BN121 (collapsed lung), EPIDURAL, CES (bleed or pressure
at the spine), JOINTINF, XU13 (infection), BACC, G-CLIN (bleeding, allergy, faint), BOYCE20 (long soreness), BRADY14,
BMAS-LEAF, GEMT. No automatic reply says what somebody has: it says only what to do. Heat, ice and the hours without
flying are the clinic's to set, because sources differ. What has no good evidence is not said.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final


def gettext_noop(words: str) -> str:
    """Words that are translated where they are shown."""
    return words


class Urgency(IntEnum):
    """How soon somebody must act, the last the soonest."""

    NONE = 0
    CLINIC = 1  # a call from the clinic, in its hours
    SAME_DAY = 2  # a doctor today
    EMERGENCY = 3


@dataclass(frozen=True, slots=True)
class Sign:
    """A sign that patients can tick, what to do then, and who says so."""

    code: str
    words: str
    urgency: Urgency
    say: str  # what to tell those who help; empty for nothing special
    sources: tuple[str, ...]


NEAR_CHEST: Final = gettext_noop(
    "Tell them that you had dry needling. If it was near your chest, neck, shoulder or upper back, say: “I had dry"
    " needling near my chest.”"
)
SIGNS: Final = (
    Sign(
        "breath",
        gettext_noop(
            "Short of breath, fast breathing, chest pain (worse when you breathe in), a dry cough, blue lips or"
            " cold sweat"
        ),
        Urgency.EMERGENCY,
        NEAR_CHEST,
        ("PTX-CASES", "BN121"),
    ),
    Sign(
        "nerves",
        gettext_noop(
            "New weakness, numbness, bad pain in your back or neck, trouble walking, or a change in bladder or bowels"
        ),
        Urgency.EMERGENCY,
        gettext_noop("Tell them that you had dry needling, and where."),
        ("EPIDURAL", "CES"),
    ),
    Sign(
        "bleeding",
        gettext_noop(
            "Bleeding that goes on after 15 minutes of firm pressure, a lump that grows fast, or an arm or leg that is"
            " tight and very painful"
        ),
        Urgency.EMERGENCY,
        gettext_noop("Keep pressing on a place that bleeds. Say so if you take a blood thinner."),
        ("BACC", "G-CLIN"),
    ),
    Sign(
        "allergy",
        gettext_noop("A swollen face, lips or tongue, hives, or wheezing"),
        Urgency.EMERGENCY,
        "",
        ("G-CLIN",),
    ),
    Sign("faint", gettext_noop("You fainted and got hurt, or had a seizure"), Urgency.EMERGENCY, "", ("G-CLIN",)),
    Sign(
        "infection",
        gettext_noop("Fever, redness that spreads, heat, pus, or a hot and swollen joint"),
        Urgency.SAME_DAY,
        gettext_noop("Tell them that you had dry needling, and where."),
        ("JOINTINF", "XU13"),
    ),
    Sign(
        "long-sore",
        gettext_noop("Sore for more than 3 days, or more pain than before the visit"),
        Urgency.CLINIC,
        "",
        ("BOYCE20",),
    ),
)
BY_CODE: Final = {sign.code: sign for sign in SIGNS}
FEELINGS: Final = ("better", "same", "worse", "worried")
_WANT_A_CALL: Final = frozenset({"worse", "worried"})

# As the screening's data names them; a test holds both together.
NEAR_LUNGS: Final = frozenset({"neck", "shoulder_girdle", "upper_back_thorax", "chest"})


@dataclass(frozen=True, slots=True)
class Guidance:
    """What an answer calls for, and the signs that say so, the most urgent first."""

    urgency: Urgency
    signs: tuple[Sign, ...]

    @property
    def is_red_flag(self) -> bool:
        return self.urgency >= Urgency.SAME_DAY

    @property
    def wants_clinic(self) -> bool:
        return self.urgency >= Urgency.CLINIC


def guidance_for(*, feeling: str, signs: Iterable[str]) -> Guidance:
    """What to do after this answer. Any red flag counts more than how somebody feels.

    :raises ValueError: a feeling or sign that is not asked for
    """
    try:
        ticked = sorted((BY_CODE[code] for code in set(signs)), key=lambda sign: -sign.urgency)
    except KeyError as unknown:
        raise ValueError(f"unknown sign {unknown}") from None
    if feeling not in (*FEELINGS, ""):
        raise ValueError("unknown feeling")
    by_feeling = Urgency.CLINIC if feeling in _WANT_A_CALL else Urgency.NONE
    return Guidance(max([by_feeling, *(sign.urgency for sign in ticked)]), tuple(ticked))


def is_near_lungs(regions: Collection[str] | None) -> bool:
    """Whether a place that was needled lies near the lungs; what nobody wrote down counts as if it did."""
    return not regions or not NEAR_LUNGS.isdisjoint(regions)


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence to take home, with its sources. `hours` is filled in where the clinic has set them."""

    words: str
    sources: tuple[str, ...]
    hours: int | None = None


_SORE: Final = (
    Note(
        gettext_noop(
            "The place may feel sore, as after hard exercise. That mostly goes within 1 to 2 days, at most 3."
        ),
        ("PMC5106437",),
    ),
    Note(gettext_noop("A small bruise, feeling tired or a bit light-headed can happen and pass."), ("BRADY14",)),
    Note(
        gettext_noop("If you feel sleepy, faint or dizzy, don't drive until that has passed."),
        ("BMAS-LEAF",),
    ),
    Note(
        gettext_noop("Keep moving gently. Leave hard training of that muscle for about a day."),
        ("clinic pages",),
    ),
)
_LUNGS: Final = (
    Note(
        gettext_noop(
            "Needles near the neck, shoulder, upper back or chest come with a very small risk for a lung. Signs can"
            " show at once, or hours or even 2 days later."
        ),
        ("PTX-CASES", "BN121"),
    ),
    Note(
        gettext_noop("Short of breath, chest pain or a dry cough? Don't wait: call the emergency number."),
        ("PTX-CASES", "BN121"),
    ),
)
_FLYING: Final = Note(
    gettext_noop("No flying, diving or high mountains for %(hours)s hours after the visit."), ("GEMT", "G-CLIN")
)
_ASK_BEFORE_FLYING: Final = Note(
    gettext_noop("Ask us before you fly, dive or go up high mountains in the next days."), ("GEMT", "G-CLIN")
)
_WARMTH: Final = {
    ("heat", "good"): gettext_noop("Warmth on the sore place is fine if it feels good."),
    ("heat", "avoid"): gettext_noop("Please put no heat on the place today."),
    ("ice", "good"): gettext_noop("Something cool on the sore place is fine if it feels good."),
    ("ice", "avoid"): gettext_noop("Please put no ice on the place today."),
}


def notes_for(*, near_lungs: bool, heat: str, ice: str, no_flying_hours: int | None) -> tuple[Note, ...]:
    """The notes to take home. `heat` and `ice` are "good", "avoid", or empty: then nothing is said of them."""
    flying = Note(_FLYING.words, _FLYING.sources, no_flying_hours) if no_flying_hours else _ASK_BEFORE_FLYING
    lungs = (*_LUNGS, flying) if near_lungs else ()
    warmth = [_WARMTH[one] for one in (("heat", heat), ("ice", ice)) if one in _WARMTH]
    return (*lungs, *_SORE, *(Note(words, ("clinic",)) for words in warmth))

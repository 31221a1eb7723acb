"""What a patient reads about dry needling before signing, and the risks of each region: data, versioned and hashed."""

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Final

from intake.notices import Section

INFORMATION_VERSION: Final = "2026-11"
LANGUAGES: Final = ("en",)  # a version is shown in another language once it is translated and signed off
_FOLDER: Final = Path(__file__).parent / "questionnaires" / "information"


@dataclass(frozen=True, slots=True)
class Figure:
    """How often something happens, in words of the form "about 1 in N", and who counted it."""

    event: str
    figure: str
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Risk:
    """What can happen where, or with a technique; `sources` as citations."""

    id: str
    text: str
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Information:
    """What is shown: `hash` is of exactly this text, so that it can be proven later what a patient read."""

    version: str
    hash: str
    language: str
    title: str
    sections: tuple[Section, ...]
    figures_title: str
    figures_note: str
    figures: tuple[Figure, ...]
    rare: str
    sources: tuple[str, ...]

    @property
    def text(self) -> str:
        """The whole of it as plain text, the form that is hashed."""
        read = [f"{one.heading}\n{one.text}" for one in self.sections]
        counted = [self.figures_title, *(f"{one.event}: {one.figure}" for one in self.figures), self.figures_note]
        return "\n\n".join([self.title, *read, "\n".join(counted), self.rare, "\n".join(self.sources)])


def information_version() -> str:
    """The version in force: a yes that rests on another one is asked for anew."""
    return INFORMATION_VERSION


@cache
def current_information(language: str) -> Information:
    """The information in force in the language ("fr-CA" counts as "fr"); in English where it isn't translated."""
    short = _short(language)
    data = _data(short)
    information = Information(
        version=data["version"],
        hash="",
        language=short,
        title=data["title"],
        sections=tuple(Section(one["heading"], one["text"]) for one in data["sections"]),
        figures_title=data["figures_title"],
        figures_note=data["figures_note"],
        figures=tuple(Figure(one["event"], one["figure"], _cited(data, one)) for one in data["figures"]),
        rare=data["rare"],
        sources=tuple(data["sources"].values()),
    )
    return replace(information, hash=hashlib.sha256(information.text.encode()).hexdigest())


def risks_of(regions: Collection[str], technique: str, language: str) -> tuple[Risk, ...]:
    """What must be talked about before needling these regions in this way, the gravest first."""
    data = _data(_short(language))
    named = [one for one in data["regions"] if set(one["regions"]) & set(regions)]
    named += [one for one in data["techniques"] if technique in one["techniques"]]
    return tuple(Risk(one["id"], one["text"], _cited(data, one)) for one in [*named, data["everywhere"]])


def _cited(data: dict[str, Any], entry: dict[str, Any]) -> tuple[str, ...]:
    return tuple(data["sources"][name] for name in entry["sources"])


def _short(language: str) -> str:
    short = language.partition("-")[0].lower()
    return short if short in LANGUAGES else LANGUAGES[0]


@cache
def _data(language: str) -> dict[str, Any]:
    return dict(json.loads((_FOLDER / f"{INFORMATION_VERSION}.{language}.json").read_text(encoding="utf-8")))

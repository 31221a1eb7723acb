"""The privacy notice that stands before the first health question: data, versioned, filled with the clinic's values."""

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

NOTICE_VERSION: Final = "2026-11"
LANGUAGES: Final = ("en", "fr")
_FOLDER: Final = Path(__file__).parent / "questionnaires" / "notices"


@dataclass(frozen=True, slots=True)
class Section:
    """One paragraph with its heading."""

    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class Notice:
    """What is shown: `hash` is of exactly this text, so that it can be proven later what a patient read."""

    version: str
    hash: str
    language: str
    title: str
    sections: tuple[Section, ...]

    @property
    def text(self) -> str:
        """The whole notice as plain text, the form that is hashed."""
        return "\n\n".join([self.title, *(f"{one.heading}\n{one.text}" for one in self.sections)])


def notice_version() -> str:
    """The version in force."""
    return NOTICE_VERSION


def current_notice(
    language: str,
    *,
    clinic_name: str,
    privacy_officer: str,
    law: str = "",
    regulator: str = "",
    retention_years: int = 10,
    majority_age: int = 18,
) -> Notice:
    """The notice in force in the language ("fr-CA" counts as "fr", an unknown one as English).

    An empty `law` stands for Alberta's Health Information Act; under another one, name its `regulator` too.
    """
    short = language.partition("-")[0].lower()
    short = short if short in LANGUAGES else LANGUAGES[0]
    data = _data(short)
    named_law = data["translations"].get(law, law) or data["defaults"]["law"]
    is_usual = named_law == data["defaults"]["law"]
    values = {
        "clinic_name": clinic_name,
        "privacy_officer": privacy_officer,
        "law": named_law,
        "regulator": regulator or (data["defaults"]["regulator"] if is_usual else data["regulator_of_other_laws"]),
        "retention_years": retention_years,
        "majority_age": majority_age,
    }
    sections = tuple(Section(one["heading"], one["text"].format(**values)) for one in data["sections"])
    notice = Notice(data["version"], "", short, data["title"], sections)
    digest = hashlib.sha256(notice.text.encode()).hexdigest()
    return Notice(notice.version, digest, notice.language, notice.title, notice.sections)


@cache
def _data(language: str) -> dict[str, Any]:
    return dict(json.loads((_FOLDER / f"{NOTICE_VERSION}.{language}.json").read_text(encoding="utf-8")))

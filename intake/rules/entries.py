"""Typed reading of a questionnaire's data: what is wrong is said together with the place where it stands."""

import math
from collections.abc import Collection, Iterator, Mapping
from typing import NoReturn, TypeGuard


class QuestionnaireError(ValueError):
    """The questionnaire or its rules are not well formed; the message names the item."""


class Entry:
    """One object of the data, and its address for the error message ("item lung, follow-up area")."""

    def __init__(self, raw: object, where: str) -> None:
        self.where = where
        if not isinstance(raw, dict):
            self.fail("an object is expected here")
        self.raw: Mapping[str, object] = raw

    def fail(self, problem: str) -> NoReturn:
        """Refuse the data, naming this place."""
        raise QuestionnaireError(f"{self.where}: {problem}")

    def has(self, key: str) -> bool:
        """Whether the key is there and not null."""
        return self.raw.get(key) is not None

    def text(self, key: str, default: str | None = None) -> str:
        """A text; the default stands where the key is left out."""
        value = self.raw.get(key, default)
        if not isinstance(value, str):
            self.fail(f"{key} must be a text")
        return value

    def name(self, key: str = "id") -> str:
        """A non-empty identifier; no dot, because `item.follow_up` addresses a follow-up."""
        value = self.text(key)
        if not value or "." in value:
            self.fail(f"{key} must not be empty or hold a dot")
        return value

    def word(self, key: str, allowed: Collection[str]) -> str:
        """One of the allowed words."""
        value = self.raw.get(key)
        if not isinstance(value, str) or value not in allowed:
            self.fail(f"{key} must be one of {', '.join(allowed)}")
        return value

    def optional_word(self, key: str, allowed: Collection[str]) -> str | None:
        """One of the allowed words, or None where there is none."""
        return self.word(key, allowed) if self.has(key) else None

    def words(self, key: str, allowed: Collection[str] | None = None) -> tuple[str, ...]:
        """A list of different texts, each of them allowed."""
        value = self.raw.get(key)
        if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
            self.fail(f"{key} must be a list of texts")
        if len(set(value)) != len(value):
            self.fail(f"{key} names something twice")
        unknown = [word for word in value if allowed is not None and word not in allowed]
        if unknown:
            self.fail(f"{key} names {unknown[0]!r}, which does not exist")
        return tuple(value)

    def number(self, key: str) -> float:
        """A finite number, an integer kept as such."""
        value = self.raw.get(key)
        if not is_number(value):
            self.fail(f"{key} must be a number")
        return value

    def flag(self, key: str) -> bool:
        """True or false; false where the key is left out."""
        value = self.raw.get(key, False)
        if not isinstance(value, bool):
            self.fail(f"{key} must be true or false")
        return value

    def items(self, key: str) -> list[object]:
        """A list, empty where the key is left out."""
        value = self.raw.get(key, [])
        if not isinstance(value, list):
            self.fail(f"{key} must be a list")
        return value

    def entries(self, key: str, called: str) -> Iterator["Entry"]:
        """The objects of a list, each addressed by its id or value, else by its number."""
        for number, raw in enumerate(self.items(key), start=1):
            yield Entry(raw, f"{self.where}, {called} {address_of(raw, number)}")

    def child(self, key: str) -> "Entry":
        """The object under the key."""
        return Entry(self.raw.get(key), f"{self.where}, {key}")


def address_of(raw: object, number: int) -> str:
    """How an entry is called in an error: its id or value, else its number in the list."""
    name = raw.get("id", raw.get("value")) if isinstance(raw, dict) else None
    return str(name) if isinstance(name, str) and name else f"number {number}"


def is_number(value: object) -> TypeGuard[int | float]:
    """Whether this is a finite number; true and false are not numbers."""
    if type(value) is int:
        return True
    return type(value) is float and math.isfinite(value)

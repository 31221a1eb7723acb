"""The questionnaire that Drypoint ships: a draft until a clinic's registered clinician signs it."""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from intake.rules.asking import Manner, parse_manner
from intake.rules.definitions import Questionnaire, parse_questionnaire
from intake.rules.sharing import Sharing, parse_sharing

SHIPPED_VERSION: Final = "0.2.0-draft"
_FOLDER: Final = Path(__file__).parent / "data" / "dry-needling" / SHIPPED_VERSION


@lru_cache(maxsize=None, typed=True)  # typed: a setting that is true must not pass for 1
def shipped_questionnaire(**config_overrides: str | int | float) -> Questionnaire:
    """The shipped questionnaire with a clinic's own settings; parsed once for each set of settings.

    :raises QuestionnaireError: a setting does not exist or is of the wrong type
    """
    items, rules = shipped_data()
    return parse_questionnaire(items, rules, config_overrides=config_overrides)


def shipped_data() -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The items and the rules as they stand in the data."""
    return _read("items"), _read("rules")


@lru_cache(maxsize=1)
def shipped_sharing() -> Sharing:
    """What one shipped question's answer says about another."""
    return parse_sharing(_read("shared"), shipped_questionnaire())


@lru_cache(maxsize=1)
def shipped_manner() -> Manner:
    """How some of the shipped questions are asked."""
    return parse_manner(_read("asking"), shipped_questionnaire())


def _read(name: str) -> Any:
    return json.loads((_FOLDER / f"{name}.json").read_text(encoding="utf-8"))

"""The questionnaire that Drypoint ships: a draft until a clinic's registered clinician signs it."""

import json
from functools import cache
from pathlib import Path
from typing import Any, Final

from intake.rules.definitions import Questionnaire, parse_questionnaire

SHIPPED_VERSION: Final = "0.2.0-draft"
_FOLDER: Final = Path(__file__).parent / "data" / "dry-needling" / SHIPPED_VERSION


@cache
def shipped_questionnaire(**config_overrides: str | int | float) -> Questionnaire:
    """The shipped questionnaire with a clinic's own settings; parsed once for each set of settings.

    :raises QuestionnaireError: a setting does not exist or is of the wrong type
    """
    items, rules = shipped_data()
    return parse_questionnaire(items, rules, config_overrides=config_overrides)


def shipped_data() -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The items and the rules as they stand in the data."""
    items = json.loads((_FOLDER / "items.json").read_text(encoding="utf-8"))
    rules = json.loads((_FOLDER / "rules.json").read_text(encoding="utf-8"))
    return items, rules

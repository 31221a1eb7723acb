"""`manage.py load_questionnaire`: publish the shipped questions, if they are not in force yet."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from intake.clock import now
from intake.errors import NotPublishable, QuestionnaireMissing, SignedVersionInForce
from intake.models import Questionnaire
from intake.questionnaires.shipped import shipped_data
from intake.rules.definitions import QuestionnaireError
from intake.selectors.questionnaires import current_questionnaire, newer_shipped_version
from intake.services.questionnaires import publish_questionnaire

FIRST_SETTINGS = {"emergency_number": "911", "crisis_line": "988", "nurse_line": "811"}  # Canada's numbers


class Command(BaseCommand):
    help = "Publish the shipped questionnaire. Safe to run again: nothing happens unless something changed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--set",
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help="a clinic's own setting, such as nurse_line=811 or inr_stop=3.0; settings not named stay as they are",
        )

    def handle(self, *, set: list[str], **_: Any) -> None:  # noqa: A002  (the option's name)
        items, rules = shipped_data()
        config = _settings_in_force() | dict(map(_setting, set))
        try:
            made = publish_questionnaire(items=items, rules=rules, config=config, by=None, now=now())
        except QuestionnaireError as error:
            raise CommandError(str(error)) from error
        except NotPublishable as error:
            raise CommandError("; ".join(map(str, error.details["problems"]))) from error
        except SignedVersionInForce as error:
            made = self._signed(error, asks_for_more=bool(set))
        self.stdout.write(f"In force: {made} ({made.content_hash[:12]})")

    def _signed(self, refusal: SignedVersionInForce, *, asks_for_more: bool) -> Questionnaire:
        """The version that the clinic has signed: it stays, and what is shipped is only a proposal to it."""
        if asks_for_more:
            raise CommandError(str(refusal))
        signed = current_questionnaire()
        if newer := newer_shipped_version(signed):
            self.stdout.write(f"Version {newer} is shipped; a manager may start from it under Settings.")
        return signed


def _settings_in_force() -> dict[str, Any]:
    try:
        return dict(current_questionnaire().config)
    except QuestionnaireMissing:
        return FIRST_SETTINGS


def _setting(text: str) -> tuple[str, Any]:
    name, is_set, value = text.partition("=")
    if not is_set:
        raise CommandError(f"--set takes NAME=VALUE, not {text!r}.")
    try:
        number = json.loads(value)
    except ValueError:
        return name, value
    is_quantity = isinstance(number, int | float) and not name.endswith(("_number", "_line"))
    return name, number if is_quantity else value

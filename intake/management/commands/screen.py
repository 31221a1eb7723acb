"""`manage.py screen`: screenings as JSON lines, in and out, without a database."""

import gc
import json
import os
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final, NoReturn
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from intake import clock
from intake.questionnaires.shipped import shipped_data
from intake.rules.answers import AnswerError, read_line
from intake.rules.definitions import Questionnaire, parse_questionnaire
from intake.rules.screening import evaluate

MAX_LINE_BYTES: Final = 1_048_576


class Command(BaseCommand):
    help = "Screen JSON lines from standard input; every line, an empty one too, gets one line of output."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--assume-unanswered-safe", action="store_true", help="count missing yes/no answers as the safe ones"
        )
        parser.add_argument("--questionnaire", metavar="FILE", help="items to use instead of the shipped ones")
        parser.add_argument("--rules", metavar="FILE", help="rules to use instead of the shipped ones")

    def handle(self, *, assume_unanswered_safe: bool, questionnaire: str | None, rules: str | None, **_: Any) -> None:
        loaded = load(questionnaire, rules)
        zone = ZoneInfo(settings.CLINIC_TIME_ZONE)
        gc.freeze()  # what is loaded stays, so the collector needn't look at it over and over
        try:
            for line in read_lines(sys.stdin.buffer):
                answer = screen(loaded, line, zone=zone, assume_unanswered_safe=assume_unanswered_safe)
                sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n")
                sys.stdout.buffer.flush()
        except BrokenPipeError:  # whoever read our output has heard enough; Python would complain again at its exit
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def load(items_file: str | None, rules_file: str | None) -> Questionnaire:
    """The questionnaire of the files, the shipped data standing in for a file that is not named.

    :raises CommandError: a file can't be read, or its data is malformed
    """
    items, rules = shipped_data()
    try:
        return parse_questionnaire(
            json.loads(Path(items_file).read_bytes()) if items_file else items,
            json.loads(Path(rules_file).read_bytes()) if rules_file else rules,
        )
    except (OSError, ValueError, RecursionError) as error:
        raise CommandError(f"The questionnaire can't be used: {error}") from error


def read_lines(stream: BinaryIO) -> Iterator[bytes]:
    """The lines as they come; one that is too long is cut just beyond the limit and its rest skipped."""
    while line := stream.readline(MAX_LINE_BYTES + 1):
        rest = line
        while len(rest) > MAX_LINE_BYTES and not rest.endswith(b"\n"):
            rest = stream.readline(MAX_LINE_BYTES + 1)
        yield line


def screen(questionnaire: Questionnaire, line: bytes, *, zone: ZoneInfo, assume_unanswered_safe: bool) -> object:
    """The result of one line, or {"error": "..."} if the line is malformed. Errors quote no answer."""
    try:
        decoded = decode(line)
        context, answers = read_line(questionnaire, decoded, today=clock.now().astimezone(zone).date())
    except AnswerError as error:
        return {"error": str(error)}
    return evaluate(questionnaire, context, answers, assume_unanswered_safe=assume_unanswered_safe).as_line()


def decode(line: bytes) -> object:
    """The JSON value of the line.

    :raises AnswerError: it is too long, no UTF-8, no JSON, nested too deep, or names a key twice
    """
    if len(line) > MAX_LINE_BYTES:
        raise AnswerError(f"the line is longer than {MAX_LINE_BYTES:,} bytes")
    try:
        return _DECODER.decode(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise AnswerError("the line is not UTF-8") from error
    except RecursionError as error:
        raise AnswerError("the line is nested too deeply") from error
    except AnswerError:
        raise
    except ValueError as error:
        raise AnswerError("the line is not JSON") from error


def _refuse_constant(_name: str) -> NoReturn:
    raise AnswerError("NaN and Infinity are not JSON")


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """The object, unless a key stands in it twice: the later answer would hide the earlier."""
    made = dict(pairs)
    if len(made) != len(pairs):
        raise AnswerError("an object names the same key twice")
    return made


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_refuse_constant)

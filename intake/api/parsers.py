"""JSON as strict as our promises: what no database or no other program could read the same way is refused."""

import json
import re
from collections.abc import Mapping
from typing import IO, Any, Final, NoReturn

from django.conf import settings
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from intake.errors import TooLarge

MAX_DEPTH: Final = 20
MAX_DIGITS: Final = 18
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")


class StrictJSONParser(BaseParser):
    """UTF-8 JSON up to 256 KB and 20 levels deep; no NaN or Infinity, no key twice, no number over 18 digits or NUL."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        raw = stream.read(limit + 1)
        if len(raw) > limit:
            raise TooLarge
        return parse_strictly(raw)


def parse_strictly(raw: bytes) -> Any:
    """The JSON value.

    :raises ParseError: it is not JSON, or not JSON that we keep; the text says why
    """
    try:
        value = _DECODER.decode(raw.decode("utf-8"))
    except UnicodeDecodeError:
        _refuse("The body is not UTF-8.")
    except RecursionError:
        _refuse(f"The body is nested deeper than {MAX_DEPTH} levels.")
    except json.JSONDecodeError as error:
        _refuse(f"The body is not JSON (line {error.lineno}, column {error.colno}).")
    _check(value, MAX_DEPTH)
    return value


def _check(value: Any, levels_left: int) -> None:
    if isinstance(value, str) and _UNSTORABLE.search(value):
        _refuse("A text holds characters that can't be stored (NUL or half of a surrogate pair).")
    if not isinstance(value, dict | list):
        return
    if not levels_left:
        _refuse(f"The body is nested deeper than {MAX_DEPTH} levels.")
    for part in (*value, *value.values()) if isinstance(value, dict) else value:
        _check(part, levels_left - 1)


def _integer(digits: str) -> int:
    if len(digits.lstrip("-")) > MAX_DIGITS:
        _refuse(f"A number has more than {MAX_DIGITS} digits.")
    return int(digits)


def _float(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        _refuse("A number is too large.")
    return number


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        _refuse("An object names the same key twice.")
    return made


def _refuse_constant(_name: str) -> NoReturn:
    _refuse("NaN and Infinity are not JSON.")


def _refuse(why: str) -> NoReturn:
    raise ParseError(why)


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_unique, parse_constant=_refuse_constant, parse_int=_integer, parse_float=_float
)

"""The few words of OpenAPI 3.0 schemas that Stripe's description uses, read straight from the document.

`check` judges JSON; `coerce` judges a form (all strings) and gives its values the types of the schema. Nothing is
compiled: references are followed when reached, so a first request costs no more than a later one.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

Schema = dict[str, Any]
_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}


class Problem(NamedTuple):
    """One fault: Stripe's error code, where it is, and a sentence."""

    code: str
    param: str
    message: str


def resolve(document: Schema, schema: Schema) -> Schema:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return schema


def check(document: Schema, schema: Schema, value: Any, path: str = "") -> list[Problem]:
    """Every difference between a JSON value and its schema."""
    if value is None and schema.get("nullable"):
        return []
    schema = resolve(document, schema)
    if value is None:
        return [] if schema.get("nullable") else [Problem("null", path, f"{path} must not be null")]
    if "anyOf" in schema:
        return _check_any(document, schema["anyOf"], value, path)
    if problems := _check_type(schema, value, path):
        return problems
    if isinstance(value, dict):
        return _check_members(document, schema, value, path)
    if isinstance(value, list) and "items" in schema:
        return [
            problem
            for index, item in enumerate(value)
            for problem in check(document, schema["items"], item, f"{path}[{index}]")
        ]
    return []


def _check_any(document: Schema, choices: list[Schema], value: Any, path: str) -> list[Problem]:
    best: tuple[bool, int, list[Problem]] | None = None
    for choice in choices:
        problems = check(document, choice, value, path)
        if not problems:
            return []
        # Tell about the choice that was meant: the one whose `object` (or type) fits, else the nearest.
        foreign = any(problem.param in (path, f"{path}.object".lstrip(".")) for problem in problems)
        if best is None or (foreign, len(problems)) < best[:2]:
            best = (foreign, len(problems), problems)
    return best[2] if best else []


def _check_type(schema: Schema, value: Any, path: str) -> list[Problem]:
    kind = schema.get("type")
    if kind and (not isinstance(value, _TYPES[kind]) or (isinstance(value, bool) and kind != "boolean")):
        return [Problem("type", path, f"{path} must be {kind}, is {value!r:.60}")]
    if "enum" in schema and value not in schema["enum"]:
        return [Problem("enum", path, f"{path} must be one of {schema['enum']}, is {value!r:.60}")]
    if isinstance(value, str) and not re.search(schema.get("pattern", ""), value):
        return [Problem("pattern", path, f"{path} does not match {schema['pattern']}: {value!r:.60}")]
    if isinstance(value, str) and len(value) > schema.get("maxLength", len(value)):
        return [Problem("length", path, f"{path} is longer than {schema['maxLength']} characters")]
    return []


def _check_members(document: Schema, schema: Schema, value: Schema, path: str) -> list[Problem]:
    properties = schema.get("properties")
    extra = schema.get("additionalProperties", properties is None)
    problems = [
        Problem("missing", f"{path}.{name}".lstrip("."), f"{path}.{name} is missing")
        for name in schema.get("required", [])
        if name not in value
    ]
    for name, member in value.items():
        where = f"{path}.{name}".lstrip(".")
        if properties and name in properties:
            problems += check(document, properties[name], member, where)
        elif isinstance(extra, dict):
            problems += check(document, extra, member, where)
        elif not extra:
            problems.append(Problem("unknown", where, f"{where} is not in the description"))
    return problems


def coerce(document: Schema, schema: Schema, value: Any, param: str, problems: list[Problem]) -> Any:
    """A form value in the schema's type. Faults are added to `problems` in Stripe's words and codes."""
    schema = resolve(document, schema)
    if "anyOf" in schema:
        return _coerce_any(document, schema["anyOf"], value, param, problems)
    if schema.get("type") == "object":
        return _coerce_object(document, schema, value, param, problems)
    if schema.get("type") == "array":
        return _coerce_array(document, schema, value, param, problems)
    return _coerce_text(schema, value, param, problems)


def _coerce_any(document: Schema, choices: list[Schema], value: Any, param: str, problems: list[Problem]) -> Any:
    first: list[Problem] = []
    for choice in choices:
        tried: list[Problem] = []
        result = coerce(document, choice, value, param, tried)
        if not tried:
            return result
        if not first or (isinstance(value, dict) and resolve(document, choice).get("type") == "object"):
            first = tried
    problems += first
    return value


def _coerce_object(document: Schema, schema: Schema, value: Any, param: str, problems: list[Problem]) -> Any:
    if not isinstance(value, dict):
        problems.append(Problem("parameter_invalid_type", param, f"Invalid object: {param}"))
        return value
    properties = schema.get("properties", {})
    extra = schema.get("additionalProperties")
    for name in schema.get("required", []):
        if name not in value:
            where = _join(param, name)
            problems.append(Problem("parameter_missing", where, f"Missing required param: {where}."))
    result = {}
    for name, member in value.items():
        where = _join(param, name)
        if name in properties:
            result[name] = coerce(document, properties[name], member, where, problems)
        elif isinstance(extra, dict):
            # An empty value takes a key out of the metadata.
            result[name] = member if member == "" else coerce(document, extra, member, where, problems)
        else:
            problems.append(Problem("parameter_unknown", where, f"Received unknown parameter: {where}"))
    return result


def _coerce_array(document: Schema, schema: Schema, value: Any, param: str, problems: list[Problem]) -> Any:
    if not isinstance(value, dict) or not all(key.isdecimal() for key in value):
        problems.append(Problem("parameter_invalid_type", param, f"Invalid array: {param}"))
        return value
    return [
        coerce(document, schema["items"], value[key], f"{param}[{key}]", problems) for key in sorted(value, key=int)
    ]


def _coerce_text(schema: Schema, value: Any, param: str, problems: list[Problem]) -> Any:
    kind = schema.get("type", "string")
    if not isinstance(value, str):
        problems.append(Problem("parameter_invalid_type", param, f"Invalid {kind}: {param}"))
        return value
    if kind == "integer" and not re.fullmatch(r"-?[0-9]{1,18}", value):
        problems.append(Problem("parameter_invalid_integer", param, f"Invalid integer: {value[:40]}"))
    elif kind == "number" and not re.fullmatch(r"-?[0-9]{1,18}(\.[0-9]{1,12})?", value):
        problems.append(Problem("parameter_invalid_decimal", param, f"Invalid decimal: {value[:40]}"))
    elif kind == "boolean" and value not in ("true", "false"):
        problems.append(Problem("parameter_invalid_boolean", param, f"Invalid boolean: {value[:40]}"))
    elif kind == "string":
        _judge_string(schema, value, param, problems)
        return value
    elif kind == "boolean":
        return value == "true"
    else:
        return int(value) if kind == "integer" else float(value)
    return value


def _judge_string(schema: Schema, value: str, param: str, problems: list[Problem]) -> None:
    if "enum" in schema and value not in schema["enum"]:
        allowed = ", ".join(schema["enum"][:-1]) + " or " + schema["enum"][-1] if schema["enum"][1:] else "empty"
        problems.append(Problem("parameter_invalid_enum", param, f"Invalid {param}: must be one of {allowed}"))
    elif value == "" and "enum" not in schema:
        told = f"You passed an empty string for '{param}'. Remove it from the request or give it a value."
        problems.append(Problem("parameter_invalid_empty", param, told))
    elif len(value) > schema.get("maxLength", len(value)):
        told = f"Invalid string: {param} must be at most {schema['maxLength']} characters"
        problems.append(Problem("parameter_invalid_string", param, told))
    elif schema.get("format") == "currency" and not re.fullmatch("[a-z]{3}", value.lower()):
        problems.append(Problem("parameter_invalid_string", param, f"Invalid currency: {value[:40]}"))


def _join(param: str, name: str) -> str:
    return f"{param}[{name}]" if param else name

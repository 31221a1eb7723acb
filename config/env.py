"""Typed readers of the environment: a bad value stops the start, naming the variable."""

import base64
import binascii
import os
import re
from collections.abc import Iterable
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

_TRUE, _FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off", ""}
_ORIGIN = re.compile(r"https?://([^\s/?#@:\[\]]+|\[[0-9a-f:.]+\])(:[1-9][0-9]{0,4})?")


def text(name: str, default: str | None = None) -> str:
    """The value of `name`; without a default it must be set and not empty."""
    value = os.environ.get(name) or default
    if value is None:
        raise ImproperlyConfigured(f"{name} must be set.")
    return value


def flag(name: str, default: bool = False) -> bool:
    """A switch: 1/true/yes/on or 0/false/no/off."""
    value = os.environ.get(name)
    if value is None:
        return default
    if value.lower() not in _TRUE | _FALSE:
        raise ImproperlyConfigured(f"{name} must be yes or no, not {value!r}.")
    return value.lower() in _TRUE


def number(name: str, default: int) -> int:
    """A whole number."""
    value = os.environ.get(name)
    try:
        return default if not value else int(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}.") from None


def words(name: str, default: str = "") -> list[str]:
    """A list, comma separated."""
    return [word.strip() for word in text(name, default or " ").split(",") if word.strip()]


def one_of(name: str, known: Iterable[str]) -> str:
    """One of some names, or empty."""
    value = os.environ.get(name, "").strip()
    if value and value not in known:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(sorted(known))}, not {value!r}.")
    return value


def origin(name: str, default: str | None = None) -> str:
    """An http(s) origin such as https://clinic.example, without a trailing slash."""
    value = text(name, default).rstrip("/")
    if not _ORIGIN.fullmatch(value):
        raise ImproperlyConfigured(f"{name} must look like https://clinic.example, not {value!r}.")
    return value


def database(name: str) -> dict[str, Any]:
    """Django's settings for the PostgreSQL at a postgresql:// address, read by PostgreSQL's own library."""
    value = text(name)
    if not value.startswith(("postgres://", "postgresql://")):
        raise ImproperlyConfigured(f"{name} must look like postgresql://user:password@host:5432/name.")
    try:
        parts = conninfo_to_dict(value)
    except ProgrammingError as error:
        why = str(error).split('"')[0].rstrip(" :")  # what it quotes may hold the password
        raise ImproperlyConfigured(f"{name} can't be read: {why}.") from None
    if not parts.get("dbname"):
        raise ImproperlyConfigured(f"{name} must name a database after the host.")
    names = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
    settings = {key: str(parts.pop(part, "")) for key, part in names.items()}
    return {"ENGINE": "django.db.backends.postgresql", **settings, "OPTIONS": parts}


def mail(name: str, default: str) -> dict[str, Any]:
    """Django's EMAIL_* settings for an address such as smtp+tls://user:pass@host:587."""
    try:
        settings = dict(environ.Env.email_url_config(text(name, default)))
    except (ImproperlyConfigured, ValueError, KeyError) as error:
        raise ImproperlyConfigured(f"{name} can't be read: {error}") from None
    settings.pop("EMAIL_FILE_PATH", None)
    return settings


def field_keys(name: str) -> list[tuple[str, bytes]]:
    """Encryption keys "id:base64,id:base64" of 32 bytes each; the first one encrypts, all of them decrypt."""
    keys = []
    for entry in words(name):
        key_id, _, encoded = entry.partition(":")
        try:
            key = base64.urlsafe_b64decode(encoded)
        except (binascii.Error, ValueError):
            raise ImproperlyConfigured(f"{name}: key {key_id!r} is not base64.") from None
        if not key_id.isalnum() or len(key) != 32:
            raise ImproperlyConfigured(f"{name}: key {key_id!r} must be a plain id and 32 bytes.")
        keys.append((key_id, key))
    if not keys:
        raise ImproperlyConfigured(f"{name} must be set, for example k1:BASE64 of 32 random bytes.")
    return keys

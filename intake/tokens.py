"""Tokens: 256 bits, handed out once, kept only as a hash."""

import hashlib
import secrets
from collections.abc import MutableMapping
from typing import Any

_MARK = "browser"


def new_token() -> str:
    """A token nobody can guess, safe in an address."""
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> str:
    """What is stored instead of the token: 64 hex digits."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def session_mark(session: MutableMapping[str, Any]) -> str:
    """The hash by which forms filled in in one browser session are known to belong together; made at first use.

    A value of its own inside the session, so it survives the new session key of a sign-in.
    """
    if _MARK not in session:
        session[_MARK] = new_token()
    return hash_token(session[_MARK])


def known_session_mark(session: MutableMapping[str, Any]) -> str:
    """The same, but empty where the session has none yet: an API client is not given a session."""
    return hash_token(session[_MARK]) if _MARK in session else ""

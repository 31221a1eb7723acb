"""Stories that the clinic writes to whoever asked for them: what they may say, and when each reader's is due. Pure."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from booking.rules.reminders import QuietHours
from booking.rules.wording import CLINICAL, Fault

LONGEST_TITLE: Final = 120
LONGEST_TEXT: Final = 10_000
PLACEHOLDERS: Final = frozenset({"clinic", "phone", "link"})
ENOUGH: Final = timedelta(days=30)  # between two stories to somebody who wants few
LINK_LASTS: Final = timedelta(days=7)  # with which somebody says yes

_LINE_ENDS: Final = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
_HIDDEN: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
_FORM: Final = re.compile(r"\{([^{}]*)\}")
_ADDRESS: Final = re.compile(r"\b[a-z][a-z0-9+.-]*:(?=//)|\b(?:javascript|data|mailto):(?=\S)", re.IGNORECASE)


def faults_of_story(*, title: str, text: str) -> list[Fault]:
    """What keeps these words from being sent as a story. Its title is seen on locked screens, so it says nothing of
    health; links lead to pages over https only.
    """
    if not text.strip() or not title.strip():
        return [Fault("no-text" if title.strip() else "no-title")]
    if len(title) > LONGEST_TITLE or len(text) > LONGEST_TEXT:
        return [Fault("too-long")]
    whole = f"{title}\n{text}"
    links = {found.lower() for found in _ADDRESS.findall(whole)} - {"https:"}
    found = {
        "two-lines": () if _LINE_ENDS.search(title.strip()) else None,
        "hidden": () if _HIDDEN.search(whole) else None,
        "brace": () if re.search(r"[{}]", _FORM.sub("", whole)) else None,
        "unknown": tuple(sorted(set(_FORM.findall(whole)) - PLACEHOLDERS)) or None,
        "clinical": tuple(dict.fromkeys(word.lower() for word in CLINICAL.findall(title))) or None,
        "link": tuple(sorted(links)) or None,
    }
    return [Fault(fault, names) for fault, names in found.items() if names is not None]


def due_times(*, first: datetime, per_minute: int, quiet: QuietHours | None) -> Iterator[datetime]:
    """When one story after the other is due, at an even pace from `first` on and never in the readers' night."""
    moment, step = first, timedelta(minutes=1) / per_minute
    while True:
        night = quiet.around(moment) if quiet else None
        moment = night[1] if night else moment
        yield moment
        moment += step


def mailbox_of(address: str) -> str:
    """A mailbox as it is kept and compared: in small letters, its domain as mail servers write it.

    :raises ValueError: no mail server would know such a domain
    """
    name, _, domain = address.strip().rpartition("@")
    known = domain.encode("idna").decode("ascii")
    if not name or "." not in known or re.search(r"[\s<>,;:\x00-\x1f\x7f]", f"{name}{known}"):
        raise ValueError(address)
    return f"{name}@{known}".lower()

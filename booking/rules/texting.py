"""What a text that somebody sends us asks for, where its words say it plainly, and which visit it is about. Pure."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from booking.rules.kinds import family_of

STOP: Final = frozenset({"stop", "stopall", "unsubscribe", "end", "quit", "arret", "arreter", "desabonner"})
START: Final = frozenset({"start", "unstop", "reprendre"})
HELP: Final = frozenset({"help", "info", "aide"})
CONFIRM: Final = frozenset({"c", "1", "confirm", "confirmed", "i confirm", "confirme", "je confirme", "confirmer"})
# Said to many things: they confirm only as the first word after the question.
YES: Final = frozenset({"yes", "yes please", "ok", "okay", "oui", "daccord"})
CANT: Final = frozenset(
    {
        "cant", "cant come", "cannot come", "can not come", "cant make", "cannot make", "can not make", "cant attend",
        "unable to come", "unable to make", "wont come", "not coming", "cancel",
        "annuler", "annule", "annulez", "peux pas venir", "ne peux pas venir", "ne peut pas venir", "peut pas venir",
        "pouvons pas venir", "ne pouvons pas venir", "pourrai pas venir", "ne pourrai pas venir", "pourra pas venir",
        "ne pourra pas venir", "viendrai pas", "ne viendrai pas", "viens pas", "ne viens pas",
    }
)  # fmt: skip
# What people say around it, and what changes nothing about it.
_AROUND: Final = frozenset(
    {
        "hi", "hello", "sorry", "please", "thanks", "thank", "you", "i", "im", "am", "we", "it", "my", "our", "the",
        "to", "this", "that", "appointment", "appt", "visit", "today", "tomorrow",
        "bonjour", "bonsoir", "desole", "desolee", "svp", "merci", "je", "j", "on", "nous", "mon", "ma", "le", "la",
        "ce", "rendezvous", "rdv", "aujourdhui", "demain",
    }
)  # fmt: skip
FRENCH: Final = frozenset(
    {
        "arret", "arreter", "desabonner", "reprendre", "aide", "confirme", "confirmer", "oui", "daccord", "annuler",
        "annule", "annulez", "venir", "viendrai", "viens",
    }
)  # fmt: skip
# Reminders of different visits that came within a day of each other: "C" does not say which.
TOGETHER: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Written:
    """A text that we sent to a number: its kind, the visit it was about, whether that can still be confirmed as it was
    told, and whether it has been.
    """

    kind: str
    visit: UUID | None
    at: datetime
    is_open: bool
    is_accepted: bool


def keyword_of(text: str) -> str:
    """ "stop", "start", "help", "confirm", "yes" or "cannot" if the text is one of their words in English or French;
    else empty.

    "Cancel" is no "stop": whoever writes that to a clinic means the visit.
    """
    said = _plain(text)
    named = (("stop", STOP), ("start", START), ("help", HELP), ("confirm", CONFIRM), ("yes", YES), ("cannot", CANT))
    for keyword, words in named:
        if said in words:
            return keyword
    core = " ".join(word for word in said.split() if word not in _AROUND)
    return "cannot" if core in CANT else ""


def is_french(text: str) -> bool:
    """Whether the words are French ones, whatever language we knew of."""
    return keyword_of(text) != "" and not FRENCH.isdisjoint(_plain(text).split())


def visits_asked_about(written: Iterable[Written], *, bare_yes: bool, said_before: datetime | None) -> frozenset[UUID]:
    """Of which visits "C" may speak, after these texts of ours: one, none (nothing was asked), or more than one.

    The last text must be a reminder of a visit that is still as it was told. `said_before` is when this number wrote to
    us last; a `bare_yes` may then be an answer to what we said to that.
    """
    written = list(written)
    last = max(written, key=lambda one: one.at, default=None)
    if last is None or family_of(last.kind) != "reminder" or not last.is_open or last.visit is None:
        return frozenset()
    if bare_yes and said_before is not None and said_before >= last.at:
        return frozenset()
    near = (one for one in written if one.at > last.at - TOGETHER and family_of(one.kind) == "reminder")
    left = {one.visit for one in near if one.is_open and not one.is_accepted and one.visit is not None}
    return frozenset(left or {last.visit})


def _plain(text: str) -> str:
    """The words without capitals, accents, apostrophes, hyphens and stops."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(one for one in letters if one.isalnum() or one.isspace()).split())

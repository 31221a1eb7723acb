"""What a text that somebody sends us asks for, where one word says it. Pure."""

import unicodedata
from typing import Final

STOP: Final = frozenset({"stop", "stopall", "unsubscribe", "end", "quit", "arret", "arreter", "desabonner"})
START: Final = frozenset({"start", "unstop", "reprendre"})
HELP: Final = frozenset({"help", "info", "aide"})
FRENCH: Final = frozenset({"arret", "arreter", "desabonner", "reprendre", "aide"})


def keyword_of(text: str) -> str:
    """ "stop", "start" or "help" if the text is one of their words in English or French; else empty.

    "Cancel" is none of them: whoever writes that to a clinic means the visit.
    """
    word = _plain(text)
    for keyword, words in (("stop", STOP), ("start", START), ("help", HELP)):
        if word in words:
            return keyword
    return ""


def is_french(text: str) -> bool:
    """Whether the word is a French one, whatever language we knew of."""
    return _plain(text) in FRENCH


def _plain(text: str) -> str:
    """A word without capitals, accents, quotes and full stops."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    return "".join(one for one in letters if one.isalpha() or one.isspace()).strip()

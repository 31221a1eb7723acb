"""Short texts as telephone networks carry and count them (3GPP TS 23.038). Pure."""

import unicodedata
from typing import Final

# More than these and a text is dear, and may arrive in pieces.
MOST_SEGMENTS: Final = 2
_GSM: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_DOUBLE: Final = frozenset("^{}\\[~]|€")
_PLAIN: Final = {
    "’": "'",
    "‘": "'",
    "“": '"',
    "”": '"',
    "–": "-",
    "—": "-",
    "…": "...",
    "\xa0": " ",
    "\u202f": " ",
    "·": "-",
    "œ": "oe",
    "Œ": "Oe",
}


def as_short_text(text: str) -> str:
    """One paragraph in the letters that every telephone has: "août" becomes "aout", curly quotes straight ones. Signs
    that have no such letter stay as they are.
    """
    return "".join(_plain(sign) for sign in " ".join(text.split()))


def segments(text: str) -> int:
    """Into how many parts a telephone network cuts a short text."""
    if all(sign in _GSM or sign in _GSM_DOUBLE for sign in text):
        length, single, part = sum(2 if sign in _GSM_DOUBLE else 1 for sign in text), 160, 153
    else:
        length, single, part = len(text.encode("utf-16-le")) // 2, 70, 67
    return 1 if length <= single else -(-length // part)


def _plain(sign: str) -> str:
    if sign in _GSM or sign in _GSM_DOUBLE:
        return sign
    bare = _PLAIN.get(sign) or unicodedata.normalize("NFD", sign)[0]
    return bare if bare[0] in _GSM else sign

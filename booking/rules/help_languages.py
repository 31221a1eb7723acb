"""The sentence that offers help in another language, in the languages that clinics in Canada are asked for most.

Drafts of ours: a speaker of the language reads each before a clinic relies on it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class HelpSentence:
    """One language: its own name, which way it is written, and the sentence."""

    code: str
    name: str
    direction: str
    sentence: str


_SENTENCES: Final = (
    HelpSentence("en", "English", "ltr", "I need another language or help. Call us."),
    HelpSentence("fr", "Français", "ltr", "J’ai besoin d’une autre langue ou d’aide. Appelez-nous."),
    HelpSentence("pa", "ਪੰਜਾਬੀ", "ltr", "ਮੈਨੂੰ ਹੋਰ ਭਾਸ਼ਾ ਜਾਂ ਮਦਦ ਚਾਹੀਦੀ ਹੈ। ਸਾਨੂੰ ਫ਼ੋਨ ਕਰੋ।"),
    HelpSentence("tl", "Tagalog", "ltr", "Kailangan ko ng ibang wika o tulong. Tawagan kami."),
    HelpSentence("zh-Hans", "简体中文", "ltr", "我需要其他语言或帮助。请给我们打电话。"),
    HelpSentence("ar", "العربية", "rtl", "أحتاج إلى لغة أخرى أو إلى مساعدة. اتصلوا بنا."),
    HelpSentence("es", "Español", "ltr", "Necesito otro idioma o ayuda. Llámenos."),
    HelpSentence("uk", "Українська", "ltr", "Мені потрібна інша мова або допомога. Зателефонуйте нам."),
)
HELP_SENTENCES: Final = {one.code: one for one in _SENTENCES}


def help_sentences(codes: Iterable[str]) -> list[HelpSentence]:
    """The sentences in the order of the codes, each once; unknown codes are left out."""
    return [HELP_SENTENCES[code] for code in dict.fromkeys(codes) if code in HELP_SENTENCES]

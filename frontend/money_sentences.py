"""Sentences about money: a code with its sum, moment and name becomes words in the reader's language."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext

from booking.feeds.amounts import money
from booking.feeds.moments import moment
from booking.rules.money_words import Said
from booking.selectors.movements import Movement

Words = str | Promise


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence, and the kind that gives it its mark: clear, caution, review, stop or nothing."""

    kind: str
    text: str


def tell(said: Said, words: Mapping[str, tuple[str, Words]], *, currency: str, zone: str) -> Sentence:
    """The sentence of one code. `words` hold kind and text; the text may name %(sum)s, %(when)s and %(name)s."""
    kind, text = words[said.code]
    facts = {"sum": money(said.amount, currency), "when": moment(said.at, zone), "name": said.name}
    return Sentence(kind, str(text) % facts)


def tell_movement(movement: Movement, words: Mapping[str, Words]) -> str:
    """What a movement was, without its sum and its time."""
    visit, package = movement.visit, movement.entry.payment.package
    facts = {
        "payer": visit.cover.payer if visit is not None and visit.cover else gettext("the payer"),
        "package": package or gettext("a package"),
    }
    at_desk = words.get(f"{movement.code}-{movement.way}")
    return str(at_desk or words[movement.code]) % facts

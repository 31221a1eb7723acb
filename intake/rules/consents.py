"""Who must sign and agree, and what an earlier yes still covers. Ages in full years on the day of the visit."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Literal

Signer = Literal["self", "guardian", "substitute"]
Missing = Literal["signature", "signature-of-guardian", "agreement-of-young-person"]


@dataclass(frozen=True, slots=True)
class AgeRule:
    """The clinic's rule. Without `mature_minor_age` a therapist judges each young person who wants to decide alone."""

    majority_age: int
    mature_minor_age: int | None = None

    def is_minor(self, age: int | None) -> bool:
        """Whether this age is below majority; nobody of unknown age is taken for a child."""
        return age is not None and age < self.majority_age

    def decides_alone(self, age: int | None) -> bool:
        """Whether somebody of this age may agree without anybody else, by the clinic's rule alone."""
        return not self.is_minor(age) or (self.mature_minor_age is not None and (age or 0) >= self.mature_minor_age)


@dataclass(frozen=True, slots=True)
class Scope:
    """What a yes is for: these regions, this technique, after reading this version of the information."""

    regions: frozenset[str]
    technique: str
    version: str


def what_is_missing(
    *, signer: str | None, age: int | None, rule: AgeRule, found_mature: bool, young_person_agrees: bool
) -> Iterator[Missing]:
    """What still keeps a yes from counting. `signer` is None where nobody has signed; `found_mature`: the therapist has
    judged, and written down why, that this young person decides alone.
    """
    if signer is None:
        yield "signature"
    if rule.decides_alone(age) or found_mature:
        return
    if signer == "self":
        yield "signature-of-guardian"
    if not young_person_agrees:
        yield "agreement-of-young-person"


def may_be_reconfirmed(earlier: Scope, wanted: Scope) -> bool:
    """Whether "as last time" is the whole talk: the same regions, technique and information."""
    return bool(wanted.regions) and wanted == earlier


def not_covered(regions: Collection[str], technique: str, consented: Scope | None) -> tuple[str, ...]:
    """Those of the regions for which there is no yes with this technique, in their order."""
    if consented is None or consented.technique != technique:
        return tuple(regions)
    return tuple(region for region in regions if region not in consented.regions)

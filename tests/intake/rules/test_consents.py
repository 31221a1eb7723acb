"""Who must sign and agree, and what an earlier yes covers."""

import pytest

from intake.rules.consents import AgeRule, Scope, may_be_reconfirmed, not_covered, what_is_missing

ADULT_AT_18 = AgeRule(majority_age=18)
ALONE_FROM_16 = AgeRule(majority_age=18, mature_minor_age=16)
KNEE = Scope(frozenset({"knee"}), "manual", "2026-11")


@pytest.mark.parametrize(
    ("signer", "age", "rule", "mature", "agrees", "missing"),
    [
        ("self", 40, ADULT_AT_18, False, False, []),
        ("self", None, ADULT_AT_18, False, False, []),
        ("substitute", 80, ADULT_AT_18, False, False, []),
        (None, 40, ADULT_AT_18, False, False, ["signature"]),
        ("self", 18, ADULT_AT_18, False, False, []),
        ("self", 17, ADULT_AT_18, False, True, ["signature-of-guardian"]),
        ("self", 17, ADULT_AT_18, False, False, ["signature-of-guardian", "agreement-of-young-person"]),
        ("guardian", 17, ADULT_AT_18, False, False, ["agreement-of-young-person"]),
        ("guardian", 17, ADULT_AT_18, False, True, []),
        ("self", 17, ADULT_AT_18, True, False, []),
        ("self", 16, ALONE_FROM_16, False, False, []),
        ("self", 15, ALONE_FROM_16, False, False, ["signature-of-guardian", "agreement-of-young-person"]),
        (None, 15, ALONE_FROM_16, True, False, ["signature"]),
    ],
)
def test_what_keeps_a_yes_from_counting(signer, age, rule, mature, agrees, missing) -> None:  # type: ignore[no-untyped-def]
    found = what_is_missing(signer=signer, age=age, rule=rule, found_mature=mature, young_person_agrees=agrees)
    assert list(found) == missing


def test_as_last_time_is_only_the_very_same() -> None:
    assert may_be_reconfirmed(KNEE, KNEE)
    for other in (
        Scope(frozenset({"knee", "thigh"}), "manual", "2026-11"),
        Scope(frozenset({"thigh"}), "manual", "2026-11"),
        Scope(frozenset({"knee"}), "electrical", "2026-11"),
        Scope(frozenset({"knee"}), "manual", "2027-01"),
        Scope(frozenset(), "manual", "2026-11"),
    ):
        assert not may_be_reconfirmed(KNEE, other)


def test_a_yes_covers_its_regions_with_its_technique() -> None:
    assert not_covered(["knee"], "manual", KNEE) == ()
    assert not_covered(["thigh", "knee"], "manual", KNEE) == ("thigh",)
    assert not_covered(["knee"], "electrical", KNEE) == ("knee",)
    assert not_covered(["knee"], "manual", None) == ("knee",)

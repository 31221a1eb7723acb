"""How outcomes are ordered, and how long a screening lives."""

from datetime import UTC, date, datetime

import pytest

from intake.questionnaires.shipped import shipped_questionnaire
from intake.rules.validity import is_milder, screening_valid_until, strictest, strongest


def test_the_strictest_outcome_and_the_strongest_urgency():
    assert strictest(["CLEAR", None, "REVIEW", "CAUTION"]) == "REVIEW"
    assert strictest([]) == "CLEAR"
    assert strongest([None, "MEDICAL_SOON", "SAME_DAY"]) == "SAME_DAY"
    assert strongest([None]) is None
    assert is_milder("CAUTION", than="REVIEW")
    assert not is_milder("REVIEW", than="REVIEW")


def test_a_screening_lives_as_long_as_the_clinic_says():
    shipped, shorter = shipped_questionnaire(), shipped_questionnaire(screening_valid_days=30)
    moment = datetime(2026, 11, 22, 17, 0, tzinfo=UTC)
    assert screening_valid_until(evaluated_at=moment, config=shipped.config) == datetime(2027, 2, 20, 17, 0, tzinfo=UTC)
    assert screening_valid_until(evaluated_at=date(2026, 11, 22), config=shorter.config) == date(2026, 12, 22)


@pytest.mark.parametrize("config", [{}, {"screening_valid_days": 0}, {"screening_valid_days": "90"}])
def test_no_length_is_no_answer(config):
    with pytest.raises(ValueError, match="screening_valid_days"):
        screening_valid_until(evaluated_at=date(2026, 11, 22), config=config)

"""What the steps assert is explained like what the journeys assert."""

import pytest

pytest.register_assert_rewrite("tests.journeys.steps", "tests.journeys.evidence", "tests.chaos.callers")

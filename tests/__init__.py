import pytest

# What the steps assert is explained like what the tests assert.
pytest.register_assert_rewrite("tests.journeys.steps", "tests.journeys.evidence", "tests.chaos.callers")

"""The targets of the screening engine, with room for a slow machine."""

import pytest

from tests.benchmarks import bench_screening as bench


@pytest.mark.bench
def test_a_screening_takes_less_than_a_millisecond() -> None:
    lines = bench.make_lines(risks=0.2, count=2_000)
    assert bench.microseconds(bench.screen, lines) < 1_000


@pytest.mark.bench
@pytest.mark.parametrize("risks", [0.05, 0.2])
def test_the_command_screens_thousands_of_lines_a_second(risks: float) -> None:
    lines = bench.make_lines(risks=risks, count=bench.COUNT)
    tries = (bench.per_second_through_the_command(lines) for _ in range(3))  # a busy machine slows CPU time down, too
    assert any(rate > 5_000 for rate in tries)

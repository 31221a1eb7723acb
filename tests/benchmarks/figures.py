"""Rows of the table: every benchmark writes its own, `make bench` prints them all, `--readme` puts them in the README.

python -m tests.benchmarks.figures [--readme]
"""

import json
import platform
import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "var" / "bench"
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
HEAD = ["| | median | least | p95 | to the floor | target |", "|---|--:|--:|--:|--:|---|"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One line: what was measured, in milliseconds (or what `unit` says), and how it compares with its floor."""

    what: str
    median: float
    least: float
    p95: float
    ratio: float | None = None  # of the medians, to the floor
    target: str = ""
    unit: str = "ms"


def measured(what: str, times: Iterable[float], *, floor: float | None = None, target: str = "") -> Figure:
    """A line of these times (in seconds); `floor` is a median in milliseconds."""
    ms = sorted(one * 1000 for one in times)
    p95 = quantiles(ms, n=20)[-1] if len(ms) > 1 else ms[0]
    middle = median(ms)
    return Figure(what, middle, ms[0], p95, middle / floor if floor else None, target)


def times_of(call: Callable[[], object], *, number: int, warm: int = 3) -> list[float]:
    """Seconds of each of so many calls, after a few that don't count."""
    for _ in range(warm):
        call()
    times = []
    for _ in range(number):
        began = perf_counter()
        call()
        times.append(perf_counter() - began)
    return times


def write(name: str, title: str, rows: Iterable[Figure], *, words: str = "") -> None:
    """Keep one benchmark's lines for the table, with a sentence that says what they come to; `name` orders them."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    content = {"title": title, "words": words, "rows": [asdict(row) for row in rows]}
    (FOLDER / f"{name}.json").write_text(json.dumps(content, indent=1))


def table() -> str:
    """All that was measured last, as Markdown."""
    parts = []
    for path in sorted(FOLDER.glob("*.json")):
        content = json.loads(path.read_text())
        said = [content["words"], ""] if content.get("words") else []
        parts += ["", f"**{content['title']}**", "", *said, *HEAD]
        parts += [_line(Figure(**row)) for row in content["rows"]]
    return "\n".join([f"Measured on {_machine()}.", *parts])


def _line(row: Figure) -> str:
    ratio = "" if row.ratio is None else f"{row.ratio:.2f}" if row.ratio < 10 else f"{row.ratio:,.0f}"
    numbers = [f"{_number(row.median)} {row.unit}", _number(row.least), _number(row.p95), ratio]
    return f"| {' | '.join([row.what, *numbers, row.target])} |"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _machine() -> str:
    cores = len([line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("processor")])
    return f"{cores} cores, Python {platform.python_version()}, PostgreSQL embedded"


def main() -> None:
    """Print the table; with --readme write it between the marks."""
    text = table()
    print(text)
    if "--readme" in sys.argv:
        readme = ROOT / "README.md"
        old = readme.read_text()
        if BEGIN not in old:
            raise SystemExit(f"README.md has no line {BEGIN}")
        whole = re.compile(re.escape(BEGIN) + ".*?" + re.escape(END), re.DOTALL)
        readme.write_text(whole.sub(lambda _: f"{BEGIN}\n{text}\n{END}", old))


if __name__ == "__main__":
    main()

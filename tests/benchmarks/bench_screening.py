"""How fast screenings are, against merely reading and writing the same JSON lines; runnable by itself.

Figures are CPU time of one process, so that a busy machine disturbs them little.
"""

import json
import random
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from intake.questionnaires.shipped import shipped_data, shipped_questionnaire  # noqa: E402
from intake.rules.answers import read_line  # noqa: E402
from intake.rules.screening import evaluate  # noqa: E402

COUNT = 10_000
TODAY = date(2026, 11, 22)


def make_lines(*, risks: float, count: int) -> list[bytes]:
    """Complete screenings in which each question is answered with the risky answer at this rate."""
    chance = random.Random(1)
    items, rules = shipped_data()
    return [json.dumps(make_line(items, rules, risks, chance)).encode() for _ in range(count)]


def make_line(items: list[dict[str, Any]], rules: dict[str, Any], risks: float, chance: random.Random) -> object:
    answers: dict[str, str] = {}
    follow_ups: dict[str, dict[str, object]] = {"needle_choice": {"level": "fine"}}
    for item in items:
        if not item["answer_type"].startswith("yes_no"):
            continue
        fires = chance.random() < risks
        answers[item["id"]] = item["triage_on"] if fires else {"yes": "no", "no": "yes"}[item["triage_on"]]
        if fires:
            follow_ups[item["id"]] = {one["id"]: make_answer(one, chance) for one in item["follow_ups"]}
    context = {
        "regions": chance.sample(rules["regions"], 2),
        "age": chance.randint(18, 90),
        "modality": "manual",
        "stage": "booking",
        "visit": "first",
        "on": TODAY.isoformat(),
    }
    return {"context": context, "answers": answers, "follow_ups": follow_ups}


def make_answer(follow_up: dict[str, Any], chance: random.Random) -> object:
    if follow_up.get("options"):
        value = chance.choice(follow_up["options"])["value"]
        return [value] if follow_up["type"] == "multi" else value
    return {"yes_no": "yes", "text": "left side", "number": 2.4, "date": TODAY.isoformat()}[follow_up["type"]]


def microseconds(function: Callable[[bytes], object], lines: list[bytes]) -> float:
    """The median over the lines."""
    taken = []
    for line in lines:
        start = time.perf_counter_ns()
        function(line)
        taken.append(time.perf_counter_ns() - start)
    return median(taken) / 1000


def screen(line: bytes) -> bytes:
    questionnaire = shipped_questionnaire()
    result = evaluate(questionnaire, *read_line(questionnaire, json.loads(line), today=TODAY))
    return json.dumps(result.as_line()).encode()


def per_second_through_the_command(lines: list[bytes]) -> float:
    """Screenings per second of CPU time, the start of the process taken off."""
    seconds = [cpu_seconds(b""), cpu_seconds(b"\n".join(lines))]
    return len(lines) / (seconds[1] - seconds[0])


def cpu_seconds(given: bytes) -> float:
    program = (
        "import resource, subprocess, sys\n"
        "subprocess.run([sys.executable, 'manage.py', 'screen'], stdout=subprocess.DEVNULL, check=True)\n"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "print(used.ru_utime + used.ru_stime)"
    )
    done = subprocess.run([sys.executable, "-c", program], input=given, capture_output=True, check=True, cwd=ROOT)
    return float(done.stdout)


def main() -> None:
    """Print the figures."""
    for called, risks in (("nothing fires", 0.0), ("1 in 20 fires", 0.05), ("1 in 5 fires", 0.2)):
        lines = make_lines(risks=risks, count=COUNT)
        floor = microseconds(lambda line: json.dumps(json.loads(line)).encode(), lines)
        whole = microseconds(screen, lines)
        rate = per_second_through_the_command(lines)
        print(
            f"{called:>14}: {whole:6.1f} us median, {whole / floor:.1f} x JSON in and out ({floor:.1f} us), "
            f"{rate:,.0f} lines/s through the command on one core"
        )


if __name__ == "__main__":
    main()

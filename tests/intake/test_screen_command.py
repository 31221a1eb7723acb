"""`manage.py screen` as other programs use it: a process without a database, JSON lines in and out."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.intake.rules.lines import ITEMS, RULES, healthy, screen
from tests.intake.rules.test_answers import MALFORMED

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = {
    "context": {
        "regions": ["knee"],
        "likely_regions": ["thigh"],
        "age": 40,
        "modality": "manual",
        "stage": "booking",
        "visit": "first",
        "on": "2026-11-22",
    },
    "answers": {"anticoagulant": "yes"},
    "follow_ups": {
        "needle_choice": {"level": "fine"},
        "anticoagulant": {"drug": ["warfarin"], "inr": 2.4, "inr_date": "unknown"},
    },
}


def command(*arguments, **environment):
    """The command line and an environment in which nothing is configured."""
    return {
        "args": [sys.executable, "manage.py", "screen", *arguments],
        "cwd": ROOT,
        "env": {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", **environment},
    }


def run(given, *arguments, **environment):
    done = subprocess.run(
        **command(*arguments, **environment), input=given, capture_output=True, check=True, timeout=120
    )
    assert done.stderr == b""
    return [json.loads(line) for line in done.stdout.splitlines()]


def encoded(*lines):
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def test_the_documented_example():
    [result] = run(encoded(EXAMPLE), "--assume-unanswered-safe")
    assert list(result) == [
        "outcome",
        "urgent",
        "bookable",
        "complete",
        "unanswered",
        "items",
        "rules",
        "excluded_regions",
        "rules_version",
    ]
    assert {key: value for key, value in result.items() if key != "items"} == {
        "outcome": "REVIEW",
        "urgent": None,
        "bookable": "request",
        "complete": True,
        "unanswered": [],
        "rules": [],
        "excluded_regions": [],
        "rules_version": "0.2.0-draft",
    }
    assert (result["items"].pop("anticoagulant"), set(result["items"].values())) == ("REVIEW", {"CLEAR"})


def test_the_same_example_without_assumptions_is_incomplete():
    [result] = run(encoded(EXAMPLE))
    assert (result["complete"], result["bookable"], result["items"]["lung"]) == (False, "no", None)
    assert result["unanswered"] == [item for item, outcome in result["items"].items() if outcome is None]


def test_each_line_is_answered_alone():
    unsure, incomplete = healthy(answers={"lung": "unsure"}), healthy()
    del incomplete["answers"]["lung"]
    lines = [healthy(), unsure, incomplete]
    assert run(encoded(*lines)) == [screen(line).as_line() for line in lines]


NO_JSON = {
    "nothing": b"\n",
    "blanks": b"   \n",
    "half an object": b'{"context": \n',
    "words": b"hello\n",
    "two values": b"{} {}\n",
    "no UTF-8": b'{"context": "\xff\xfe"}\n',
    "half a character in UTF-8": b'{"context": "\xed\xa0\x80"}\n',
    "a byte order mark": b"\xef\xbb\xbf{}\n",
    "NUL": b"\0\n",
    "NaN": json.dumps(EXAMPLE).encode().replace(b"2.4", b"NaN") + b"\n",
    "minus infinity": json.dumps(EXAMPLE).encode().replace(b"2.4", b"-Infinity") + b"\n",
    "a number without end": json.dumps(EXAMPLE).encode().replace(b"2.4", b"1e999") + b"\n",
    "5,000 digits": json.dumps(EXAMPLE).encode().replace(b"2.4", b"9" * 5000) + b"\n",
    "4,000 digits": json.dumps(EXAMPLE).encode().replace(b"2.4", b"9" * 4000) + b"\n",
    "deep lists": b"[" * 100_000 + b"]" * 100_000 + b"\n",
    "deep objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"\n",
    "a deep answer": json.dumps(EXAMPLE).encode().replace(b"2.4", b"[" * 900 + b"]" * 900) + b"\n",
    "a key twice": json.dumps(EXAMPLE).encode().replace(b'"answers": {', b'"answers": {"anticoagulant": "no", ')
    + b"\n",
    "a line without end": b'"' + b"x" * 3_000_000 + b'"\n',
    "an unfinished last line": b'{"context"',
}


def test_every_malformed_line_gets_one_error_and_the_rest_goes_on():
    lines = [*(encoded(line) for line in MALFORMED.values()), *NO_JSON.values()]
    good = encoded(healthy())
    answers = run(b"".join(good + line for line in lines))
    assert answers[0::2] == [screen(healthy()).as_line()] * len(lines)
    assert [list(answer) for answer in answers[1::2]] == [["error"]] * len(lines)
    assert {answer["error"] for answer in answers[1::2] if len(answer["error"]) > 400 or not answer["error"]} == set()


def test_an_answer_comes_before_the_next_line_is_sent():
    with subprocess.Popen(**command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        for _ in range(2):
            process.stdin.write(encoded(healthy()))
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["outcome"] == "CLEAR"


def test_a_reader_that_goes_away_ends_it_quietly():
    with subprocess.Popen(
        **command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        process.stdout.close()
        _, complaints = process.communicate(encoded(healthy()) * 100)
    assert (process.returncode, complaints) == (0, b"")


def test_without_a_day_it_is_today_in_the_clinics_zone(tmp_path):
    line = healthy(follow_ups={"anticoagulant": {"inr_date": "2199-01-01"}})
    del line["context"]["on"]
    [here] = run(encoded(line), CLINIC_TIME_ZONE="Pacific/Kiritimati")
    [there] = run(encoded(line), CLINIC_TIME_ZONE="Pacific/Pago_Pago")  # 25 hours earlier: never the same day
    assert "error" in here
    assert "error" in there
    assert here != there


def test_other_data(tmp_path):
    rules = {**RULES, "rules_version": "mine", "clinic_config": {**RULES["clinic_config"], "inr_stop": 2}}
    (tmp_path / "rules.json").write_text(json.dumps(rules))
    (tmp_path / "items.json").write_text(json.dumps([item for item in ITEMS if item["id"] != "day_driving"][9:]))
    [result] = run(encoded(EXAMPLE), "--assume-unanswered-safe", "--rules", str(tmp_path / "rules.json"))
    assert (result["items"]["anticoagulant"], result["rules_version"]) == ("STOP", "mine")
    refused = subprocess.run(
        **command("--questionnaire", str(tmp_path / "items.json")),
        input=b"",
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert refused.returncode == 1
    assert refused.stderr.decode() == (
        "CommandError: The questionnaire can't be used: "
        "rules, combination rule cancer_plus_signs, when, part number 1: "
        "item_any names 'rf_cancer_signs', which does not exist\n"
    )


@pytest.mark.parametrize("content", [None, b"", b"\xff", b"[" * 100_000, b'{"a": 1}'])
def test_other_data_that_is_none(tmp_path, content):
    file = tmp_path / "rules.json"
    if content is not None:
        file.write_bytes(content)
    refused = subprocess.run(**command("--rules", str(file)), input=b"", capture_output=True, check=False, timeout=60)
    assert (refused.returncode, refused.stdout) == (1, b"")
    assert refused.stderr.startswith(b"CommandError: The questionnaire can't be used: ")
    assert refused.stderr.count(b"\n") == 1

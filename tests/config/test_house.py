"""What the import contracts can't say: rules lean on the standard library only, and no file grows without end."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.local.environment import ROOT

PACKAGES = [ROOT / name for name in ("booking", "config", "frontend", "intake")]
LONGEST_FILE = 400  # lines


def modules() -> Iterator[Path]:
    for package in PACKAGES:
        yield from (path for path in package.rglob("*.py") if "migrations" not in path.parts)


def imported(path: Path) -> Iterator[str]:
    """The full names of the modules that a file imports."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


@pytest.mark.parametrize("package", ["booking.rules", "intake.rules"])
def test_rules_import_the_standard_library_and_each_other(package: str) -> None:
    foreign = {
        (path.name, name)
        for path in (ROOT / package.replace(".", "/")).rglob("*.py")
        for name in imported(path)
        if name.split(".")[0] not in sys.stdlib_module_names and not name.startswith(package)
    }
    assert foreign == set()


def test_migrations_import_only_what_the_kept_tables_are_named_after() -> None:
    """Tests take the tables from an earlier run while these files are the same (`tests.databases`)."""
    ours = {
        name
        for package in PACKAGES
        for path in package.rglob("migrations/*.py")
        for name in imported(path)
        if name.split(".")[0] in {one.name for one in PACKAGES}
    }
    assert {name for name in ours if not {"models", "migrations"} & set(name.split("."))} == {"intake.crypto"}


def test_no_file_is_too_long_to_read() -> None:
    assert [str(path) for path in modules() if len(path.read_text().splitlines()) > LONGEST_FILE] == []


def test_nobody_hides_an_import_inside_a_function() -> None:
    """But `ready()`, which Django calls when models may be imported."""
    hidden = [
        f"{path.relative_to(ROOT)}:{node.lineno} {function.name}"
        for path in modules()
        for function in ast.walk(ast.parse(path.read_text()))
        if isinstance(function, ast.FunctionDef) and function.name != "ready"
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert hidden == []


def test_the_clock_is_read_in_one_place() -> None:
    """Everything else is told what time it is."""
    readers = {
        str(path.relative_to(ROOT))
        for path in modules()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
        and ast.unparse(node) in {"datetime.now", "datetime.today", "date.today", "datetime.utcnow", "timezone.now"}
    }
    assert readers == {"intake/clock.py"}

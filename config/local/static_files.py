"""Collects static files for the web server, only when one of them has changed."""

import hashlib
from pathlib import Path

from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command

# A second reader of the API description, and the looks of an API for browsers: no page shows them.
UNUSED = ["redoc", "rest_framework"]


def collect(*, stamp: Path) -> None:
    """Collect the static files of all apps unless `stamp` says that nothing changed since the last time."""
    present = fingerprint()
    if stamp.exists() and stamp.read_text() == present:
        return
    call_command("collectstatic", interactive=False, clear=True, verbosity=0, ignore_patterns=UNUSED)
    stamp.write_text(present)


def fingerprint() -> str:
    """Another one as soon as a file is another."""
    seen = hashlib.sha256()
    for finder in get_finders():
        for path, storage in finder.list([]):
            facts = Path(storage.path(path)).stat()
            seen.update(f"{path} {facts.st_size} {facts.st_mtime_ns}\n".encode())
    return seen.hexdigest()

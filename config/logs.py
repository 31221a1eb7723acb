"""No log names an address that is a key: of a visit, a payment, a calendar feed, a new password."""

import logging
import re
from typing import Final

from gunicorn.config import Config
from gunicorn.glogging import Logger

_UUID: Final = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"  # names something, and opens nothing
_FILE: Final = r"[^/\s]*\.(?:css|js|svg|png|ico|woff2|webmanifest)\b"
# A part of a path that is long and looks like chance: every key does, and hardly a word.
_KEY: Final = re.compile(rf"(?<=/)(?<!//)(?!{_UUID}|{_FILE})(?=[^/\s]*[0-9A-Z])[\w.:=~%-]{{20,}}")


def without_keys(line: str) -> str:
    """The line with "..." for whatever in its paths may be a key."""
    return _KEY.sub("...", line)


class Keyless(logging.Filter):
    """Lets every record pass, without the keys in it."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = without_keys(record.getMessage()), ()
        return True


class KeylessLogger(Logger):
    """What gunicorn writes of each request."""

    def setup(self, cfg: Config) -> None:
        super().setup(cfg)
        for log in (self.access_log, self.error_log):
            log.addFilter(Keyless())

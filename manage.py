#!/usr/bin/env python
"""Drypoint's command line."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

from config.local import environment
from config.local.errors import LocalError


def main() -> None:
    """Run the command; what is wrong with the environment is told in one line."""
    needs_no_secrets = sys.argv[1:2] == ["screen"]
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings_bare" if needs_no_secrets else "config.settings")
    try:
        if os.environ["DJANGO_SETTINGS_MODULE"] == "config.settings":
            environment.complete(os.environ)
        execute_from_command_line(sys.argv)
    except (ImproperlyConfigured, LocalError) as error:
        sys.exit(f"drypoint: {error}")


if __name__ == "__main__":
    main()

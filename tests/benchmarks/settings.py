"""The settings of the tests with the floor beside Drypoint's own addresses, and static files read once, as in use."""

from config.settings_test import *  # noqa: F403

ROOT_URLCONF = "tests.benchmarks.floor"
WHITENOISE_AUTOREFRESH = False

"""Settings for commands that touch neither people's data nor the network, such as `screen`: no secrets, no database."""

import zoneinfo

zoneinfo.reset_tzpath(to=())  # the pinned tzdata, as in config.settings

from config import env  # noqa: E402

SECRET_KEY = "signs nothing"  # noqa: S105
FIELD_KEYS: tuple[str, ...] = ()
CLINIC_TIME_ZONE = env.text("CLINIC_TIME_ZONE", "America/Edmonton")
CLOCK_FILE = env.text("DRYPOINT_CLOCK_FILE", " ").strip()
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.postgres",
    "pgtrigger",
    "intake",
]
AUTH_USER_MODEL = "intake.User"
TIME_ZONE = "UTC"
USE_TZ = True

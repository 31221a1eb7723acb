"""Settings for tests: nothing of the developer's environment, and a throw-away server that tests/conftest.py starts."""

import base64
import os
import tempfile
from pathlib import Path
from urllib.parse import quote

# Worker processes of one run inherit the room of the run.
TEST_ROOM = Path(os.environ.setdefault("DRYPOINT_TEST_ROOM", f"{tempfile.gettempdir()}/drypoint-{os.getpid()}"))
os.environ |= {
    "DJANGO_SECRET_KEY": "only for tests",
    "FIELD_KEYS": "test:" + base64.urlsafe_b64encode(b"a key of thirty-two bytes, tests").decode(),
    "DATABASE_URL": os.environ.get("TEST_DATABASE_URL")
    or f"postgresql://postgres@{quote(str(TEST_ROOM / 'socket'), safe='')}/drypoint",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "EMAIL_URL": "smtp://127.0.0.1:1",
    "SITE_URL": "http://127.0.0.1:8000",
    "STRIPE_SECRET_KEY": "sk_test_drypoint",
    "STRIPE_API_BASE": "http://127.0.0.1:1",
    "STRIPE_CHECKOUT_ORIGIN": "http://127.0.0.1:1",
    "STRIPE_WEBHOOK_SECRETS": "whsec_test",
    "TWILIO_ACCOUNT_SID": "ACsimulator",
    "TWILIO_AUTH_TOKEN": "simulated password",
    "TWILIO_API_BASE": "http://127.0.0.1:1",
    "SMS_FROM": "+15005550006",
    "MAIL_PROVIDER": "",
    "DRYPOINT_CLOCK_FILE": os.environ.get("DRYPOINT_CLOCK_FILE", ""),
    "DJANGO_ALLOW_ASYNC_UNSAFE": "1",  # Playwright's loop runs in the thread of the tests
}

from config.settings import *  # noqa: E402

ALLOWED_HOSTS = ["*"]
WHITENOISE_AUTOREFRESH = True  # every test client would read all of var/static first, where there is one
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

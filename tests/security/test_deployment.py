"""The settings of a clinic: nothing secret in the code, nothing dangerous left on."""

import ast
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from django.contrib import admin
from django.urls import get_resolver

ROOT = Path(__file__).parents[2]
CLINIC = {
    "PATH": os.environ["PATH"],
    "DJANGO_SETTINGS_MODULE": "config.settings",
    "DJANGO_SECRET_KEY": "k7Yp-4vQx_Zt0Lr9Wn3Bc6Hs1Jd8Mf5Ga2Ke-Uy7Ti4Op_Xq0Zs8-Nv3",
    "FIELD_KEYS": "k1:" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY=",
    "DATABASE_URL": "postgresql://drypoint:long-password@db.example/drypoint",
    "REDIS_URL": "redis://broker.example:6379/0",
    "EMAIL_URL": "smtp+tls://clinic:password@mail.example:587",
    "SITE_URL": "https://clinic.example",
    "ALLOWED_HOSTS": "clinic.example",
    "BEHIND_PROXY": "yes",
    "STRIPE_SECRET_KEY": "sk_live_0123456789",
    "STRIPE_WEBHOOK_SECRETS": "whsec_0123456789",
}


def run_check(**over: str) -> subprocess.CompletedProcess[str]:
    """`manage.py check --deploy` of a clinic; "-" takes a variable away."""
    with_own_folder = CLINIC | {"DRYPOINT_VAR": tempfile.mkdtemp()}
    environment = {name: value for name, value in (with_own_folder | over).items() if value != "-"}
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_a_clinic_as_the_documentation_describes_it_is_clean() -> None:
    done = run_check()
    assert (done.returncode, done.stdout + done.stderr) == (0, "System check identified no issues (0 silenced).\n")


@pytest.mark.parametrize(
    ("over", "names"),
    [
        (
            {
                "DRYPOINT_CLOCK_FILE": "/tmp/clock",
                "STRIPE_API_BASE": "http://127.0.0.1:12111",
                "STRIPE_WEBHOOK_SECRETS": "-",
                "DJANGO_DEBUG": "yes",
                "BEHIND_PROXY": "no",
                "DJANGO_SECRET_KEY": "short",
            },
            ["drypoint.E001", "drypoint.E004", "drypoint.E005", "drypoint.E006", "drypoint.W008", "security.W009"],
        ),
        ({"SITE_URL": "http://clinic.example"}, ["drypoint.E007"]),
        ({"FIELD_KEYS": "-"}, ["FIELD_KEYS must be set"]),
        ({"DATABASE_URL": "-"}, ["DATABASE_URL must be set"]),
    ],
    ids=["all at once", "plain HTTP", "no keys", "no database"],
)
def test_what_would_be_dangerous_stops_the_start_by_name(over: dict[str, str], names: list[str]) -> None:
    """Whatever is named stops it: the level is that of warnings."""
    done = run_check(**over)
    said = done.stdout + done.stderr
    assert (done.returncode != 0, [name for name in names if name not in said]) == (True, []), said


FROM_OUTSIDE = ("SECRET_KEY", "FIELD_KEYS", "SITE_URL", "REDIS_URL", "STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRETS")
SECRET = re.compile(r"sk_live_\w{8}|whsec_\w{8}|://[^/\s]+:[^/@\s]+@|BEGIN [A-Z ]*PRIVATE KEY")


def test_settings_are_read_from_the_environment_and_hold_no_secret() -> None:
    source = (ROOT / "config" / "settings.py").read_text()
    assigned = {
        target.id: ast.unparse(node.value)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    assert [name for name in FROM_OUTSIDE if not assigned[name].startswith("env.")] == []
    for package in ("config", "intake", "booking", "frontend"):
        for file in {*(ROOT / package).rglob("*.py")} - {ROOT / "config" / "settings_test.py"}:
            assert SECRET.findall(re.sub("user:pass(word)?@", "", file.read_text())) == [], file


def test_the_admin_holds_reference_data_only() -> None:
    assert get_resolver().url_patterns  # they are read when the first request comes
    assert sorted(model._meta.label for model in admin.site._registry) == [
        "booking.HealthcareService",
        "booking.Location",
        "booking.Practitioner",
        "intake.Questionnaire",
        "intake.User",
    ]

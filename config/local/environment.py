"""The environment of a local installation: what `manage.py` assumes on a machine that nobody configured.

A configured server sets DJANGO_SECRET_KEY, and nothing here happens. Otherwise secrets come from var/secrets.env, which
is made at first use, and the addresses are those of the embedded services, with the ports of the present `make run`.
"""

import hashlib
import os
import tempfile
from collections.abc import Mapping, MutableMapping
from pathlib import Path

from config.local import secrets
from config.local.postgres import Postgres
from config.local.valkey import Valkey

ROOT = Path(__file__).resolve().parents[2]
VAR = Path(os.environ.get("DRYPOINT_VAR") or ROOT / "var").resolve()
DATABASE = "drypoint"
_ASSUMED = "DRYPOINT_ASSUMED"  # names the variables that were filled in, so that `up` can tell them from given ones
_LONGEST_SOCKET_FOLDER = 80  # bytes; a socket's whole path may be 107 on Linux and 103 on macOS
# What belongs to a simulator, by the variable that names a real account: that one never meets it.
_OF_SIMULATORS = {
    "STRIPE_SECRET_KEY": ("STRIPE_SECRET_KEY", "STRIPE_API_BASE", "STRIPE_CHECKOUT_ORIGIN", "STRIPE_WEBHOOK_SECRETS"),
    "TWILIO_ACCOUNT_SID": ("TWILIO_ACCOUNT_SID", "TWILIO_API_BASE", "TWILIO_AUTH_TOKEN", "SMS_FROM"),
}


def postgres_in(var: Path) -> Postgres:
    """The embedded database server of a data folder."""
    return Postgres(data=var / "postgres", socket_folder=_socket_folder(var) / "postgres")


def valkey_in(var: Path) -> Valkey:
    """The embedded broker of a data folder."""
    return Valkey(data=var / "valkey", socket_folder=_socket_folder(var))


def embedded(var: Path) -> dict[str, str]:
    """Where the embedded parts of a data folder are."""
    return {
        "DATABASE_URL": postgres_in(var).address(DATABASE),
        "REDIS_URL": valkey_in(var).address,
        "STATIC_ROOT": str(var / "static"),
    }


def addresses_file(var: Path) -> Path:
    """Where a running stack writes the addresses that depend on its ports."""
    return var / "run" / "addresses.env"


def complete(environment: MutableMapping[str, str], *, var: Path = VAR) -> None:
    """Fill in what is missing, unless this is a configured server.

    :raises LocalError: the secrets can't be kept
    """
    if environment.get("DJANGO_SECRET_KEY"):
        return
    found = secrets.read_or_make(var / "secrets.env")
    found |= embedded(var)
    if addresses_file(var).exists():
        found |= secrets.read(addresses_file(var))
    for account, names in _OF_SIMULATORS.items():
        if environment.get(account):
            found = {name: value for name, value in found.items() if name not in names}
    assumed = {name: value for name, value in found.items() if not environment.get(name)}
    environment.update(assumed | {_ASSUMED: ",".join(assumed)})


def given(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment without what `complete` filled in."""
    assumed = {_ASSUMED, *environment.get(_ASSUMED, "").split(",")}
    return {name: value for name, value in environment.items() if value and name not in assumed}


def _socket_folder(var: Path) -> Path:
    """Beside the data, or a short place of the same user's if that path is too long for a socket."""
    beside = var / "run"
    if len(os.fsencode(beside)) <= _LONGEST_SOCKET_FOLDER:
        return beside
    mark = hashlib.sha256(os.fsencode(var)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"drypoint-{os.geteuid()}-{mark}"

"""A machine that nobody configured gets secrets and addresses; a configured server keeps exactly its own."""

import stat
from pathlib import Path

import pytest

from config.local import environment, secrets
from config.local.errors import LocalError


def completed(var: Path, **given: str) -> dict[str, str]:
    found = dict(given)
    environment.complete(found, var=var)
    return found


def test_secrets_are_made_once_and_for_their_owner_only(tmp_path: Path) -> None:
    first = completed(tmp_path)
    assert stat.S_IMODE((tmp_path / "secrets.env").stat().st_mode) == 0o600
    assert completed(tmp_path) == first
    assert {"DJANGO_SECRET_KEY", "FIELD_KEYS", "STRIPE_WEBHOOK_SECRETS", "DATABASE_URL", "REDIS_URL"} < set(first)


def test_a_configured_server_is_left_alone(tmp_path: Path) -> None:
    given = {"DJANGO_SECRET_KEY": "set", "EMAIL_URL": ""}
    assert completed(tmp_path, **given) == given
    assert list(tmp_path.iterdir()) == []


def test_what_is_given_wins_and_can_be_told_from_what_was_filled_in(tmp_path: Path) -> None:
    given = {"DATABASE_URL": "postgresql://elsewhere/clinic", "PATH": "/bin"}
    whole = completed(tmp_path, **given, EMAIL_URL="")
    assert whole["DATABASE_URL"] == "postgresql://elsewhere/clinic"
    assert environment.given(whole) == given


def test_the_addresses_of_a_running_stack_are_taken(tmp_path: Path) -> None:
    addresses = {"SITE_URL": "http://127.0.0.1:8123", "STRIPE_API_BASE": "http://127.0.0.1:8150"}
    environment.addresses_file(tmp_path).parent.mkdir(parents=True)
    secrets.write(environment.addresses_file(tmp_path), addresses)
    assert completed(tmp_path).items() >= addresses.items()


def test_a_real_stripe_key_never_meets_the_simulator(tmp_path: Path) -> None:
    environment.addresses_file(tmp_path).parent.mkdir(parents=True)
    simulated = {"STRIPE_API_BASE": "http://127.0.0.1:1", "STRIPE_CHECKOUT_ORIGIN": "http://127.0.0.1:1"}
    secrets.write(environment.addresses_file(tmp_path), simulated | {"STRIPE_SECRET_KEY": "sk_test_simulator"})
    whole = completed(tmp_path, STRIPE_SECRET_KEY="sk_test_mine")
    assert {name: value for name, value in whole.items() if name.startswith("STRIPE")} == {
        "STRIPE_SECRET_KEY": "sk_test_mine"
    }


def test_secrets_that_can_not_be_kept_are_told_in_one_line() -> None:
    with pytest.raises(LocalError, match=r"^/proc/nowhere/secrets\.env can't be used: [^\n]+\.$"):
        completed(Path("/proc/nowhere"))

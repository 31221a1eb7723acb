"""A bad value in the environment stops the start and names the variable."""

import base64
from collections.abc import Callable

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import env

KEY = base64.urlsafe_b64encode(bytes(32)).decode()


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (env.text, ""),
        (env.flag, "maybe"),
        (lambda name: env.number(name, 1), "ten"),
        (env.origin, "clinic.example"),
        (env.origin, "https://clinic.example/path"),
        (env.origin, "https://clinic.example?page"),
        (env.origin, "https://user@clinic.example"),
        (env.origin, "https://clinic.example:port"),
        (env.origin, "http://[clinic"),
        (env.database, "postgresql://[::1/clinic"),
        (env.database, "mysql://h/clinic"),
        (env.database, "postgresql://h:port/clinic?nonsense=1"),
        (env.database, "postgresql://h"),
        (lambda name: env.mail(name, "smtp://h"), "carrier-pigeon://h"),
        (lambda name: env.mail(name, "smtp://h"), "smtp://h:port"),
        (env.field_keys, ""),
        (env.field_keys, "k1:short"),
        (env.field_keys, f"k 1:{KEY}"),
    ],
)
def test_a_bad_value_is_refused_by_name(
    read: Callable[[str], object], value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THE_NAME", value)
    with pytest.raises(ImproperlyConfigured, match=r"\ATHE_NAME[^\n]+\Z"):
        read("THE_NAME")


@pytest.mark.parametrize("address", ["postgresql://u:hush hush@h/clinic", "postgresql://u:hush@[::1/clinic"])
def test_a_password_in_an_address_that_can_not_be_read_is_not_repeated(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DB", address)
    with pytest.raises(ImproperlyConfigured) as trouble:
        env.database("DB")
    assert "hush" not in str(trouble.value)


@pytest.mark.parametrize("address", ["https://clinic.example", "http://127.0.0.1:8000", "http://[::1]:8000"])
def test_an_origin_is_kept_as_it_is(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SITE", f"{address}/")
    assert env.origin("SITE") == address


def test_a_database_address_is_read_as_postgresql_reads_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(
        "DB", "postgresql://us%40er:pa%2Fss@db.example:5433/clinic?sslmode=verify-full&target_session_attrs=any"
    )
    assert env.database("DB") == {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "clinic",
        "USER": "us@er",
        "PASSWORD": "pa/ss",
        "HOST": "db.example",
        "PORT": "5433",
        "OPTIONS": {"sslmode": "verify-full", "target_session_attrs": "any"},
    }


def test_a_socket_folder_may_be_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DB", "postgresql://postgres@%2Frun%2Fpostgres/clinic")
    read = env.database("DB")
    assert (read["HOST"], read["PORT"], read["NAME"]) == ("/run/postgres", "", "clinic")

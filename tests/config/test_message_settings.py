"""What is half set up for mail or texts stops the start by name."""

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from django.core.checks import CheckMessage
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from config import checks, env
from config.local import environment
from config.mail_providers import MAIL_PROVIDERS


def found(check: Callable[[None], Iterable[CheckMessage]]) -> list[str]:
    return [one.msg for one in check(None)]


def test_texts_are_set_up_whole_or_not_at_all(settings: Settings) -> None:
    assert found(checks.texts_can_be_sent_or_not) == []
    settings.TWILIO_AUTH_TOKEN = settings.SMS_FROM = ""
    assert found(checks.texts_can_be_sent_or_not) == [
        "Text messages are half set up: TWILIO_AUTH_TOKEN and SMS_FROM must be set too."
    ]
    settings.TWILIO_ACCOUNT_SID = ""
    assert found(checks.texts_can_be_sent_or_not) == []


@pytest.mark.parametrize(("number", "errors"), [("+17805550100", 0), ("780", 1)])
def test_whoever_is_alarmed_by_text_has_a_number(settings: Settings, number: str, errors: int) -> None:
    settings.ALERT_PHONE = number
    assert len(found(checks.texts_can_be_sent_or_not)) == errors
    settings.TWILIO_ACCOUNT_SID = settings.TWILIO_AUTH_TOKEN = settings.SMS_FROM = ""
    assert len(found(checks.texts_can_be_sent_or_not)) == 1


def test_the_account_s_password_goes_nowhere_in_clear(settings: Settings) -> None:
    settings.TWILIO_API_BASE = "http://twilio.example"
    assert found(checks.texts_can_be_sent_or_not) == [
        "TWILIO_API_BASE must start with https://: it gets the account's password."
    ]


def test_a_mail_provider_needs_its_key_and_what_proves_its_reports(settings: Settings) -> None:
    assert found(checks.mail_reports_are_proven) == []
    settings.MAIL_PROVIDER, settings.MAIL_PROVIDER_KEY, settings.MAIL_WEBHOOK_SECRET = "mailgun", "", ""
    assert found(checks.mail_reports_are_proven) == [
        "MAIL_PROVIDER_KEY must be set where MAIL_PROVIDER is.",
        "MAIL_WEBHOOK_SECRET must be set where MAIL_PROVIDER is: anybody could report bounces.",
    ]


def test_an_unknown_provider_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAIL_PROVIDER", "pigeon")
    with pytest.raises(ImproperlyConfigured, match="must be one of mailgun, postmark, resend, not 'pigeon'"):
        env.one_of("MAIL_PROVIDER", MAIL_PROVIDERS)


def test_each_provider_gets_its_own_settings() -> None:
    assert MAIL_PROVIDERS["mailgun"].settings(key="k", webhook_secret="s", api="") == {
        "MAILGUN_API_KEY": "k",
        "MAILGUN_WEBHOOK_SIGNING_KEY": "s",
        "REQUESTS_TIMEOUT": (3, 10),
    }


def test_a_real_account_never_meets_the_simulator(tmp_path: Path) -> None:
    environment.addresses_file(tmp_path).parent.mkdir(parents=True)
    environment.addresses_file(tmp_path).write_text(
        "TWILIO_API_BASE=http://127.0.0.1:1\nTWILIO_AUTH_TOKEN=simulated\nSMS_FROM=+15005550006\n"
    )
    whole = {"TWILIO_ACCOUNT_SID": "ACreal"}
    environment.complete(whole, var=tmp_path)
    assert not whole.keys() & {"TWILIO_API_BASE", "TWILIO_AUTH_TOKEN", "SMS_FROM"}

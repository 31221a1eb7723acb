"""System checks: settings that would be dangerous in a clinic stop the start, by name."""

import importlib.metadata
import ipaddress
import re
import zoneinfo
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as Advice

OLDEST_TZDATA = (2026, 3)  # from this one on Alberta and British Columbia no longer change their clocks


def _is_live() -> bool:
    return settings.STRIPE_SECRET_KEY.startswith(("sk_live_", "rk_live_"))


def _is_local(origin: str) -> bool:
    host = urlsplit(origin).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@register(Tags.security)
def clock_is_the_real_one(app_configs: Any, **_: Any) -> Iterable[CheckMessage]:
    if settings.CLOCK_FILE and _is_live():
        yield Error(
            "DRYPOINT_CLOCK_FILE moves the clock and must not be set beside a live Stripe key.", id="drypoint.E001"
        )


@register(Tags.compatibility)
def time_zones_are_recent(app_configs: Any, **_: Any) -> Iterable[CheckMessage]:
    version = tuple(int(part) for part in importlib.metadata.version("tzdata").split(".")[:2])
    if version < OLDEST_TZDATA:
        yield Error("tzdata is older than 2026.3: times in Alberta would be an hour wrong.", id="drypoint.E002")
    if zoneinfo.TZPATH:
        yield Error("Time zones are read from the system instead of the tzdata package.", id="drypoint.E003")


@register(Tags.security)
def stripe_is_the_real_one(app_configs: Any, **_: Any) -> Iterable[CheckMessage]:
    if _is_live() and settings.STRIPE_API_BASE != "https://api.stripe.com":
        yield Error("A live Stripe key must only be sent to https://api.stripe.com.", id="drypoint.E004")
    if settings.STRIPE_SECRET_KEY and not settings.STRIPE_WEBHOOK_SECRETS:
        yield Error("STRIPE_WEBHOOK_SECRETS must be set where STRIPE_SECRET_KEY is.", id="drypoint.E005")


@register(Tags.security)
def debugging_is_off(app_configs: Any, **_: Any) -> Iterable[CheckMessage]:
    if settings.DEBUG and (_is_live() or not _is_local(settings.SITE_URL)):
        yield Error("DJANGO_DEBUG shows secrets to everybody: switch it off.", id="drypoint.E006")


@register(Tags.security, deploy=True)
def pages_are_encrypted(app_configs: Any, **_: Any) -> Iterable[CheckMessage]:
    if not settings.SECURE and not _is_local(settings.SITE_URL):
        yield Error("SITE_URL must start with https://: health answers would travel in clear.", id="drypoint.E007")
    if settings.SECURE and settings.SECURE_PROXY_SSL_HEADER is None:
        yield Advice(
            "BEHIND_PROXY is off: gunicorn speaks plain HTTP, so a proxy must end TLS and say so.", id="drypoint.W008"
        )


@register(Tags.security)
def texts_can_be_sent_or_not(app_configs: Any, **_: Any) -> Iterable[CheckMessage]:
    wanted = ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "SMS_FROM")
    missing = [name for name in wanted if not getattr(settings, name)]
    if 0 < len(missing) < len(wanted):
        yield Error(f"Text messages are half set up: {' and '.join(missing)} must be set too.", id="drypoint.E009")
    if settings.TWILIO_API_BASE.startswith("http://") and not _is_local(settings.TWILIO_API_BASE):
        yield Error("TWILIO_API_BASE must start with https://: it gets the account's password.", id="drypoint.E010")
    if settings.ALERT_PHONE and (missing or not re.fullmatch(r"\+[1-9]\d{6,14}", settings.ALERT_PHONE)):
        yield Error("ALERT_PHONE must be a number as +17805550100, and text messages set up.", id="drypoint.E013")


@register(Tags.security)
def mail_reports_are_proven(app_configs: Any, **_: Any) -> Iterable[CheckMessage]:
    if settings.MAIL_PROVIDER and not settings.MAIL_PROVIDER_KEY:
        yield Error("MAIL_PROVIDER_KEY must be set where MAIL_PROVIDER is.", id="drypoint.E011")
    if settings.MAIL_PROVIDER and not settings.MAIL_WEBHOOK_SECRET:
        yield Error(
            "MAIL_WEBHOOK_SECRET must be set where MAIL_PROVIDER is: anybody could report bounces.", id="drypoint.E012"
        )

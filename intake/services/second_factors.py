"""The secrets of second factors, which allauth keeps in a JSON column of its own: sealed like everything secret."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import transaction

from intake.crypto import open_sealed, seal
from intake.models import User
from intake.services.audit import record_event

_PLACE = "mfa.authenticator.data"
_SECRETS = ("secret", "seed")  # of an authenticator app, of recovery codes


def seal_secret(text: str) -> str:
    """What is stored instead of a secret."""
    return urlsafe_b64encode(seal(text.encode(), place=_PLACE)).decode()


def open_secret(sealed: str) -> str:
    """The secret again.

    :raises WrongKey: no key of ours opens it
    """
    return open_sealed(urlsafe_b64decode(sealed), place=_PLACE).decode()


@transaction.atomic
def reseal_secrets() -> int:
    """Seal every secret that another key sealed with the first key; returns how many rows changed.

    :raises WrongKey: one can't be opened with any key
    """
    changed = 0
    for row in Authenticator.objects.order_by("pk").select_for_update():
        old = {name: row.data[name] for name in _SECRETS if name in row.data and not _is_fresh(row.data[name])}
        row.data |= {name: seal_secret(open_secret(sealed)) for name, sealed in old.items()}
        if old:
            row.save(update_fields=["data"])
            changed += 1
    return changed


@transaction.atomic
def forget_second_factor(*, user: User, by: User, now: datetime) -> None:
    """For somebody who lost their phone: at the next sign-in they set up a new one."""
    Authenticator.objects.filter(user=user).delete()
    record_event(action="second-factor-forgotten", entity=user, by=by, now=now)


def _is_fresh(sealed: str) -> bool:
    return urlsafe_b64decode(sealed).startswith(settings.FIELD_KEYS[0][0].encode() + b":")

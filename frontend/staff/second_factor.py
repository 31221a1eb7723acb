"""Staff work behind a second factor: without one only its setup opens, and each session must have given it once."""

from collections.abc import Callable
from functools import cache
from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added
from allauth.mfa.utils import is_mfa_enabled
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.core.exceptions import PermissionDenied
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import sync_only_middleware
from django.utils.http import urlencode

from intake.models import User

Handler = Callable[[HttpRequest], HttpResponse]
_SET_UP_HERE = "second_factor_set_up_by"  # in the session: whose app answered when it was set up
_ALWAYS = ("account_logout", "account_inactive", "set_language", "healthz", "readyz")


@sync_only_middleware
def require_second_factor(get_response: Handler) -> Handler:
    """Lead staff to the setup, or to typing a code: a session that never gave one may stem from before the setup."""

    def middleware(request: HttpRequest) -> HttpResponse:
        user = request.user
        if not isinstance(user, User) or not user.works_here or request.path in _pages(*_ALWAYS):
            return get_response(request)
        if not is_mfa_enabled(user, [Authenticator.Type.TOTP]):
            way = "mfa_activate_totp"
        elif not gave_second_factor(request, user):
            way = "mfa_reauthenticate"
        else:
            return get_response(request)
        if request.path == reverse(way):
            return get_response(request)
        if request.path.startswith("/api/"):
            raise PermissionDenied
        return redirect(f"{reverse(way)}?{urlencode({REDIRECT_FIELD_NAME: request.get_full_path()})}")

    return middleware


def gave_second_factor(request: HttpRequest, user: User) -> bool:
    """Whether a code of this person's app, or a recovery code, was typed in this session."""
    if request.session.get(_SET_UP_HERE) == str(user.pk):
        return True
    return any(record.get("method") == "mfa" for record in get_authentication_records(request, user))


@receiver(authenticator_added)
def remember_setup(request: HttpRequest, user: User, authenticator: Authenticator, **_more: Any) -> None:
    """Setting the app up needs a code of it, so this session has given one."""
    if authenticator.type == Authenticator.Type.TOTP:
        request.session[_SET_UP_HERE] = str(user.pk)


@cache
def _pages(*names: str) -> frozenset[str]:
    return frozenset(reverse(name) for name in names)

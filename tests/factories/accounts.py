"""People who sign in."""

import time

from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.http import HttpRequest
from django.test import Client

from frontend.staff.second_factor import _SET_UP_HERE
from intake.models import User


def give_second_factor(user: User) -> str:
    """Set up the authenticator app; answers its secret."""
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    return secret


def code_of(secret: str) -> str:
    """What the app shows now."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def sign_in(client: Client, user: User) -> Client:
    """Signed in without walking through the pages; staff with their second factor given in this session."""
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    if user.works_here:
        if not Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists():
            give_second_factor(user)
        session = client.session
        session[_SET_UP_HERE] = str(user.pk)
        session.save()
    return client


def prove_again(client: Client) -> Client:
    """The password was typed once more, just now: what asks for it again lets this browser through."""
    request = HttpRequest()
    request.session = client.session
    user = User.objects.get(pk=request.session["_auth_user_id"])
    record_authentication(request, user, method="password", reauthenticated=True)
    request.session.save()
    return client

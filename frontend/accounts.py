"""Sign-in: allauth's flows, our pages, our outbox.

Staff sign in with a password and a second factor. Patients sign in with a code by mail and have no password. Nobody
signs up. Whether an address is known can't be seen on any page: an unknown one gets the same page, and no mail at all,
so that nobody can make us write to strangers.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import get_language

from booking.reminders.services import queue_sign_in_mail
from intake.clock import now
from intake.errors import TooManyAttempts
from intake.models import User
from intake.services.accounts import unclaimed_records
from intake.services.limits import count_attempt
from intake.services.second_factors import open_secret, seal_secret

MAILS_PER_HOUR = 6
FRESH = timedelta(minutes=5)
_NEWS = {
    "account/email/password_changed": "password",
    "account/email/password_reset": "password",
    "mfa/email/totp_activated": "factor-on",
    "mfa/email/totp_deactivated": "factor-off",
    "mfa/email/recovery_codes_generated": "codes",
}


class AccountAdapter(DefaultAccountAdapter):
    """Where allauth asks us."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Each role's own first page; before it, a patient says whose the visits of this mailbox are."""
        user = request.user
        if isinstance(user, User) and not user.works_here and unclaimed_records(user).exists():
            return reverse("account_records")
        return str(super().get_login_redirect_url(request))

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Not for a first second factor, which protects nothing yet, and not minutes after signing in."""
        if app == "allauth.mfa" and not is_mfa_enabled(self.request.user):
            return False
        since = now().timestamp() - FRESH.total_seconds()
        records = get_authentication_records(self.request, self.request.user)
        fresh = any(record["at"] > since for record in records)
        return not fresh and bool(super().is_reauthentication_required(app=app, **kwargs))

    def send_mail(self, template_prefix: str, email: str, context: Mapping[str, Any]) -> None:
        """Write the mail as a row of the outbox instead of sending it."""
        self.queue(*letter_for(template_prefix, User.objects.filter(email__iexact=email).first(), context), email)

    def queue(self, kind: str, content: Mapping[str, str], email: str) -> None:
        """Queue one of our letters; more than six an hour to one mailbox are not written."""
        moment = now()
        try:
            count_attempt(
                key=f"sign-in-mail:{email.lower()}", limit=MAILS_PER_HOUR, window=timedelta(hours=1), now=moment
            )
        except TooManyAttempts:
            return  # the page must not tell a known address from an unknown one
        queue_sign_in_mail(recipient=email, language=get_language() or "en", template=kind, context=content, now=moment)


def letter_for(template_prefix: str, user: User | None, context: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    """Which of our letters stands for one of allauth's, and what it needs to know.

    :raises LookupError: allauth wants to send something that we have no words for
    """
    if template_prefix in _NEWS:
        return "account-news", {"news": _NEWS[template_prefix]}
    if template_prefix == "account/email/login_code":
        return "sign-in-code", {"code": str(context["code"])}
    if template_prefix == "account/email/password_reset_key":
        if user is None or not user.works_here:
            return "sign-in-by-code", {}
        return "password-reset", {"url": settings.SITE_URL + urlsplit(context["password_reset_url"]).path}
    raise LookupError(template_prefix)


class SecondFactorAdapter(DefaultMFAAdapter):
    """Keeps the secrets of the second factor encrypted."""

    def encrypt(self, text: str) -> str:
        return seal_secret(text)

    def decrypt(self, encrypted_text: str) -> str:
        return open_secret(encrypted_text)

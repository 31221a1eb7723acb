"""allauth's forms with our labels and without placeholders: a label that vanishes while one types helps nobody."""

from typing import Any

from allauth.account import forms as account
from allauth.account.adapter import get_adapter
from allauth.mfa.base import forms as second_factor
from allauth.mfa.totp import forms as totp
from django.utils.translation import gettext_lazy as _

from intake.clock import now
from intake.services.accounts import account_of_mailbox


class _Plain:
    """No placeholders; codes in big letters and digits."""

    fields: dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.widget.attrs.pop("placeholder", None)
            if name in {"login", "email"}:
                field.label = _("E-mail")
                field.widget.attrs["autocomplete"] = "username" if name == "login" else "email"
            if name == "code":
                field.label = _("Code")
                field.widget.attrs["class"] = "code"


class LoginForm(_Plain, account.LoginForm):
    pass


class RequestLoginCodeForm(_Plain, account.RequestLoginCodeForm):
    """Asks for a code. Staff get a mail that leads them to their password: a mailbox alone opens no staff page."""

    def clean_email(self) -> str:
        email: str = super().clean_email()
        if not email:
            return email
        self._user = account_of_mailbox(email=email, now=now())
        if self._user is not None and self._user.works_here:
            self._user = None
            get_adapter().queue("sign-in-by-password", {}, email)
        return email


class ConfirmLoginCodeForm(_Plain, account.ConfirmLoginCodeForm):
    pass


class ResetPasswordForm(_Plain, account.ResetPasswordForm):
    pass


class ResetPasswordKeyForm(_Plain, account.ResetPasswordKeyForm):
    pass


class ChangePasswordForm(_Plain, account.ChangePasswordForm):
    pass


class ReauthenticateForm(_Plain, account.ReauthenticateForm):
    pass


class AuthenticateForm(_Plain, second_factor.AuthenticateForm):
    pass


class ReauthenticateByCodeForm(_Plain, second_factor.ReauthenticateForm):
    pass


class ActivateTOTPForm(_Plain, totp.ActivateTOTPForm):
    pass

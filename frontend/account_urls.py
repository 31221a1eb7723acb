"""The pages of allauth that we have: sign-in and sign-out for everybody, passwords and the second factor for staff."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account import views as account
from allauth.mfa.base import views as second_factor
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as totp
from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import path, re_path
from django.views.generic import RedirectView

from frontend.account_records import records

View = Callable[..., HttpResponseBase]


def for_staff(view: View) -> View:
    """Patients have neither password nor second factor: for them these pages are not there."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated and not request.user.works_here:
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


urlpatterns = [
    path("login/", account.login, name="account_login"),
    path("login/code/", account.request_login_code, name="account_request_login_code"),
    path("login/code/confirm/", account.confirm_login_code, name="account_confirm_login_code"),
    path("logout/", account.logout, name="account_logout"),
    path("inactive/", account.account_inactive, name="account_inactive"),
    path("records/", records, name="account_records"),
    path("signup/", account.signup, name="account_signup"),
    path("password/reset/", account.password_reset, name="account_reset_password"),
    path("password/reset/done/", account.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/key/done/",
        account.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    # Where the page below leads who has no password yet: only a mail gives one.
    path("password/set/", RedirectView.as_view(pattern_name="account_reset_password"), name="account_set_password"),
    path("password/change/", for_staff(account.password_change), name="account_change_password"),
    path("reauthenticate/", for_staff(account.reauthenticate), name="account_reauthenticate"),
    path("2fa/", for_staff(second_factor.index), name="mfa_index"),
    path("2fa/authenticate/", second_factor.authenticate, name="mfa_authenticate"),
    path("2fa/reauthenticate/", for_staff(second_factor.reauthenticate), name="mfa_reauthenticate"),
    path("2fa/totp/activate/", for_staff(totp.activate_totp), name="mfa_activate_totp"),
    path("2fa/totp/deactivate/", for_staff(totp.deactivate_totp), name="mfa_deactivate_totp"),
    path("2fa/recovery-codes/", for_staff(recovery_codes.view_recovery_codes), name="mfa_view_recovery_codes"),
    path(
        "2fa/recovery-codes/generate/",
        for_staff(recovery_codes.generate_recovery_codes),
        name="mfa_generate_recovery_codes",
    ),
    path(
        "2fa/recovery-codes/download/",
        for_staff(recovery_codes.download_recovery_codes),
        name="mfa_download_recovery_codes",
    ),
]

"""Staff work behind a second factor: without one only its setup page opens."""

from collections.abc import Callable

from allauth.mfa.utils import is_mfa_enabled
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import sync_only_middleware

from intake.models import User

Handler = Callable[[HttpRequest], HttpResponse]
_OPEN = ("/accounts/", "/static/", "/i18n/", "/healthz", "/readyz")


@sync_only_middleware
def require_second_factor(get_response: Handler) -> Handler:
    def middleware(request: HttpRequest) -> HttpResponse:
        user = request.user
        if isinstance(user, User) and user.works_here and not request.path.startswith(_OPEN) and not is_mfa_enabled(user):
            return redirect(reverse("mfa_activate_totp"))
        return get_response(request)

    return middleware

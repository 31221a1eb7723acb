from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.models import Group
from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from booking.api.mail_webhook import receive_mail_event
from booking.api.sms_webhook import receive_sms_event
from booking.api.stripe_webhook import receive_stripe_event
from frontend.health import healthz, readyz
from intake.api.views import UnknownPath

admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]  # one way to sign in, with the second factor
for model in (Group, EmailAddress, Authenticator):  # reference data only: no secret of a second factor
    if admin.site.is_registered(model):
        admin.site.unregister(model)

urlpatterns = [
    path("", include("frontend.public.urls")),
    path("", include("frontend.patient.urls")),
    path("", include("frontend.staff.urls")),
    path("accounts/", include("frontend.account_urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("api/v1/", include("intake.api.urls")),
    path("api/v1/", include("booking.api.urls")),
    path("api/v1/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/v1/docs/", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="api-docs"),
    re_path(r"^api/", UnknownPath.as_view(), name="api-nothing-here"),
    path("webhooks/stripe/", receive_stripe_event, name="stripe-webhook"),
    path("webhooks/sms/", receive_sms_event, name="sms-webhook"),
    path("webhooks/mail/", receive_mail_event, name="mail-webhook"),
    path("admin/", admin.site.urls),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
]

handler400 = "config.problems.bad_request"
handler403 = "config.problems.forbidden"
handler404 = "config.problems.not_found"
handler500 = "config.problems.broken"

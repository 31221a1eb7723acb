"""Settings of Drypoint, read from the environment only (see docs/configuration.md)."""

import zoneinfo

# Time zones come from the pinned tzdata package, never from the system: a system of 2025 is an hour off in Alberta.
zoneinfo.reset_tzpath(to=())

from pathlib import Path  # noqa: E402

from csp.constants import NONE, SELF  # noqa: E402
from django.utils.translation import gettext_lazy as _  # noqa: E402

from config import env  # noqa: E402
from config.mail_providers import MAIL_PROVIDERS  # noqa: E402

BASE_DIR = Path(__file__).resolve().parent.parent

# --- the clinic's address and secrets -------------------------------------------------------------------------------
DEBUG = env.flag("DJANGO_DEBUG", False)
SECRET_KEY = env.text("DJANGO_SECRET_KEY")
FIELD_KEYS = env.field_keys("FIELD_KEYS")
SITE_URL = env.origin("SITE_URL", "http://127.0.0.1:8000")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "127.0.0.1,localhost")
CSRF_TRUSTED_ORIGINS = [SITE_URL]
SECURE = SITE_URL.startswith("https://")
CLINIC_TIME_ZONE = env.text("CLINIC_TIME_ZONE", "America/Edmonton")  # only where no clinic row can be asked

INSTALLED_APPS = [
    "config",
    "frontend",
    "booking",
    "booking.payments",
    "booking.reminders",
    "intake",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "django_htmx",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "pgtrigger",
    "phonenumber_field",
    "rest_framework",
    "rules.apps.AutodiscoverRulesConfig",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",  # pads each page by a random length, so that its size tells nothing
    # Whatever answers first further down, these three have their say in its headers.
    "csp.middleware.CSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "config.middleware.refuse_unreadable_input",
    "config.middleware.remember_origin",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "frontend.staff.second_factor.require_second_factor",
    "frontend.ways_back.lead_to_the_page",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
FORM_RENDERER = "frontend.rendering.FormRenderer"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "frontend.context.clinic",
            ],
        },
    },
]

# --- data -----------------------------------------------------------------------------------------------------------
DATABASES = {"default": env.database("DATABASE_URL")}
DATABASES["default"] |= {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
# The queries of a page join many tables by their keys, in an order that is right as written: PostgreSQL took longer to
# think about another than for all the rest.
DATABASES["default"]["OPTIONS"] = {
    "connect_timeout": 5,
    "options": "-c lock_timeout=3s -c statement_timeout=30s -c idle_in_transaction_session_timeout=60s"
    " -c join_collapse_limit=5",
} | DATABASES["default"]["OPTIONS"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# The web process must not need the broker, so what it remembers between requests stands in the database.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache_entry"}}
DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500

# --- people ---------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "intake.User"
AUTHENTICATION_BACKENDS = [
    "rules.permissions.ObjectPermissionBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
ACCOUNT_ADAPTER = "frontend.accounts.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]  # nobody signs up; without password1, sign-in has no password
ACCOUNT_EMAIL_VERIFICATION = "none"  # a sign-in code proves the address
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 15 * 60
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # or anybody could make us write to strangers
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_FORMS = {
    "login": "frontend.account_forms.LoginForm",
    "request_login_code": "frontend.account_forms.RequestLoginCodeForm",
    "confirm_login_code": "frontend.account_forms.ConfirmLoginCodeForm",
    "reset_password": "frontend.account_forms.ResetPasswordForm",
    "reset_password_from_key": "frontend.account_forms.ResetPasswordKeyForm",
    "change_password": "frontend.account_forms.ChangePasswordForm",
    "reauthenticate": "frontend.account_forms.ReauthenticateForm",
}
PASSWORD_RESET_TIMEOUT = 60 * 60
ALLAUTH_TRUSTED_PROXY_COUNT = int(env.flag("BEHIND_PROXY", False))
ACCOUNT_SESSION_REMEMBER = False
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Drypoint"
MFA_ADAPTER = "frontend.accounts.SecondFactorAdapter"
MFA_ALLOW_UNVERIFIED_EMAIL = True  # staff accounts are made by the owner, not by signing up
MFA_FORMS = {
    "authenticate": "frontend.account_forms.AuthenticateForm",
    "reauthenticate": "frontend.account_forms.ReauthenticateByCodeForm",
    "activate_totp": "frontend.account_forms.ActivateTOTPForm",
}
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/welcome/"
ACCOUNT_LOGOUT_REDIRECT_URL = "/"

# --- language and time ----------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]  # a language joins when its catalogue is complete
MESSAGE_LANGUAGES = [("en", _("English")), ("fr-ca", _("French"))]  # templates/messages has a folder for each
LOCALE_PATHS = [BASE_DIR / "frontend" / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"  # the clinic's zone is data
CLOCK_FILE = env.text("DRYPOINT_CLOCK_FILE", " ").strip()  # tests only: seconds that every process adds to the time
PHONENUMBER_DEFAULT_REGION = "CA"
PHONENUMBER_DB_FORMAT = "E164"

# --- static files ---------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = Path(env.text("STATIC_ROOT", str(BASE_DIR / "var" / "static")))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_KEEP_ONLY_HASHED_FILES = True  # pages ask for no others, and compressing them takes as long again
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = ["png", "woff", "woff2", "map"]  # small already, or read by debuggers only

# --- mail -----------------------------------------------------------------------------------------------------------
vars().update(env.mail("EMAIL_URL", "smtp://127.0.0.1:1025"))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "Clinic <clinic@localhost>")
# A mail provider's own interface instead of SMTP, and what proves its reports of bounces and complaints.
MAIL_PROVIDER = env.one_of("MAIL_PROVIDER", MAIL_PROVIDERS)
MAIL_PROVIDER_KEY = env.text("MAIL_PROVIDER_KEY", " ").strip()
MAIL_WEBHOOK_SECRET = env.text("MAIL_WEBHOOK_SECRET", " ").strip()
if MAIL_PROVIDER:
    EMAIL_BACKEND = MAIL_PROVIDERS[MAIL_PROVIDER].backend
    ANYMAIL = MAIL_PROVIDERS[MAIL_PROVIDER].settings(
        key=MAIL_PROVIDER_KEY, webhook_secret=MAIL_WEBHOOK_SECRET, api=env.text("MAIL_PROVIDER_API", " ").strip()
    )

# --- text messages: none without an account -------------------------------------------------------------------------
TWILIO_ACCOUNT_SID = env.text("TWILIO_ACCOUNT_SID", " ").strip()
TWILIO_AUTH_TOKEN = env.text("TWILIO_AUTH_TOKEN", " ").strip()  # it signs Twilio's webhooks too
TWILIO_API_BASE = env.origin("TWILIO_API_BASE", "https://api.twilio.com")
SMS_FROM = env.text("SMS_FROM", " ").strip()  # a number as +17805550100, or a messaging service: MG...
ALERT_PHONE = env.text("ALERT_PHONE", " ").strip()  # gets a text if work stands still and the mail server is dead too

# --- Stripe ---------------------------------------------------------------------------------------------------------
STRIPE_SECRET_KEY = env.text("STRIPE_SECRET_KEY", " ").strip()  # empty: no online payment
STRIPE_API_BASE = env.origin("STRIPE_API_BASE", "https://api.stripe.com")
STRIPE_CHECKOUT_ORIGIN = env.origin("STRIPE_CHECKOUT_ORIGIN", "https://checkout.stripe.com")
STRIPE_WEBHOOK_SECRETS = env.words("STRIPE_WEBHOOK_SECRETS")
STRIPE_VERSION = "2026-08-26.dahlia"

# --- Celery: the web never talks to it; it sweeps rows --------------------------------------------------------------
REDIS_URL = env.text("REDIS_URL", "redis://127.0.0.1:6379/0")

# --- the API --------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["intake.api.permissions.DenyAll"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["intake.api.parsers.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "config.problems.problem_response",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Drypoint",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",  # 3.0 can't say that an object may be null
    "DESCRIPTION": "Online booking and intake for a dry-needling clinic.",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "APPEND_COMPONENTS": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
}

# --- security -------------------------------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF, STRIPE_CHECKOUT_ORIGIN],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
    },
}
PERMISSIONS_POLICY: dict[str, list[str]] = {
    name: [] for name in ("camera", "microphone", "geolocation", "payment", "usb", "interest-cohort")
}
# Other sites learn no address. With "no-referrer" our own forms would come from nowhere ("Origin: null"): refused.
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = SECURE
BEHIND_PROXY = env.flag("BEHIND_PROXY", False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
SECURE_HSTS_SECONDS = 31536000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE
SECURE_HSTS_PRELOAD = SECURE
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"  # the way back from Checkout is a cross-site navigation
SESSION_COOKIE_AGE = 60 * 60 * 24
X_FRAME_OPTIONS = "DENY"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "filters": {"keyless": {"()": "config.logs.Keyless"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["keyless"]}},
    "root": {"handlers": ["console"], "level": env.text("LOG_LEVEL", "WARNING")},
    "loggers": {"fontTools": {"level": "WARNING"}},  # below that it names the letters of whose receipt it draws
}

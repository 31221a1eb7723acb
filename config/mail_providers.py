"""The mail providers that can be used instead of a plain mail server, and what anymail calls their settings."""

from dataclasses import dataclass
from typing import Any, Final

TIMEOUT: Final = (3, 10)  # seconds to connect, and to wait for an answer


@dataclass(frozen=True, slots=True)
class MailProvider:
    """`webhook` names the setting with what proves a provider's reports: a key that signs them, or the "user:password"
    that stands in the address we gave it.
    """

    backend: str
    key: str
    webhook: str
    api: str

    def settings(self, *, key: str, webhook_secret: str, api: str) -> dict[str, Any]:
        """For ANYMAIL; `api` is empty for the provider's usual address."""
        named = {self.key: key, self.webhook: webhook_secret, self.api: api}
        return {name: value for name, value in named.items() if value} | {"REQUESTS_TIMEOUT": TIMEOUT}


MAIL_PROVIDERS: Final = {
    "mailgun": MailProvider(
        "anymail.backends.mailgun.EmailBackend",
        "MAILGUN_API_KEY",
        "MAILGUN_WEBHOOK_SIGNING_KEY",
        "MAILGUN_API_URL",
    ),
    "postmark": MailProvider(
        "anymail.backends.postmark.EmailBackend", "POSTMARK_SERVER_TOKEN", "WEBHOOK_SECRET", "POSTMARK_API_URL"
    ),
    "resend": MailProvider(
        "booking.reminders.channels.keyed_mail.EmailBackend", "RESEND_API_KEY", "WEBHOOK_SECRET", "RESEND_API_URL"
    ),
}

"""Mail through Resend, which takes a mail with the same idempotency key once (for a day)."""

from typing import Any

from anymail.backends import resend


class EmailBackend(resend.EmailBackend):
    """anymail's, with the Message-ID, which is the row's and never changes, as the key."""

    keyed = True

    def build_message_payload(self, message: Any, defaults: Any) -> Any:
        payload = super().build_message_payload(message, defaults)
        payload.headers["Idempotency-Key"] = message.extra_headers["Message-ID"]
        return payload

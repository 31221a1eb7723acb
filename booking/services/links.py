"""The tokens of a hold and of a booking. They are derived, so the same request made twice is answered with the same
token; stored is only their hash.
"""

from base64 import urlsafe_b64encode

from django.utils.crypto import salted_hmac

from booking.models import Appointment


def hold_token(appointment: Appointment) -> str:
    """256 bits that prove who holds this time."""
    return _derived("booking.hold", appointment)


def manage_token(appointment: Appointment) -> str:
    """256 bits that open this booking's page."""
    return _derived("booking.manage", appointment)


def _derived(purpose: str, appointment: Appointment) -> str:
    secret = salted_hmac(purpose, f"{appointment.pk}:{appointment.request_key}", algorithm="sha256").digest()
    return urlsafe_b64encode(secret).decode().rstrip("=")

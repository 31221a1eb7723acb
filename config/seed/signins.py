"""The sign-ins of the demonstration clinic, as `make run` prints them."""

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator

from config.seed.clinic import DEMONSTRATION_PASSWORD, SignIn
from intake.models import STAFF_ROLES, User


def demonstration_signins() -> list[SignIn]:
    """Everybody of the demonstration who still has the demonstration's password."""
    staff = User.objects.filter(role__in=STAFF_ROLES, email__endswith="@needle-and-motion.example").order_by(
        "role", "email"
    )
    secrets = {
        row.user_id: get_adapter().decrypt(row.data["secret"])
        for row in Authenticator.objects.filter(user__in=staff, type=Authenticator.Type.TOTP)
    }
    return [
        SignIn(user.name, user.role, user.email, DEMONSTRATION_PASSWORD, secrets.get(user.pk, ""))
        for user in staff
        if user.check_password(DEMONSTRATION_PASSWORD)
    ]

from typing import Any

from allauth.mfa.totp.internal.auth import hotp_value, yield_hotp_counters_from_time
from django.core.management.base import BaseCommand

from config.seed.signins import demonstration_signins


class Command(BaseCommand):
    help = "Print how to sign in to the demonstration clinic, with the authenticator's code of this moment."

    def handle(self, *args: Any, **options: Any) -> None:
        signins = demonstration_signins()
        if not signins:
            self.stdout.write("There are no demonstration sign-ins here.")
            return
        counters = list(yield_hotp_counters_from_time())
        counter = counters[len(counters) // 2]
        self.stdout.write(f"Password for each of them: {signins[0].password}")
        for person in signins:
            code = f"{hotp_value(person.totp_secret, counter):06d}" if person.totp_secret else "set up at sign-in"
            self.stdout.write(f"  {person.role:<10} {person.email:<40} authenticator {person.totp_secret}  now {code}")

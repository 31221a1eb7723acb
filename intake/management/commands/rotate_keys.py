"""`manage.py rotate_keys`: after a new key was put in front of FIELD_KEYS, seal everything with it."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from intake.errors import WrongKey
from intake.services.keys import reseal_everything


class Command(BaseCommand):
    help = (
        "Seal every encrypted value with the first key of FIELD_KEYS. May be stopped and started again; afterwards the "
        "old keys are needed for older backups only."
    )

    def handle(self, **_: Any) -> None:
        try:
            total = reseal_everything(progress=lambda label, count: self.stdout.write(f"{label}: {count}"))
        except WrongKey as error:
            raise CommandError(f"A value can't be opened: key {error.details.get('key_id')!r} is not right.") from error
        self.stdout.write(f"Sealed again: {total}")

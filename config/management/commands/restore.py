from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.backups import BackupFailed, restore_backup
from intake.clock import now


class Command(BaseCommand):
    help = "Put a backup in place. Messages and money stay held until `manage.py release_senders`."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--replace", action="store_true", help="empty the database first")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            restore_backup(file=options["file"], replace=options["replace"], now=now())
        except BackupFailed as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            "Restored. Nothing is sent and no money moves until `manage.py release_senders`; look at the day first."
        )

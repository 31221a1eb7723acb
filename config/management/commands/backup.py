from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.backups import BackupFailed, write_backup
from intake.clock import now


class Command(BaseCommand):
    help = "Write the whole database into one file. Keep it, and FIELD_KEYS apart from it, in a safe place."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, help="default: var/backups/<time>.dump")

    def handle(self, *args: Any, **options: Any) -> None:
        file: Path = options["file"] or Path("var", "backups", f"{now():%Y%m%dT%H%M%SZ}.dump")
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            size = write_backup(file=file)
        except (BackupFailed, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{file}: {size:,} bytes. Answers in it can only be read with FIELD_KEYS.")

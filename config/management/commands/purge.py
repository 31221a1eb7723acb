from datetime import timedelta
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from booking.selectors.locations import the_clinic
from booking.services.errands import forget_contacts
from booking.services.resume_links import forget_resume_mails
from booking.services.retention import erase_record, patients_past_retention
from booking.services.subscriptions import forget_readers
from booking.services.text_replies import forget_strangers
from intake.clock import now
from intake.services.limits import forget_attempts
from intake.services.retention import delete_abandoned_forms, forget_stored_answers

_ATTEMPTS_KEPT = timedelta(days=2)


class Command(BaseCommand):
    help = (
        "Delete forms that nobody booked with, and say which records the clinic's rule no longer keeps; "
        "with --erase, erase those."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--erase", action="store_true", help="erase the records that are due; this can't be undone")

    def handle(self, *args: Any, **options: Any) -> None:
        at = now()
        clinic = the_clinic()
        if clinic is None:
            raise CommandError("There is no clinic yet.")
        forms = delete_abandoned_forms(now=at)
        answers = forget_stored_answers(now=at)
        forget_attempts(older_than=_ATTEMPTS_KEPT, now=at)
        forget_contacts(now=at)
        forget_resume_mails(now=at)
        forget_strangers(now=at)
        forget_readers(now=at)
        call_command("clearsessions")
        self.stdout.write(f"Deleted {forms} forms without a visit and {answers} kept answers to programs.")
        due = list(patients_past_retention(location=clinic, now=at))
        for patient in due if options["erase"] else ():
            erase_record(patient=patient, by=None, now=at)
        done = "erased" if options["erase"] else "due; --erase erases them"
        self.stdout.write(f"Records past {clinic.retention_years} years (minors: past majority): {len(due)} {done}.")

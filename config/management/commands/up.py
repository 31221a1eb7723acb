"""`manage.py up`: the whole of Drypoint on this machine, until Ctrl-C."""

import os
import signal
import time
from types import FrameType
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import Error, connection

from booking.models import Location
from config.local import ports, programs, static_files
from config.local.environment import VAR, given
from config.local.errors import LocalError
from config.local.stack import Ports, Stack, only_one

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Command(BaseCommand):
    help = "Runs web, worker, beat and whatever is not configured elsewhere, until Ctrl-C."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        outlives_terminal = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN  # nohup
        self._has_terminal = os.isatty(0) and not outlives_terminal
        for ending in _ENDING:
            if ending is not signal.SIGHUP or not outlives_terminal:
                signal.signal(ending, _end)
        try:
            with only_one(VAR):
                self._run()
        except OSError as error:
            raise LocalError(f"{error.filename or VAR}: {error.strerror}") from None
        except Error as error:
            raise LocalError(f"The database refused: {str(error).strip().splitlines()[0]}") from None

    def _run(self) -> None:
        stack = Stack(var=VAR, given=given(os.environ), say=self._say)
        stack.processes.end_leftovers()
        places = Ports.beside(ports.read(os.environ.get("PORT") or "8000"))
        try:
            self._say("Starting Drypoint ...")
            stack.start_services()
            self._prepare()
            stack.start_programs(places)
            stack.processes.start(programs.watch(stack.environment))
            self._say_where(stack, places)
            while os.isatty(0) or not self._has_terminal:  # make waits for us, but does not pass SIGHUP on
                stack.processes.watch()
                time.sleep(0.5)
        except KeyboardInterrupt:
            self._say("\nStopping ...")
        finally:
            _hear_no_more()
            stack.stop()

    def _prepare(self) -> None:
        """Bring database and static files up to date, and make the demonstration clinic where there is none."""
        call_command("migrate", interactive=False, verbosity=0)
        call_command("createcachetable", verbosity=0)
        static_files.collect(stamp=VAR / "run" / "static")
        if not Location.objects.exists():
            self._say("Making the demonstration clinic ...")
            call_command("seed_clinic", verbosity=0)
        connection.close()

    def _say_where(self, stack: Stack, places: Ports) -> None:
        site = stack.environment["SITE_URL"]
        lines = [("Clinic", f"{site}/"), ("Staff", f"{site}/desk/"), ("API", f"{site}/api/v1/schema/")]
        if stack.has_inbox:
            lines.append(("Inbox", f"http://127.0.0.1:{places.inbox}/   (every mail that Drypoint sends)"))
        if stack.has_simulator:
            lines.append(("Stripe", f"http://127.0.0.1:{places.stripe}/   (a simulator: no money moves)"))
        if stack.has_phones:
            lines.append(("Texts", f"http://127.0.0.1:{places.sms}/   (every text message, and the phones' answers)"))
        lines.append(("Logs", f"{VAR / 'log'}/"))
        self._say("\nDrypoint is running.\n\n" + "\n".join(f"  {name:<8}{where}" for name, where in lines))
        self._say("\nDemonstration sign-ins (manage.py demo_signins shows the codes of the moment):\n")
        call_command("demo_signins", stdout=self.stdout)
        connection.close()
        self._say("\nCtrl-C stops everything; the data stays in var/.")

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def _hear_no_more() -> None:
    """A second Ctrl-C, or the terminal's signal beside that of make, must not break off the stopping."""
    for ending in _ENDING:
        signal.signal(ending, signal.SIG_IGN)


def _end(number: int, frame: FrameType | None) -> None:
    _hear_no_more()
    raise KeyboardInterrupt

"""`python -m tests.simulators.mail --smtp-port N --http-port M --store DIR`."""

import argparse
import signal
import sys
from pathlib import Path

from tests.simulators.mail import smtp, web
from tests.simulators.mail.store import Store


def main() -> None:
    parser = argparse.ArgumentParser(description="Catches mail and shows it on a page.")
    parser.add_argument("--smtp-port", type=int, required=True)
    parser.add_argument("--http-port", type=int, required=True)
    parser.add_argument("--store", type=Path, required=True)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    mailbox = smtp.Mailbox(Store(options.store))
    run = web.serve(mailbox, port=options.http_port)
    controller = smtp.serve(mailbox, port=options.smtp_port)
    try:
        run()
    finally:
        controller.stop()


if __name__ == "__main__":
    main()

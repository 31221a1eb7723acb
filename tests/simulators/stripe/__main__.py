"""`python -m tests.simulators.stripe --port 18100 --state var/stripe.sqlite --webhook-url URL --webhook-secret S`."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sqlite3
import sys
import threading
from pathlib import Path

from tests.simulators.stripe.server import StripeSimulator


def main() -> int:
    parser = argparse.ArgumentParser(prog="stripe-simulator", description="A simulated Stripe for this machine.")
    parser.add_argument("--port", type=int, default=18100)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--state", type=Path, help="SQLite file that keeps everything (default: nothing is kept)")
    parser.add_argument("--store", type=Path, help="folder to keep that file in, instead of naming the file")
    parser.add_argument("--webhook-url")
    parser.add_argument("--webhook-secret", default="whsec_simulator")
    parser.add_argument("--public-url", help="the address browsers use, if it isn't the one listened on")
    parser.add_argument("--clock-offset-file", type=Path, default=os.environ.get("DRYPOINT_CLOCK_FILE") or None)
    parser.add_argument("--verbose", action="store_true", help="one line for each request")
    options = parser.parse_args()
    level = logging.INFO if options.verbose else logging.WARNING
    logging.basicConfig(level=level, format="stripe-simulator: %(message)s")
    state = options.store / "stripe.sqlite" if options.store else options.state
    try:
        if state:
            state.parent.mkdir(parents=True, exist_ok=True)
        simulator = StripeSimulator(
            port=options.port,
            host=options.host,
            state=state,
            webhook_url=options.webhook_url,
            webhook_secret=options.webhook_secret,
            public_url=options.public_url,
            clock_file=options.clock_offset_file,
        ).start()
    except (OSError, sqlite3.Error) as error:
        print(f"stripe-simulator: cannot start on port {options.port} with {state}: {error}", file=sys.stderr)
        return 1
    print(f"stripe-simulator: listening on {simulator.base_url}", flush=True)
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    stopped.wait()
    simulator.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())

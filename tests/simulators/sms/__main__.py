"""`python -m tests.simulators.sms --port N --state FILE --account SID --token PASSWORD --webhook-url URL`."""

import argparse
import os
import signal
import sys
from pathlib import Path

from tests.simulators.sms.server import Account, serve
from tests.simulators.sms.store import Store
from tests.simulators.sms.webhooks import Webhooks


def main() -> None:
    parser = argparse.ArgumentParser(description="Takes text messages, shows them on a page, and sends none on.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--account", required=True)
    parser.add_argument("--token", required=True)
    parser.add_argument("--webhook-url", required=True)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    clock = os.environ.get("DRYPOINT_CLOCK_FILE")
    store = Store(options.state, Path(clock) if clock else None)
    webhooks = Webhooks(store, url=options.webhook_url, token=options.token, account=options.account)
    serve(Account(options.account, options.token, store, webhooks), port=options.port).serve_forever()


if __name__ == "__main__":
    main()

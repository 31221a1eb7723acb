"""The selector without a web server, and how many queries the whole request makes.

python -m tests.benchmarks.selector CALLS PATH    (prints JSON)
"""

import json
import sys
from datetime import timedelta

import django
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

django.setup()

from booking.models import HealthcareService  # noqa: E402
from booking.selectors.slots import free_times  # noqa: E402
from intake.clock import clinic_date, now  # noqa: E402
from tests.benchmarks.figures import times_of  # noqa: E402


def main() -> None:
    service, today = HealthcareService.objects.get(slug="first-visit"), clinic_date(now())
    asked = {"service": service, "from_date": today, "to_date": today + timedelta(days=27)}
    times = times_of(lambda: free_times(**asked, now=now()), number=int(sys.argv[1]))
    with CaptureQueriesContext(connection) as queries:
        assert Client().get(sys.argv[2]).status_code == 200
    print(json.dumps({"times": times, "queries": len(queries)}))


if __name__ == "__main__":
    main()

"""The floor beside Drypoint: the SQL of `bare` from a Django view, behind the middleware that every request passes.

Bench only: the addresses of the web application under `tests.benchmarks.settings`.
"""

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from tests.benchmarks.bare import FREE, asked_for


def floor(request: HttpRequest) -> HttpResponse:
    """The ranges, in as little as Django can do."""
    with connection.cursor() as cursor:
        cursor.execute(FREE, asked_for(request.META["QUERY_STRING"]))
        return HttpResponse(cursor.fetchone()[0], content_type="application/json")


urlpatterns = [path("floor/", floor), path("", include("config.urls"))]
